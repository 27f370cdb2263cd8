"""Agreement: how far two labellings of the same rows agree beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInputError

Labels = Sequence[int] | npt.NDArray[np.integer]


def cohen_kappa(a: Labels, b: Labels, classes: int) -> float | None:
    """Return Cohen's kappa (Cohen 1960) of two labellings of the same rows with labels 0 .. classes - 1.

    Between -1 and 1; 0 is the agreement expected by chance. Two labellings that name one and the same class
    throughout agree by necessity, which is no evidence of agreement: 0. No rows: None.

    >>> cohen_kappa([0, 0, 1, 1], [0, 0, 1, 0], classes=2)
    0.5
    >>> cohen_kappa([1, 1, 1], [1, 1, 1], classes=2)
    0.0
    """
    first, second = (_labels(name, values, classes) for name, values in (("a", a), ("b", b)))
    if first.size != second.size:
        raise InvalidInputError(f"a and b must label the same rows, got {first.size} and {second.size} labels")
    n = first.size
    if n == 0:
        return None
    counts_a, counts_b = (np.bincount(labels, minlength=classes) for labels in (first, second))
    by_chance = int(counts_a @ counts_b)  # times n * n, in whole numbers so that "always" is exact
    if by_chance == n * n:
        return 0.0
    agreed = n * int(np.count_nonzero(first == second))
    return (agreed - by_chance) / (n * n - by_chance)


def _labels(name: str, values: Labels, classes: int) -> npt.NDArray[np.int64]:
    labels = np.asarray(values)
    if labels.ndim != 1 or (labels.size and not np.issubdtype(labels.dtype, np.integer)):
        raise InvalidInputError(f"{name} must be a flat list of whole numbers, got {labels.dtype} of {labels.shape}")
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise InvalidInputError(f"labels in {name} must be 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    return labels.astype(np.int64)
