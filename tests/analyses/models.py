"""Tiny real networks whose answers are known, saved as a study keeps them; made once for a test process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.analyses.context import AnalysisContext
from core.analyses.evaluation import Predictions
from core.config import Settings
from core.datasets.cache import prepare
from core.model_config import CnnConfig, LstmConfig
from core.records import to_json
from core.study_config import StudyMode
from core.trial import MODEL_FILE, SPEC_FILE, TrialSpec
from tests.corruptions.texts import INDEX

LENGTH = 256  # tokens; longer than any text of the tests, so that none is cut off
WORDS = len(INDEX.ids) + 4
Choice = Callable[[StudyMode, int], str]
_FOLDER = tempfile.TemporaryDirectory(prefix="tiny-models-")


def with_models(context: AnalysisContext, choose: Choice) -> AnalysisContext:
    """Give every network of a made-up study a real one, by name (see `weights` and `word_weights`, or "constant"),
    and let it answer the holdout."""
    images = context.entry.kind == "image"
    asked: dict[str, NDArray[np.float32]] = {}
    predictions = {}
    for one in context.everyone:
        name = choose(one.mode, one.pair)
        shutil.copyfile(image_model(name) if images else text_model(name), one.folder / MODEL_FILE)
        (one.folder / SPEC_FILE).write_text(to_json(_spec(context)), encoding="utf-8")
        if name not in asked:
            asked[name] = context.predict(one, context.holdout(one))
        known = context.predictions[one.name]
        predictions[one.name] = Predictions(probabilities=asked[name], labels=known.labels, rows=known.rows)
    context.predictions = predictions
    return context


def _spec(context: AnalysisContext) -> TrialSpec:
    model = (
        CnnConfig() if context.entry.kind == "image" else LstmConfig(vocabulary=max(10, WORDS), sequence_length=LENGTH)
    )
    return TrialSpec(
        run="r", number=3, dataset=context.entry.name, split_hash="", seed=0, model=model, epochs=1, patience=1,
        store_plots=False,
    )  # fmt: skip


@cache
def weights(name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (64, 10) and bias (10,) of a linear network on digits of 0 to 16.

    "templates" and "templates_2" compare an image with the mean of each class (the second is less sure), and are right
    on 9 of 10 digits; "pixels" and "pixels_2" see a few pixels only. "constant" says class 3 with 0.91 to everything.
    """
    if name == "constant":
        return np.zeros((64, 10), np.float32), np.log(np.eye(10)[3] * 0.9 + 0.01).astype(np.float32)
    arrays = prepare("digits", Settings.from_environment({"MHL_DATA_DIR": f"{_FOLDER.name}/data"})).arrays()
    assert arrays.x is not None
    flat = arrays.x.reshape(len(arrays), -1) / 16
    means = np.stack([flat[arrays.y == label].mean(axis=0) for label in range(10)])
    if name.startswith("pixels"):
        seen = np.random.default_rng(len(name)).permutation(64)[:14]
        means = means * np.isin(np.arange(64), seen)
    sharpness = 1.5 if name.endswith("2") else 3.0
    return (sharpness * means.T / 16).astype(np.float32), (-sharpness * (means**2).sum(axis=1) / 2).astype(np.float32)


@cache
def word_weights(name: str) -> NDArray[np.float32]:
    """What each token says for each of three classes (words, 3): a bag of words, to which their order is nothing.

    Padding, start and unknown words say nothing. "bag" and "bag_2" differ in what the words mean to them.
    """
    found = np.random.default_rng(len(name)).normal(0, 3, (WORDS, 3))
    found[:4] = 0
    return np.zeros_like(found, np.float32) if name == "constant" else found.astype(np.float32)


@cache
def image_model(name: str) -> Path:
    """Return the file of a linear network on digits, which takes raw images as all do."""
    import keras

    kernel, bias = weights(name)
    layers = keras.layers
    model = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10, name="output")])
    model.add(layers.Softmax())
    model.get_layer("output").set_weights([kernel, bias])
    return _save(model, f"image_{name}")


@cache
def text_model(name: str) -> Path:
    """Return the file of a bag of words."""
    import keras

    layers = keras.layers
    model = keras.Sequential([layers.Input((LENGTH,), dtype="int32"), layers.Embedding(WORDS, 3, name="words")])
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(3, name="output"))
    model.add(layers.Softmax())
    model.get_layer("words").set_weights([word_weights(name)])
    bias = np.log([0.1, 0.7, 0.2]) if name == "constant" else np.zeros(3)
    model.get_layer("output").set_weights([np.eye(3) * LENGTH / 20, bias])
    return _save(model, f"text_{name}")


def _save(model: object, name: str) -> Path:
    path = Path(_FOLDER.name) / f"{name}.keras"
    model.save(path)  # type: ignore[attr-defined]
    return path


def answers(name: str, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Probabilities (n, 10) of a linear network, without Keras."""
    kernel, bias = weights(name)
    logits = images.reshape(len(images), -1).astype(np.float64) @ kernel.astype(np.float64) + bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
