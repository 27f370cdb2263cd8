"""What is measured on a trained network: against nets whose answer is known, and on real trainings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.parts import TrialData, open_parts
from core.datasets.split import SplitParts, prepare_split
from core.datasets.text import WordIndex
from core.diagnostics import Diagnostics, load_diagnostics
from core.model_config import CnnConfig, LstmConfig, ModelConfig
from core.training.diagnostics.collect import diagnose
from core.training.diagnostics.histograms import histogram, named_variables
from core.training.diagnostics.occlusion import mean_colour, occlusion_maps
from core.training.model_builder import build_model
from core.training.predictor import load_model, predict
from core.training.probe import probe_rows
from core.training.trainer import train_trial
from core.trial import TrialSpec

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]


def make_spec(data: TrialData, model: ModelConfig, epochs: int) -> TrialSpec:
    return TrialSpec(
        run="test", number=4, dataset=data.entry.name, split_hash="-", seed=5, model=model, epochs=epochs, patience=5,
        store_plots=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(digits: SplitParts) -> TrialData:
    return open_parts(digits.folder)


@pytest.fixture(scope="module")
def trained(data: TrialData, tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, TrialSpec]:
    spec = make_spec(data, CnnConfig(filters=(8, 40), dense_units=(16,), batch_size=64), 3)
    folder = tmp_path_factory.mktemp("trial")
    train_trial(spec, data, folder, lambda _: None)
    return load_model(folder / "model.keras"), spec


@pytest.fixture(scope="module")
def measured(
    data: TrialData, trained: tuple[keras.Model, TrialSpec], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Diagnostics, Path]:
    model, spec = trained
    folder = tmp_path_factory.mktemp("plots")
    return diagnose(spec, data, model, folder), folder


def test_everything_survives_the_disk(measured: tuple[Diagnostics, Path]) -> None:
    diagnostics, folder = measured
    stored = load_diagnostics(folder)
    assert stored is not None
    assert replace(stored, arrays={}) == replace(diagnostics, arrays={})
    assert stored.arrays.keys() == diagnostics.arrays.keys()
    assert all(np.array_equal(stored.arrays[name], array) for name, array in diagnostics.arrays.items())
    assert diagnostics.notes.keys() == {"influences", "word_effects"}


def test_mistakes_are_the_wrong_rows_most_confident_first(measured: tuple[Diagnostics, Path], data: TrialData) -> None:
    diagnostics, _ = measured
    mistakes, images = diagnostics.mistakes, diagnostics.arrays["mistake_images"]
    wrong = np.flatnonzero(diagnostics.probabilities.argmax(axis=1) != data.validation.y)
    assert mistakes and {m.row for m in mistakes} <= set(wrong.tolist()) and len(mistakes) == min(36, len(wrong))
    assert [m.confidence for m in mistakes] == sorted((m.confidence for m in mistakes), reverse=True)
    for mistake in mistakes:
        assert mistake.picture is not None and mistake.truth == data.validation.y[mistake.row]
        assert np.array_equal(images[mistake.picture], data.validation.images()[mistake.row])
        assert mistake.confidence > mistake.truth_probability


def test_samples_are_right_and_wrong_ones(measured: tuple[Diagnostics, Path]) -> None:
    arrays = measured[0].arrays
    right = arrays["sample_probabilities"].argmax(axis=1) == arrays["sample_labels"]
    assert len(right) == 8 and 4 <= right.sum() < 8
    assert len(set(arrays["sample_labels"][right].tolist())) == right.sum()  # in turns over the classes
    assert arrays["saliency"].shape == (8, 8, 8) and np.abs(arrays["saliency"]).max() > 0.01
    assert arrays["activation_conv_1"].shape == (8, 8, 8, 8)
    assert arrays["activation_conv_2"].shape == (8, 4, 4, 16)  # 16 of 40 channels
    assert arrays["activation_conv_1"].min() >= 0  # after the ReLU


def test_the_forward_pass_ends_in_the_networks_own_answer(
    measured: tuple[Diagnostics, Path], data: TrialData, trained: tuple[keras.Model, TrialSpec]
) -> None:
    diagnostics, model = measured[0], trained[0]
    forward = diagnostics.forward
    assert forward is not None and forward.names == tuple(layer.name for layer in model.layers)
    images = data.test.images()
    answers = predict(model, images[: forward.row + 1])
    assert answers[-1].argmax() == forward.truth == data.test.y[forward.row]
    assert (answers[:-1].argmax(axis=1) != data.test.y[: forward.row]).all()  # the first that it gets right
    assert np.allclose(diagnostics.arrays["forward_output"], answers[-1], atol=1e-3)
    assert np.array_equal(diagnostics.arrays["forward_image"], images[forward.row])
    assert forward.channels["conv_2"] == 40 and diagnostics.arrays["forward_conv_2"].shape == (4, 4, 32)
    assert "conv_1" not in forward.channels


def test_histograms_cover_every_variable(
    measured: tuple[Diagnostics, Path], data: TrialData, trained: tuple[keras.Model, TrialSpec]
) -> None:
    diagnostics, model = measured[0], trained[0]
    variables = named_variables(model)
    assert {"conv_1/kernel", "conv_1_normalization/moving_mean", "output/bias"} <= set(variables)
    assert len(variables) == len(model.weights)
    for name, variable in variables.items():
        found, values = diagnostics.weights[name], variable.numpy()
        assert sum(found.counts) == values.size and len(found.edges) == 41
        assert (found.edges[0], found.edges[-1]) == (values.min(), values.max())
    assert set(diagnostics.gradients) == {name for name, v in variables.items() if v.trainable}
    rows = probe_rows(len(data.train))
    probabilities = predict(model, data.train.images()[rows])
    expected = (probabilities - np.eye(10)[data.train.y[rows]]).mean(axis=0)  # of softmax with cross-entropy
    bias = diagnostics.gradients["output/bias"]
    assert len(rows) == 256 and bias.mean == pytest.approx(expected.mean(), abs=1e-6)
    assert bias.deviation == pytest.approx(expected.std(), rel=1e-3)


def test_a_histogram_tells_what_it_leaves_out() -> None:
    found = histogram(np.array([0.0, 0.0, 1.0, np.nan, np.inf, -1.0], np.float32))
    assert found is not None and (found.zeros, found.not_finite, sum(found.counts)) == (2, 2, 4)
    assert histogram(np.array([np.nan])) is None
    constant = histogram(np.ones(5))
    assert constant is not None and sum(constant.counts) == 5 and constant.deviation == 0


def test_occlusion_finds_the_only_corner_that_counts() -> None:
    """A net that looks at the first pixel alone, whose answer is known by hand."""
    inputs = keras.Input((8, 8, 1))
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, outputs)
    kernel = np.zeros((64, 2), np.float32)
    kernel[0, 1] = 1.0
    model.layers[-1].set_weights([kernel, np.array([0.0, -2.0], np.float32)])
    images = np.zeros((2, 8, 8, 1), np.uint8)
    images[:, 0, 0] = 4
    drops = occlusion_maps(model, images, predict(model, images), mean_colour(images[:, 4:]))
    lit, dark = 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(2.0))
    assert drops[0, 0, 0] == pytest.approx(lit - dark, abs=1e-5)
    assert np.all(drops[:, 2:, :] == 0) and np.all(drops[:, :, 2:] == 0)


@pytest.mark.parametrize("where", ["output", "conv_1"])
def test_a_broken_network_gives_notes_and_no_error(
    data: TrialData, trained: tuple[keras.Model, TrialSpec], where: str, tmp_path: Path
) -> None:
    spec = trained[1]
    model = build_model(spec.model, data.entry.shape, 10, data.entry.scale)
    layer = model.get_layer(where)
    layer.set_weights([np.full_like(weight, np.nan) for weight in layer.get_weights()])
    diagnose(spec, data, model, tmp_path)
    stored = load_diagnostics(tmp_path)
    assert stored is not None and f"{where}/kernel" in stored.notes["weights"]
    assert f"{where}/kernel" not in stored.weights and "conv_2/kernel" in stored.weights
    assert "no finite numbers" in stored.notes["gradients"]
    if where == "output":  # ReLU and pooling may swallow a NaN before it comes that far
        assert stored.forward is None and stored.mistakes == () and "saliency" not in stored.arrays
        assert {"probabilities", "mistakes", "samples", "forward"} <= set(stored.notes)


@pytest.fixture(scope="module")
def reviews(lab: Settings, mirror: Path) -> SplitParts:
    return prepare_split(prepare("imdb", lab), 42, lab)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_words_of_texts(reviews: SplitParts, bidirectional: bool, tmp_path: Path) -> None:
    """A net made by hand: only the word `great` speaks for a positive review."""
    data, words = open_parts(reviews.folder), WordIndex.load(reviews.folder)
    config = LstmConfig(
        vocabulary=1000, sequence_length=40, embedding_size=2, lstm_units=(2,), dense_units=(), spatial_dropout=0.0,
        dropout=0.0, bidirectional=bidirectional,
    )  # fmt: skip
    keras.utils.set_random_seed(1)
    model = build_model(config, (), 2)
    _listen_to(model, words.ids["great"])
    probabilities = np.concatenate([predict(model, data.validation.sequences(1000, 40, slice(0, 2000)))])
    few = replace(data, validation=_first(data, 2000))
    found = diagnose(make_spec(data, config, 1), few, model, tmp_path, words=words, probabilities=probabilities)
    assert found.notes.keys() == {"samples", "activations", "saliency"}
    assert len(found.influences) == 6
    heard = [(w, d) for i in found.influences for w, d in zip(i.words, i.drops, strict=True) if abs(d) > 1e-4]
    assert all(word == "great" for word, _ in heard)
    effects = {(e.word, e.predicted): e.drop for e in found.word_effects}
    assert effects.pop(("great", 1)) > 0.05
    assert all(abs(drop) < 1e-4 for drop in effects.values())
    forward = found.forward
    assert forward is not None and "tokens" not in forward.names and 0 < len(forward.words) <= 40
    assert found.arrays["forward_embedding"].shape == (40, 2)
    assert found.mistakes[0].text and len(found.mistakes) == 36
    assert set(found.gradients) == set(found.weights) and "lstm_1" in {name.split("/")[0] for name in found.weights}


def _first(data: TrialData, count: int) -> Any:
    part = data.validation
    assert part.offsets is not None
    return replace(part, y=part.y[:count], offsets=part.offsets[: count + 1])


def _listen_to(model: keras.Model, token: int) -> None:
    """Words other than `token` have the embedding 0 and leave the state of a net without biases as it is."""
    table = np.zeros((1000, 2), np.float32)
    table[token] = 3.0
    model.get_layer("embedding").set_weights([table])
    for name, weight in named_variables(model).items():
        if name.startswith("lstm"):
            value = np.zeros(weight.shape, np.float32)
            if name.endswith("/kernel"):
                value += 1.0
            elif name.endswith("bias"):
                value[2:4] = 10.0  # the forget gate keeps what was heard
            weight.assign(value)
    kernel = np.zeros(model.get_layer("output").kernel.shape, np.float32)
    kernel[:, 1] = 2.0
    model.get_layer("output").set_weights([kernel, np.array([0.0, -1.0], np.float32)])
