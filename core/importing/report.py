"""What was found in the data that a person brought: facts, remarks, and what forbids its use."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.datasets.entry import Kind
from core.records import STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file or row that could not be used, and why in a few words."""

    name: str
    reason: str

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The check of an import, shown before the data may be used. Lists of examples are cut; counts are complete."""

    kind: Kind
    source: str  # name of the file or folder
    rows: int  # usable rows
    class_counts: dict[str, int]  # of the usable rows, by class name in the order of the class numbers
    dropped_classes: dict[str, int] = field(default_factory=dict)  # left out because they are too small
    unreadable: int = 0
    unreadable_examples: tuple[Unreadable, ...] = ()
    ignored: int = 0  # files that are no images (system files, notes), empty rows
    duplicates: int = 0  # rows that repeat an earlier one of the same class
    conflicting: int = 0  # rows that repeat one of another class
    across_parts: int = 0  # rows that occur in two of the parts (train, test, ...) that the source is divided into
    source_parts: tuple[str, ...] = ()  # such parts, where the source has them; they are pooled and split anew
    widths: tuple[int, int, int] | None = None  # smallest, median, largest, in pixels
    heights: tuple[int, int, int] | None = None
    colour_share: float | None = None  # share of the images that are not grey
    shape: tuple[int, ...] = ()  # to which images are brought
    lengths: tuple[int, int, int] | None = None  # words per text: smallest, median, 95 % quantile
    vocabulary: int | None = None  # different words
    text_column: str | None = None
    label_column: str | None = None
    remarks: tuple[str, ...] = ()  # worth knowing, in sentences
    errors: tuple[str, ...] = ()  # each forbids the use and says value, rule and remedy

    __pydantic_config__ = STRICT_KEYS

    @property
    def usable(self) -> bool:
        """Whether the data may be imported."""
        return not self.errors
