"""Made-up studies whose truth is known: real rows of a real split, and networks that answer as they are told to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from core.analyses.context import AnalysisContext
from core.analyses.evaluation import Predictions
from core.config import Settings
from core.datasets.cache import CachedDataset
from core.datasets.split import prepare_split, read_indices
from core.diagnostics import Diagnostics, save_diagnostics
from core.study_config import STUDY_MODES, StudyConfig, StudyMode
from core.study_networks import Networks, StudyNetwork
from core.trial import PLOTS

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Answers = Callable[[Generator, Labels, StudyMode, int], Floats]  # -> probabilities (n, classes)


def network(mode: StudyMode, pair: int, folder: Path) -> StudyNetwork:
    """Pair 0 is the best of both modes, so its networks are model A and model B."""
    return StudyNetwork(
        mode=mode, pair=pair, run=f"r.{mode}.{pair}", trial=3, validation=0.9 - pair / 100, test=0.9, train=1.0,
        total=0.9 - pair / 100, health=0.5, parameters=100, params={"a": pair, "mode": mode}, folder=folder,
    )  # fmt: skip


def networks(folder: Path, pairs: int) -> Networks:
    return {mode: [network(mode, pair, folder / mode / str(pair)) for pair in range(pairs)] for mode in STUDY_MODES}


def plain_context(answers: Answers, labels: Labels, name: str = "digits", pairs: int = 6) -> AnalysisContext:
    """A study without rows: what the networks say about `labels` is all there is, validation included."""
    found = networks(Path("nowhere"), pairs)
    rng = np.random.default_rng(7)
    predictions = {
        one.name: Predictions(
            probabilities=answers(rng, labels, one.mode, one.pair).astype(np.float32),
            labels=labels,
            rows=np.arange(len(labels)),
        )
        for ones in found.values()
        for one in ones
    }

    class Context(AnalysisContext):
        def validation(self, network: StudyNetwork) -> tuple[NDArray[np.float32], Labels]:
            return answers(np.random.default_rng(8), labels, network.mode, network.pair).astype(np.float32), labels

    return Context(
        config=StudyConfig(dataset_name=name, study_name="made-up"),
        settings=Settings.from_environment({}),
        networks=found,
        predictions=predictions,
    )


def context_of(
    dataset: CachedDataset, settings: Settings, folder: Path, answers: Answers, pairs: int = 6
) -> AnalysisContext:
    """A study on a real data set, with a split and stored diagnostics for every network."""
    split = prepare_split(dataset, 42, settings)
    indices = read_indices(split.indices_path)[1]
    found = networks(folder, pairs)
    rows = np.sort(indices["holdout"])
    rng = np.random.default_rng(7)
    predictions = {}
    for one in [one for ones in found.values() for one in ones]:
        one.folder.mkdir(parents=True)
        shutil.copyfile(split.indices_path, one.folder / "split.npz")
        validation = dataset.labels()[indices["validation"]]
        stored = answers(rng, validation, one.mode, one.pair).astype(np.float32)
        save_diagnostics(one.folder / PLOTS, replace(EMPTY, arrays={"labels": validation, "probabilities": stored}))
        labels = np.asarray(dataset.labels()[rows])
        predictions[one.name] = Predictions(
            probabilities=answers(rng, labels, one.mode, one.pair).astype(np.float32), labels=labels, rows=rows
        )
    config = StudyConfig(dataset_name=dataset.entry.name, study_name="made-up")
    return AnalysisContext(config=config, settings=settings, networks=found, predictions=predictions)


EMPTY = Diagnostics(
    trial=0, kind="image", class_names=(), weights={}, gradients={}, mistakes=(), influences=(), word_effects=(),
    forward=None, scale=1.0, notes={}, arrays={},
)  # fmt: skip


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def calibrated(rng: Generator, rows: int, classes: int = 10, sharpness: float = 2.0) -> tuple[Floats, Labels]:
    """Probabilities, and classes drawn from them: what is said with 80 % is true in 80 %."""
    probabilities = softmax(sharpness * rng.standard_normal((rows, classes)))
    chosen = (probabilities.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1)
    return probabilities, np.minimum(chosen, classes - 1)


def at_temperature(probabilities: Floats, temperature: float) -> Floats:
    return softmax(np.log(probabilities) / temperature)


def mixed(rng: Generator, labels: Labels, mode: StudyMode, pair: int, classes: int = 10) -> Floats:
    """Networks that are right mostly and unsure sometimes; those of the health-aware mode a little better."""
    logits = 1.2 * rng.standard_normal((len(labels), classes))
    logits[np.arange(len(labels)), labels] += 2.4 + 0.4 * (mode == "health_aware") + 0.02 * pair
    return softmax(logits)


def oracle(rng: Generator, labels: Labels, mode: StudyMode, pair: int, classes: int = 10) -> Floats:
    return np.eye(classes)[labels]


def constant(rng: Generator, labels: Labels, mode: StudyMode, pair: int, classes: int = 10) -> Floats:
    return np.tile(np.eye(classes)[3] * 0.9 + 0.1 / classes, (len(labels), 1))


def blind(rng: Generator, labels: Labels, mode: StudyMode, pair: int, classes: int = 10) -> Floats:
    """Never names class 4: takes it for 9. The health-aware ones know all."""
    answers = np.where((labels == 4) & (mode == "accuracy_only"), 9, labels)
    return np.eye(classes)[answers] * 0.8 + 0.2 / classes
