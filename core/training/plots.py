"""Diagnostics of one trained model, stored as data; `core.figures` draws them when somebody looks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.trial import TrialResult

DIAGNOSTICS_FILE = "diagnostics.json"


def write_diagnostics(
    folder: Path, result: TrialResult, labels: np.ndarray, probabilities: np.ndarray, names: tuple[str, ...]
) -> None:
    """Write `diagnostics.json`: learning curves, and the confusion matrix on the validation part."""
    folder.mkdir(parents=True, exist_ok=True)
    trace = result.trace
    assert trace is not None
    document = {
        "trial": result.number,
        "part": "validation",
        "class_names": list(names),
        "confusion": confusion_matrix(labels, probabilities.argmax(axis=1), len(names)).tolist(),
        "curves": [
            {
                "epoch": e.epoch,
                "loss": e.loss,
                "accuracy": e.accuracy,
                "val_loss": e.val_loss,
                "val_accuracy": e.val_accuracy,
                "learning_rate": e.learning_rate,
            }
            for e in trace.epochs
        ],
        "gradient_flow": [
            {"epoch": e.epoch, "kernel": name, "relative": norm.relative}
            for e in trace.epochs
            for name, norm in e.gradients.items()
        ],
    }
    (folder / DIAGNOSTICS_FILE).write_text(json.dumps(document, allow_nan=False), encoding="utf-8")


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count rows by true class (first axis) and predicted class (second axis)."""
    pairs = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes)
