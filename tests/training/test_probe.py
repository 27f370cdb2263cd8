"""The health metrics on real Keras networks with known defects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from core.health import METRICS
from core.model_config import CnnConfig, LstmConfig, ModelConfig
from core.training.model_builder import UNITS, build_model
from core.training.probe import GradientProbe, measure_activity
from tests.health.traces import make_epochs, make_trace

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]
SHAPE = (8, 8, 1)


def images(n: int = 256) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 17, (n, *SHAPE), dtype=np.uint8)


def labels(n: int = 256) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 10, n)


def net(**changes: Any) -> keras.Model:
    keras.utils.set_random_seed(3)
    values: dict[str, Any] = {"filters": (16,), "dense_units": (32,), "batch_normalization": False, "dropout": 0.0}
    return build_model(CnnConfig(**(values | changes)), SHAPE, 10, 16)


def utilization(model: keras.Model, x: np.ndarray) -> float:
    value = METRICS["neuron_utilization"].compute(make_trace(layers=measure_activity(model, x))).value
    assert value is not None
    return value


def gradient_health(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    relative = {name: norm.relative for name, norm in GradientProbe(model, x, y).measure().items()}
    value = METRICS["gradient_health"].compute(make_trace(epochs=make_epochs([1.0], gradients=[relative]))).value
    assert value is not None
    return value


def change(model: keras.Model, layer: str, edit: Callable[[list[np.ndarray]], list[np.ndarray]]) -> None:
    target = model.get_layer(layer)
    target.set_weights(edit([weight.copy() for weight in target.get_weights()]))


def zero_units(share: float) -> Callable[[list[np.ndarray]], list[np.ndarray]]:
    def edit(weights: list[np.ndarray]) -> list[np.ndarray]:
        dead = int(weights[0].shape[-1] * share)
        for weight in weights:
            weight[..., :dead] = 0.0
        return weights

    return edit


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "elu", "leaky_relu", "swish"])
def test_a_quarter_of_zeroed_units_is_found_exactly(activation: str) -> None:
    """Sigmoid's dead units output 0.5, not 0: only a centred score sees them."""
    model = net(activation=activation)
    # Positive weights keep every other ReLU unit alive, so that the expected share is exact.
    for layer in ("conv_1", "dense_1"):
        change(model, layer, lambda w: [np.abs(w[0]) / w[0][..., 0].size * 9, w[1]])
    assert utilization(model, images()) == 1.0
    for layer in ("conv_1", "dense_1"):
        change(model, layer, zero_units(0.25))
    assert utilization(model, images()) == 0.75


def test_a_fully_dead_net_scores_zero() -> None:
    model = net()
    change(model, "conv_1", lambda w: [np.zeros_like(w[0]), np.full_like(w[1], -1.0)])
    change(model, "dense_1", lambda w: [np.zeros_like(w[0]), np.full_like(w[1], -1.0)])
    assert utilization(model, images()) == 0.0
    assert gradient_health(model, images(), labels()) == 0.0


def test_a_deep_sigmoid_stack_has_vanishing_gradients() -> None:
    healthy = net(activation="relu", filters=(8,), dense_units=(64,) * 4)
    vanishing = net(activation="sigmoid", filters=(8,), dense_units=(64,) * 4, kernel_initializer="glorot_uniform")
    assert gradient_health(healthy, images(), labels()) > 0.8
    assert gradient_health(vanishing, images(), labels()) < 0.6


def test_exploding_weights_are_seen() -> None:
    model = net(activation="tanh")
    before = gradient_health(model, images(), labels())
    change(model, "dense_1", lambda w: [w[0] * 50, w[1]])
    change(model, "output", lambda w: [w[0] * 50, w[1]])
    assert gradient_health(model, images(), labels()) < before


def test_saturation_is_reported_for_bounded_activations_only() -> None:
    model = net(activation="tanh")
    change(model, "dense_1", lambda w: [w[0] * 100, w[1]])
    [_, dense] = measure_activity(model, images())
    assert dense.saturation is not None and dense.saturation > 0.9
    assert all(layer.saturation is None for layer in measure_activity(net(activation="relu"), images()))


def test_activity_agrees_with_a_direct_computation() -> None:
    """Chunked, two-pass statistics against numpy on all activations at once."""
    model, x = net(), images(256)
    activations = keras.Model(model.inputs, model.get_layer(f"conv_1{UNITS}").output).predict(x, verbose=0)
    flat = activations.reshape(-1, 16)
    expected = np.abs(flat - flat.mean(axis=0)).mean(axis=0)
    layer = measure_activity(model, x)[0]
    assert np.allclose(layer.deviations, expected, rtol=1e-3)
    assert layer.zero_fraction == pytest.approx((flat == 0).mean(), abs=1e-5)


def test_gradient_norms_agree_with_finite_differences() -> None:
    """The norm of the output kernel's gradient on one minibatch, by central differences along the gradient."""
    model, x, y = net(dense_units=(8,), activation="tanh"), images(64), labels(64)
    norm = GradientProbe(model, x[:1], y[:1]).measure()["output"]
    kernel = model.get_layer("output").kernel

    def loss(delta: np.ndarray) -> float:
        original = kernel.numpy()
        kernel.assign(original + delta)
        probabilities = model(x[:1], training=False).numpy()
        kernel.assign(original)
        return float(-np.log(probabilities[0, y[0]]))

    step = 1e-2
    gradient = np.zeros(kernel.shape)
    for index in np.ndindex(*kernel.shape):
        delta = np.zeros(kernel.shape, np.float32)
        delta[index] = step
        gradient[index] = (loss(delta) - loss(-delta)) / (2 * step)
    assert norm.gradient == pytest.approx(np.linalg.norm(gradient), rel=1e-2)
    assert norm.weight == pytest.approx(np.linalg.norm(kernel.numpy()), rel=1e-5)


def test_embeddings_count_touched_rows_only() -> None:
    keras.utils.set_random_seed(0)
    config: ModelConfig = LstmConfig(vocabulary=50, sequence_length=6, embedding_size=4, lstm_units=(4,), dropout=0.0)
    model = build_model(config, (), 2)
    tokens = np.tile(np.array([[3, 4, 5, 3, 4, 5]], np.int32), (64, 1))
    norm = GradientProbe(model, tokens, np.zeros(64, np.int64)).measure()["embedding/embeddings"]
    rows = model.get_layer("embedding").get_weights()[0][[3, 4, 5]]
    assert norm.weight == pytest.approx(np.linalg.norm(rows), rel=1e-5)


def test_the_loss_before_training_leaves_the_net_as_it_was() -> None:
    model = net(batch_normalization=True, dropout=0.5)
    before = [variable.numpy() for variable in model.variables]
    loss = GradientProbe(model, images(), labels()).training_loss()
    assert loss is not None and 1.5 < loss < 6
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, model.variables, strict=True))
