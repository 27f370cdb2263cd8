"""Features are the numbers that the last dense layer is given; a twin is the same network untrained."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from core.errors import InvalidInputError
from core.model_config import CnnConfig, LstmConfig
from core.training.features import features, random_twin
from core.training.model_builder import build_model
from core.training.predictor import load_model

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]
X = np.random.default_rng(0).integers(0, 17, (700, 8, 8, 1), dtype=np.uint8)  # more than one batch


def hand_set(*, softmax_layer: bool = False) -> keras.Model:
    """Scaled pixels -> 5 rectified units -> 3 classes."""
    layers = keras.layers
    rng = np.random.default_rng(1)
    model = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Flatten(),
            layers.Dense(5, activation="relu", name="hidden"),
            layers.Dropout(0.5),
            layers.Dense(3, activation=None if softmax_layer else "softmax", name="output"),
            *([layers.Softmax()] if softmax_layer else []),
        ]
    )
    model.get_layer("hidden").set_weights([rng.normal(size=(64, 5)), rng.normal(size=5)])
    return model


@pytest.mark.parametrize("softmax_layer", [False, True])
def test_features_are_numpys_own_arithmetic(softmax_layer: bool) -> None:
    model = hand_set(softmax_layer=softmax_layer)
    kernel, bias = model.get_layer("hidden").get_weights()
    expected = np.maximum(X.reshape(700, 64) / 16 @ kernel + bias, 0)
    found = features(model, X)
    assert found.dtype == np.float32 and found.shape == (700, 5)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_features_follow_weights_that_are_set_later() -> None:
    """Twins are tried in the compiled model."""
    model = hand_set()
    before = features(model, X)
    model.get_layer("hidden").set_weights([np.zeros((64, 5)), np.arange(5.0)])
    assert before.std() > 0 and np.array_equal(features(model, X), np.tile(np.arange(5, dtype=np.float32), (700, 1)))


def test_the_output_layer_turns_features_into_the_networks_answers(tmp_path: Path) -> None:
    """For networks as the lab builds them, saved and read back."""
    tokens = np.random.default_rng(2).integers(1, 50, (20, 12), dtype=np.int32)
    texts = LstmConfig(vocabulary=50, embedding_size=4, lstm_units=(6,), sequence_length=12, dense_units=(7,))
    images = CnnConfig(filters=(4,), dense_units=(6,), kernel_size=3)
    for config, shape, x, width in ((images, (8, 8, 1), X[:20], 6), (texts, (), tokens, 7)):
        build_model(config, shape, 3, scale=16.0).save(tmp_path / "model.keras")
        model = load_model(tmp_path / "model.keras")
        found = features(model, x)
        assert found.shape == (20, width)
        kernel, bias = model.layers[-1].get_weights()
        powers = np.exp(found @ kernel + bias)
        expected = powers / powers.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(model.predict_on_batch(x), expected, rtol=1e-4, atol=1e-5)


def test_a_twin_is_built_alike_with_weights_of_its_seed(tmp_path: Path) -> None:
    keras.utils.set_random_seed(5)
    config = CnnConfig(filters=(4,), dense_units=(6,), kernel_size=3)
    build_model(config, (8, 8, 1), 3, scale=16.0).save(tmp_path / "model.keras")
    model = load_model(tmp_path / "model.keras")
    own = [np.array(one) for one in model.get_weights()]
    first, again, other = (random_twin(model, seed) for seed in (1, 1, 2))
    assert [one.shape for one in first.get_weights()] == [one.shape for one in own]
    assert first.to_json() == model.to_json()

    def kernels(one: keras.Model) -> np.ndarray:
        return np.concatenate([array.ravel() for array in one.get_weights() if array.ndim > 1])

    assert np.array_equal(kernels(first), kernels(again))
    assert not np.isclose(kernels(first), kernels(other)).any() and not np.isclose(kernels(first), kernels(model)).any()
    assert all(
        np.array_equal(a, b) for a, b in zip(own, model.get_weights(), strict=True)
    )  # the model is left as it is
    assert not np.array_equal(features(first, X), features(model, X))


def test_a_model_without_a_dense_layer_has_no_features() -> None:
    model = keras.Sequential([keras.layers.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Softmax()])
    with pytest.raises(InvalidInputError, match="has no dense layer"):
        features(model, X)
