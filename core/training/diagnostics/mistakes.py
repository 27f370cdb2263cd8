"""The validation rows that a network got wrong, the most confident first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.diagnostics import Mistake
from core.training.diagnostics.subject import Subject

LIMIT = 36


def worst_mistakes(subject: Subject) -> tuple[tuple[Mistake, ...], dict[str, NDArray[Any]]]:
    """Return the mistakes, and of images their pictures as `mistake_images`."""
    wrong = np.flatnonzero(~subject.correct)
    confidence = subject.probabilities[wrong].max(axis=1)
    rows = wrong[np.argsort(-confidence, kind="stable")][:LIMIT]
    is_image = subject.data.entry.kind == "image"
    mistakes = tuple(_mistake(subject, int(row), number, is_image) for number, row in enumerate(rows))
    return mistakes, {"mistake_images": np.asarray(subject.x[rows])} if is_image else {}


def _mistake(subject: Subject, row: int, number: int, is_image: bool) -> Mistake:
    truth, predicted = int(subject.labels[row]), int(subject.predicted[row])
    return Mistake(
        row=row,
        truth=truth,
        predicted=predicted,
        confidence=float(subject.probabilities[row, predicted]),
        truth_probability=float(subject.probabilities[row, truth]),
        picture=number if is_image else None,
        text=None if is_image else subject.decode(subject.x[row]),
    )
