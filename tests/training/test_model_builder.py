"""Every configuration builds, on every size of image, and what is switched off is not there."""

from __future__ import annotations

import itertools
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.model_config import CnnConfig, LstmConfig, ModelConfig
from core.search_space import extreme_configs, model_config, search_space
from core.training.model_builder import build_model, count_parameters
from core.training.optimizers import make_optimizer, make_schedule
from core.training.probe import measure_activity
from tests.test_search_space import sample

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3)])
def test_random_cnns_predict_probabilities(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    for params in sample(search_space("image", shape), 6):
        model = build_model(model_config("image", params), shape, 10, scale=255)
        probabilities = model.predict_on_batch(images)
        assert probabilities.shape == (2, 10) and np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_random_lstms_predict_probabilities() -> None:
    space = search_space("text", (), 5000, {"sequence_length": 20})
    for params in sample(space, 4):
        config = model_config("text", params)
        model = build_model(config, (), 3)
        tokens = np.random.default_rng(0).integers(0, 1000, (2, 20), dtype=np.int32)
        assert np.allclose(model.predict_on_batch(tokens).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_small_images_never_shrink_to_nothing(depth: int) -> None:
    model = build_model(CnnConfig(filters=(4,) * depth, kernel_size=5), (8, 8, 1), 10)
    sides = [layer.output.shape[1] for layer in model.layers if layer.name.startswith("conv")]
    assert min(sides) >= 2


def test_switches() -> None:
    config = CnnConfig(batch_normalization=False, dropout=0.0, global_pooling="average", dense_units=())
    names = [layer.name for layer in build_model(config, (8, 8, 1), 10).layers]
    assert not any("normalization" in name or "dropout" in name or "dense" in name for name in names)
    assert "global_pooling" in names and "flatten" not in names
    names = [layer.name for layer in build_model(LstmConfig(bidirectional=True, lstm_units=(4, 4)), (), 2).layers]
    assert [n for n in names if n.startswith("lstm")] == ["lstm_1_units", "lstm_2_units"]


def test_parameter_counts_by_hand() -> None:
    counts = count_parameters(build_model(LstmConfig(vocabulary=100, embedding_size=8, lstm_units=(4,)), (), 2))
    lstm, dense, output = 4 * (4 * (8 + 4) + 4), 4 * 64 + 64, 64 * 2 + 2
    assert (counts.total, counts.embedding) == (800 + lstm + dense + output, 800)
    normalized = count_parameters(build_model(CnnConfig(filters=(8,)), (8, 8, 1), 10))
    assert normalized.total - normalized.trainable == 2 * 8  # moving mean and variance


def test_the_candidates_hold_the_extremes_of_a_small_space() -> None:
    """Against building every combination of a space small enough for that."""
    overrides = {
        "filters_1": [4, 8], "filters_2": [4, 8], "filters_3": [4, 8], "dense_units_1": [4, 32], "kernel_size": [3],
        "dense_layers": [1, 2], "dense_units_2": [4, 32], "conv_layers": [1, 2, 3],
    }  # fmt: skip
    space = search_space("image", (8, 8, 1), overrides=overrides)
    size = lambda c: build_model(c, (8, 8, 1), 10).count_params()  # noqa: E731
    smallest, largest = (list(map(size, configs)) for configs in extreme_configs("image", space))
    every: set[int] = set()
    for conv, pool, dense, width, unit, norm in itertools.product(
        (1, 2, 3), ("none", "average"), (1, 2), (4, 8), (4, 32), (True, False)
    ):
        config: ModelConfig = CnnConfig(
            filters=(width,) * conv, global_pooling=pool, dense_units=(unit,) * dense, batch_normalization=norm
        )
        every.add(size(config))
    assert min(smallest) == min(every) and max(largest) == max(every)


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
def test_optimizers_lower_a_loss(name: str) -> None:
    config = CnnConfig(filters=(4,), dense_units=(8,), optimizer=name, learning_rate=1e-2, dropout=0.0)  # type: ignore[arg-type]
    keras.utils.set_random_seed(0)
    model = build_model(config, (4, 4, 1), 2)
    x = np.repeat(np.array([0.0, 1.0], np.float32), 8).reshape(16, 1, 1, 1) * np.ones((1, 4, 4, 1), np.float32)
    y = np.repeat([0, 1], 8)
    model.compile(make_optimizer(config, 40), "sparse_categorical_crossentropy")
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]


def test_schedules_start_at_the_rate_and_end_low() -> None:
    config = CnnConfig(learning_rate=0.1)
    assert make_schedule(config, 100) == 0.1
    for name in ("cosine", "exponential"):
        schedule = make_schedule(replace(config, schedule=name), 100)  # type: ignore[arg-type]
        assert float(schedule(0)) == pytest.approx(0.1) and float(schedule(100)) <= 0.00101  # type: ignore[operator]


def test_activity_names_every_hidden_layer() -> None:
    model = build_model(CnnConfig(filters=(4, 6), dense_units=(5,), activation="swish"), (8, 8, 1), 10, 16)
    x = np.random.default_rng(0).integers(0, 17, (300, 8, 8, 1), dtype=np.uint8)
    layers = measure_activity(model, x)
    assert [(layer.name, layer.kind, len(layer.deviations), layer.activation) for layer in layers] == [
        ("conv_1", "conv", 4, "swish"), ("conv_2", "conv", 6, "swish"), ("dense_1", "dense", 5, "swish"),
    ]  # fmt: skip
