"""What the rows of any source are checked for: too small classes, repeated rows, rows that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.importing.options import ImportOptions

_NAMED = 8  # classes named in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is kept of the rows, and what was found in them. `kept` (N,) bool; `y` (kept rows,) class numbers."""

    kept: NDArray[np.bool_]
    y: NDArray[np.int64]
    class_counts: dict[str, int]
    dropped: dict[str, int]
    duplicates: int
    conflicting: int
    across_parts: int
    remarks: tuple[str, ...]
    errors: tuple[str, ...]


def examine(
    labels: NDArray[np.int64],
    names: Sequence[str],
    digests: NDArray[np.uint64],
    parts: NDArray[np.int64] | None,
    options: ImportOptions,
) -> Contents:
    """Check N > 0 rows: `labels` (N,) number `names`, equal `digests` (N,) mean equal content, `parts` (N,) parts.

    What counts for the size of a class are its different rows: equal ones go to one part of every split, where the
    first of them stands.
    """
    limits = options.limits
    kept = np.ones(len(labels), np.bool_)
    distinct = _distinct(labels, digests, len(names))
    small = [label for label in range(len(names)) if distinct[label] < limits.min_rows_per_class]
    rows = np.bincount(labels, minlength=len(names))
    dropped: dict[str, int] = {}
    errors, remarks = [], []
    if small and options.drop_small_classes:
        kept = ~np.isin(labels, small)
        dropped = {names[label]: int(rows[label]) for label in small if rows[label]}
        remarks.append(
            f"{_count(len(dropped), 'class was', 'classes were')} left out for having fewer than "
            f"{limits.min_rows_per_class} different rows: {_listed(list(dropped))}."
        )
    elif small:
        found = _listed([f"{names[label]} ({distinct[label]})" for label in small])
        errors.append(
            f"{_count(len(small), 'class has', 'classes have')} too few different rows: {found}. Each needs "
            f"{limits.min_rows_per_class} or more, so that every part of a split has one: add rows, remove the class, "
            "or choose to leave out small classes"
        )
    left = [label for label in range(len(names)) if not (options.drop_small_classes and label in set(small))]
    number = np.full(len(names), -1, np.int64)
    number[left] = np.arange(len(left))
    y, digests = number[labels[kept]], digests[kept]
    errors += _class_errors(len(left), limits.max_classes)
    duplicates, conflicting = _repeated(y, digests)
    across = _across(digests, parts[kept]) if parts is not None and len(y) else 0
    counts = np.bincount(y, minlength=len(left)) if len(y) else np.zeros(len(left), np.int64)
    shown = left[: limits.max_classes]  # a column of numbers taken for labels has as many classes as rows
    return Contents(
        kept=kept,
        y=y,
        class_counts={names[label]: int(counts[number[label]]) for label in shown},
        dropped=dropped,
        duplicates=duplicates,
        conflicting=conflicting,
        across_parts=across,
        remarks=(*remarks, *_remarks(duplicates, conflicting, across, counts, [names[label] for label in left])),
        errors=tuple(errors),
    )


def _class_errors(classes: int, most: int) -> list[str]:
    if classes < 2:
        return [
            f"there {_count(classes, 'is', 'are', 'class')} to tell apart, needed are 2 or more: put the images of "
            "each class into a folder of their own, or choose the column that holds the labels"
        ]
    if classes > most:
        return [
            f"there are {classes:,} classes, allowed are {most:,}: choose the column that holds the labels, join "
            "classes, or raise MHL_IMPORT_MAX_CLASSES"
        ]
    return []


def _distinct(labels: NDArray[np.int64], digests: NDArray[np.uint64], classes: int) -> NDArray[np.int64]:
    _, first = np.unique(digests, return_index=True)
    return np.bincount(labels[first], minlength=classes)


def _repeated(y: NDArray[np.int64], digests: NDArray[np.uint64]) -> tuple[int, int]:
    """Count rows that repeat an earlier one of their class, and those that bring a content into a further class."""
    _, content = np.unique(digests, return_inverse=True)
    contents = int(content.max()) + 1 if len(content) else 0
    pairs = len(np.unique(content * (int(y.max()) + 1) + y)) if len(y) else 0
    return len(y) - pairs, pairs - contents


def _across(digests: NDArray[np.uint64], parts: NDArray[np.int64]) -> int:
    """Count the contents that occur in two parts or more."""
    _, content = np.unique(digests, return_inverse=True)
    width = int(parts.max()) + 1
    in_parts = np.bincount(np.unique(content * width + parts) // width)
    return int(np.count_nonzero(in_parts > 1))


def _remarks(
    duplicates: int, conflicting: int, across: int, counts: NDArray[np.int64], names: Sequence[str]
) -> list[str]:
    found = []
    if duplicates:
        found.append(
            f"{_count(duplicates, 'row repeats', 'rows repeat')} an earlier one of the same class; a split keeps equal "
            "rows in one part."
        )
    if conflicting:
        found.append(
            f"{_count(conflicting, 'row has', 'rows have')} the content of a row of another class: no model can be "
            "right about both. Check these labels."
        )
    if across:
        found.append(
            f"{_count(across, 'content occurs', 'contents occur')} in two parts of the source, so results measured on "
            "its own parts are too good; here all rows are pooled and split anew, equal ones together."
        )
    if len(counts) > 1 and counts.min() > 0 and counts.max() >= 10 * counts.min():
        found.append(
            f"The classes differ much in size: {names[int(counts.argmax())]} has {counts.max():,} rows, "
            f"{names[int(counts.argmin())]} has {counts.min():,}. Accuracy alone says little then; look at each class."
        )
    return found


def _count(number: int, one: str, many: str, noun: str | None = None) -> str:
    """Write a number with the words that fit it.

    >>> _count(1, "row repeats", "rows repeat"), _count(0, "is", "are", "class")
    ('1 row repeats', 'are 0 classes')
    """
    if noun is None:
        return f"{number:,} {one if number == 1 else many}"
    return f"{one} 1 {noun}" if number == 1 else f"{many} {number:,} {noun}es"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED:,} more"
