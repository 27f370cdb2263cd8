"""What a shift is to an analysis: sets of rows, in families that each count once however many strengths they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.analyses.answering import Answers, RowSet, Subject
from core.datasets.arrays import Arrays
from core.datasets.parts import Part

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext
    from core.study_networks import StudyNetwork

Probabilities = NDArray[np.float32]
Rows = NDArray[np.int64]
PartOf = Callable[[Subject], Part]
Read = Callable[[Probabilities], Probabilities]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedSet:
    """Shifted rows with their true classes. `rows`: how many; `key` and `read`: as in a `RowSet`."""

    key: str
    label: str
    part: PartOf
    rows: int
    read: Read | None = None

    def all_rows(self) -> RowSet:
        """Return what `ask` takes, for all rows."""
        return RowSet(key=self.key, part=self.part, read=self.read)

    def some_rows(self, most: int, seed: int) -> RowSet:
        """Return what `ask` takes for at most `most` rows, those that `drawn` names."""
        if self.rows <= most:
            return self.all_rows()
        places = drawn(self.rows, most, seed)
        return RowSet(key=f"{self.key}/{most}", part=lambda subject: take(self.part(subject), places), read=self.read)

    def of_some_rows(self, correct: NDArray[np.bool_], most: int, seed: int) -> NDArray[np.bool_]:
        """Return the answers to the rows of `some_rows`, from those to all rows."""
        return correct if self.rows <= most else correct[drawn(self.rows, most, seed)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Shifts of one kind. What they cost is the accuracy on their clean counterpart minus that on them.

    The counterpart is the holdout, or of it the rows `clean`, asked by way of `clean_read`. All sets of a family have
    the same rows.
    """

    name: str
    label: str
    note: str  # sentences, or ""
    sets: tuple[ShiftedSet, ...]
    clean_label: str = "the holdout"
    clean: Rows | None = None
    clean_read: Read | None = None

    def clean_accuracy(self, context: AnalysisContext, network: StudyNetwork) -> float:
        """Return a network's accuracy on the clean counterpart."""
        found = context.predictions[network.name]
        answers = found.probabilities if self.clean_read is None else self.clean_read(found.probabilities)
        right = np.asarray(answers.argmax(axis=1) == found.labels)
        return float(right.mean() if self.clean is None else right[self.clean].mean())

    def correct(self, answers: dict[str, Answers]) -> NDArray[np.float64]:
        """Return for each row the share of the family's sets in which a network was right (n,)."""
        return np.asarray(np.mean([answers[one.key].correct for one in self.sets], axis=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """A shift, or a part of one, that this data set goes without. `reason` has no full stop at its end."""

    label: str
    reason: str


class CleanRows:
    """The holdout, read once where all networks see the same: only own texts are in words of their own."""

    def __init__(self, context: AnalysisContext) -> None:
        self._context = context
        self._same = not (context.entry.custom and context.entry.kind == "text")
        self._part: Part | None = None

    def part(self, subject: Subject) -> Part:
        """Return the holdout in the order of the study's predictions."""
        if not self._same:
            return self._context.holdout(subject)
        if self._part is None:
            self._part = self._context.holdout(subject)
        return self._part

    def as_set(self) -> ShiftedSet:
        """Return the clean rows, to be asked like shifted ones."""
        return ShiftedSet(key="holdout", label="holdout", part=self.part, rows=len(self._context.labels))


def drawn(count: int, most: int, seed: int) -> Rows:
    """Return `most` of `count` places, drawn by seed, in their order."""
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False)).astype(np.int64)


def take(part: Part, places: Rows) -> Part:
    """Return some rows of a part."""
    rows = Arrays(y=part.y, x=part.x, tokens=part.tokens, offsets=part.offsets).take(places)
    return Part(name=part.name, y=rows.y, x=rows.x, tokens=rows.tokens, offsets=rows.offsets)


def restricted(probabilities: Probabilities, classes: Sequence[int]) -> Probabilities:
    """Leave some classes only and make their probabilities sum to 1; where all of them were 0 they are equal.

    >>> restricted(np.array([[0.6, 0.1, 0.3], [1.0, 0.0, 0.0]], np.float32), [1, 2]).tolist()
    [[0.0, 0.25, 0.75], [0.0, 0.5, 0.5]]
    """
    kept = np.zeros(probabilities.shape)
    kept[:, classes] = probabilities[:, classes]
    kept[np.ix_(kept.sum(axis=1) == 0, classes)] = 1.0
    return np.asarray(kept / kept.sum(axis=1, keepdims=True), np.float32)


def in_sentence(label: str) -> str:
    """Write a label within a sentence: small, unless it is a name.

    >>> in_sentence("Rotation, 15°"), in_sentence("EMNIST digits"), in_sentence("Tiny-ImageNet")
    ('rotation, 15°', 'EMNIST digits', 'Tiny-ImageNet')
    """
    first = label.split()[0]
    return label if any(not one.islower() and one.isalnum() for one in first[1:]) else label[0].lower() + label[1:]
