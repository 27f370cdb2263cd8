"""What is known about a foreign test set before it is there: its data, and what its classes mean to a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.datasets.entry import DatasetEntry
from core.errors import InvalidInputError

# same: every class has its counterpart · subset: some classes of the source have none here · none: nothing in common
Correspondence = Literal["same", "subset", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignUse:
    """What the set is to networks of one data set.

    `class_map` gives for every foreign class the class number of the data set, or None. A network can be tried as it
    is (zero-shot) only where labels correspond; elsewhere its accuracy would be chance by construction, and only a
    new last layer on its features (a probe) says something.
    """

    correspondence: Correspondence
    class_map: tuple[int | None, ...]
    preprocessing: str  # how rows are brought to the network's input, in a sentence
    margin: int = 0  # pixels of empty frame that are cut from every side of an image first

    def __post_init__(self) -> None:
        if self.margin < 0:
            raise InvalidInputError(f"margin must be 0 pixels or more, got {self.margin}")
        mapped = [number for number in self.class_map if number is not None]
        if (self.correspondence == "none") != (not mapped) or len(set(mapped)) != len(mapped):
            raise InvalidInputError(
                f"a foreign set with correspondence {self.correspondence!r} cannot have class map {self.class_map}"
            )

    @property
    def zero_shot(self) -> bool:
        """Whether a network may be tried as it is; else only a probe on its features is meaningful."""
        return self.correspondence != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignEntry:
    """A foreign test set. `data` says where its rows come from; `uses` holds one use per data set, by name."""

    name: str
    data: DatasetEntry
    uses: Mapping[str, ForeignUse]
    caveat: str  # what a reader of results on it has to know; "" for nothing special
    download_mb: int | None = None  # of an archive so large that nobody should have to wait for it unasked
    last: int | None = None  # only so many rows at the end of `data` are used: the official test part

    def __post_init__(self) -> None:
        for dataset, use in self.uses.items():
            if len(use.class_map) != self.data.classes:
                raise InvalidInputError(
                    f"foreign set {self.name} has {self.data.classes} classes, but maps {len(use.class_map)} of them "
                    f"to {dataset}"
                )

    @property
    def label(self) -> str:
        """Name for people."""
        return self.data.label

    def use_for(self, dataset: str) -> ForeignUse | None:
        """Return what the set is to networks of `dataset`; None when it is nothing to them."""
        return self.uses.get(dataset)
