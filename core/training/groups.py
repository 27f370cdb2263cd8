"""Structured splits of the validation rows, for the accuracy-consistency metric."""

from __future__ import annotations

import numpy as np

from core.datasets.parts import Part
from core.trial import GroupCount


def class_groups(labels: np.ndarray, correct: np.ndarray, names: tuple[str, ...]) -> tuple[GroupCount, ...]:
    """One group per class that has validation rows."""
    n = np.bincount(labels, minlength=len(names))
    hits = np.bincount(labels[correct], minlength=len(names))
    return tuple(
        GroupCount(kind="class", name=name, n=int(n[i]), correct=int(hits[i])) for i, name in enumerate(names) if n[i]
    )


def length_groups(part: Part, correct: np.ndarray) -> tuple[GroupCount, ...]:
    """Four groups of about equal size by text length in tokens."""
    assert part.offsets is not None, "length groups are for texts"
    lengths = np.diff(part.offsets)
    quarter = np.searchsorted(np.quantile(lengths.astype(float), [0.25, 0.5, 0.75]), lengths, side="left")
    return tuple(
        GroupCount(
            kind="length",
            name=f"quartile {q + 1}",
            n=int((quarter == q).sum()),
            correct=int(correct[quarter == q].sum()),
        )
        for q in range(4)
        if (quarter == q).any()
    )
