"""All measurements of one trained network, put together and stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.datasets.parts import TrialData
from core.datasets.text import WordIndex
from core.diagnostics import (
    Diagnostics,
    ForwardPass,
    Histogram,
    Influence,
    Mistake,
    WordEffect,
    save_diagnostics,
)
from core.training.diagnostics.activation_maps import activation_maps
from core.training.diagnostics.forward_pass import forward_pass
from core.training.diagnostics.histograms import gradient_histograms, weight_histograms
from core.training.diagnostics.mistakes import worst_mistakes
from core.training.diagnostics.occlusion import mean_colour, occlusion_maps
from core.training.diagnostics.subject import Subject, sample_rows
from core.training.diagnostics.words import word_effects, word_influences
from core.training.inputs import model_inputs
from core.training.predictor import predict
from core.training.probe import probe_rows
from core.trial import TrialSpec

SAMPLES = 8
_COLOUR_ROWS = 1024
_NOT_FINITE = "the network's outputs are not finite numbers: its training diverged"


@dataclass
class _Findings:
    """What has been measured so far."""

    weights: dict[str, Histogram] = field(default_factory=dict)
    gradients: dict[str, Histogram] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    influences: tuple[Influence, ...] = ()
    word_effects: tuple[WordEffect, ...] = ()
    forward: ForwardPass | None = None
    notes: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def diagnose(
    spec: TrialSpec,
    data: TrialData,
    model: keras.Model,
    out_dir: Path,
    *,
    words: WordIndex | None = None,
    probabilities: NDArray[np.float32] | None = None,
) -> Diagnostics:
    """Measure `model` and store the diagnostics in `out_dir`.

    `words` is the word index of texts; `probabilities` are those of the validation rows if they are known already.
    """
    x = model_inputs(data.validation, spec.model)
    subject = Subject(
        model=model,
        config=spec.model,
        data=data,
        x=x,
        labels=np.asarray(data.validation.y),
        probabilities=predict(model, x) if probabilities is None else probabilities,
        words=words,
    )
    found = _Findings(arrays={"labels": subject.labels, "probabilities": subject.probabilities})
    _measure_variables(subject, found)
    if np.isfinite(subject.probabilities).all():
        _measure_rows(subject, found)
    else:
        parts = ("probabilities", "mistakes", "samples", "influences", "word_effects", "forward")
        found.notes |= dict.fromkeys(parts, _NOT_FINITE)
    diagnostics = Diagnostics(
        trial=spec.number,
        kind=data.entry.kind,
        class_names=data.entry.class_names,
        weights=found.weights,
        gradients=found.gradients,
        mistakes=found.mistakes,
        influences=found.influences,
        word_effects=found.word_effects,
        forward=found.forward,
        scale=data.entry.scale,
        notes=found.notes,
        arrays=found.arrays,
    )
    save_diagnostics(out_dir, diagnostics)
    return diagnostics


def _measure_variables(subject: Subject, found: _Findings) -> None:
    rows = probe_rows(len(subject.data.train))
    x, y = model_inputs(subject.data.train, subject.config), np.asarray(subject.data.train.y)
    found.weights = _present(weight_histograms(subject.model), "weights", found.notes)
    found.gradients = _present(gradient_histograms(subject.model, x[rows], y[rows]), "gradients", found.notes)


def _present(histograms: dict[str, Histogram | None], part: str, notes: dict[str, str]) -> dict[str, Histogram]:
    empty = [name for name, histogram in histograms.items() if histogram is None]
    if empty:
        notes[part] = f"no finite numbers in {', '.join(empty)}: the training diverged"
    return {name: histogram for name, histogram in histograms.items() if histogram is not None}


def _measure_rows(subject: Subject, found: _Findings) -> None:
    found.mistakes, pictures = worst_mistakes(subject)
    found.arrays |= pictures
    if not found.mistakes:
        found.notes["mistakes"] = f"the network got all {len(subject.labels)} validation rows right"
    found.forward, outputs = forward_pass(subject)
    found.arrays |= outputs
    if subject.data.entry.kind == "image":
        _measure_samples(subject, found)
        found.notes |= dict.fromkeys(("influences", "word_effects"), "pictures have no words")
    else:
        _measure_words(subject, found)
        found.notes |= dict.fromkeys(("samples", "activations", "saliency"), "texts have no pictures")


def _measure_samples(subject: Subject, found: _Findings) -> None:
    rows = sample_rows(subject, SAMPLES)
    images, probabilities = np.asarray(subject.x[rows]), subject.probabilities[rows]
    found.arrays |= {
        "sample_images": images,
        "sample_labels": subject.labels[rows],
        "sample_probabilities": probabilities,
        "saliency": occlusion_maps(subject.model, images, probabilities, mean_colour(subject.x[:_COLOUR_ROWS])),
    }
    found.arrays |= activation_maps(subject.model, images)


def _measure_words(subject: Subject, found: _Findings) -> None:
    if subject.words is None:
        missing = "the word index is not beside the prepared rows; start or resume a run to prepare them again"
        found.notes |= dict.fromkeys(("influences", "word_effects"), missing)
        return
    found.influences = word_influences(subject)
    found.word_effects = word_effects(subject)
    if not found.word_effects:
        found.notes["word_effects"] = "no word occurs in three or more of the texts that were tried"
