"""The Keras callback that turns a training into the epochs and windows of a Trace."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from core.stats import cohen_kappa
from core.training.predictor import predict
from core.training.probe import GradientProbe
from core.trial import WINDOWS_PER_EPOCH, EpochRecord

_TINY = 1e-7  # Keras's own clip for probabilities inside the cross-entropy


class Recorder(keras.callbacks.Callback):
    """Record windows, epochs and gradients; put val_loss and val_accuracy into the logs of later callbacks.

    The validation rows are predicted once per epoch by `network`, after `refresh` has brought it up to date, and
    everything is computed from that. `max_seconds` ends the training after the epoch in which it is exceeded.
    """

    def __init__(
        self,
        probe: GradientProbe,
        x_val: np.ndarray,
        y_val: np.ndarray,
        *,
        classes: int,
        steps: int,
        on_epoch: Callable[[EpochRecord], None],
        network: keras.Model,
        refresh: Callable[[], None] = lambda: None,
        max_seconds: float | None = None,
    ) -> None:
        super().__init__()
        self._network, self._refresh = network, refresh
        self._probe, self._x_val, self._y_val = probe, x_val, y_val
        self._classes, self._steps, self._on_epoch, self._max_seconds = classes, steps, on_epoch, max_seconds
        self._churn: np.ndarray | None = None
        self.probe_hash = ""
        self.windows: list[float | None] = []
        self.epochs: list[EpochRecord] = []
        self.initial_loss: float | None = None
        self.diverged: str | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.initial_loss = self._probe.training_loss()
        self._train_started = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._started = time.perf_counter()
        self._seen, self._sum, self._closed = 0, 0.0, 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Close a window when a quarter of the epoch is done; Keras reports the running mean of the epoch."""
        done, loss = batch + 1, float((logs or {})["loss"])
        if not math.isfinite(loss):
            self.diverged = self.diverged or f"training loss was not finite in epoch {len(self.epochs) + 1}"
            self.windows.append(None)
            return
        windows = min(WINDOWS_PER_EPOCH, self._steps)
        while self._closed < windows and done >= round(self._steps * (self._closed + 1) / windows):
            self._closed += 1
            if done > self._seen:
                self.windows.append((loss * done - self._sum) / (done - self._seen))
                self._seen, self._sum = done, loss * done

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        self._refresh()
        probabilities = predict(self._network, self._x_val)
        loss, accuracy = cross_entropy(probabilities, self._y_val), top1(probabilities, self._y_val)
        if loss is None:
            self.diverged = self.diverged or f"validation loss was not finite in epoch {epoch + 1}"
        predicted = probabilities.argmax(axis=1)
        kappa = None if self._churn is None else cohen_kappa(self._churn, predicted, self._classes)
        self._churn = predicted
        probe_started = time.perf_counter()
        gradients = self._probe.measure()
        now = time.perf_counter()
        record = EpochRecord(
            epoch=epoch + 1,
            loss=_finite(logs.get("loss")),
            accuracy=_finite(logs.get("accuracy")),
            val_loss=loss,
            val_accuracy=accuracy,
            learning_rate=float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            seconds=now - self._started,
            probe_seconds=now - probe_started,
            churn_kappa=kappa,
            gradients=gradients,
        )
        logs |= {"val_loss": math.inf if loss is None else loss, "val_accuracy": accuracy}
        self.epochs.append(record)
        self._on_epoch(record)
        if self._max_seconds is not None and now - self._train_started > self._max_seconds:
            self.model.stop_training = True


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float | None:
    """Mean negative log-likelihood in nats, clipped as Keras does; None when a probability is not finite."""
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    if not np.isfinite(chosen).all():
        return None
    return float(-np.log(np.clip(chosen, _TINY, 1 - _TINY)).mean())


def correct_rows(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Boolean per row; a row without finite probabilities names no class and is therefore wrong."""
    hits: np.ndarray = (probabilities.argmax(axis=1) == labels) & np.isfinite(probabilities).all(axis=1)
    return hits


def top1(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose most probable class is the label."""
    return float(correct_rows(probabilities, labels).mean())


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(float(value)) else None
