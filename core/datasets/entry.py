"""What the program knows about a data set before it is there: its shape, classes, files and how to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.datasets.arrays import Arrays
from core.errors import InvalidInputError

__all__ = ["Arrays", "DatasetEntry", "RemoteFile"]

Kind = Literal["image", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """An official file: its name inside a mirror folder, where it is published, and its pinned hash.

    `known_hash` is a sha256 in hex, or `md5:<hex>` where the publisher gives no more than that.
    """

    name: str
    url: str
    known_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry:
    """One data set: everything a page, the search space and the cache ask about it.

    `read` turns the files, by name, into the canonical arrays: official training rows, then official test rows.
    A data set with no `files` is embedded in an installed package.
    """

    name: str
    label: str
    kind: Kind
    shape: tuple[int, ...]  # (H, W, C) of an image, () for texts
    class_names: tuple[str, ...]
    default_batch_size: int
    scale: float  # the raw pixel value that means 1.0; 1 for texts
    description: str
    licence: str
    source: str  # home page
    files: tuple[RemoteFile, ...]
    read: Callable[[Mapping[str, Path]], Arrays]
    mirror_files: tuple[str, ...] = ()  # another form in which a mirror folder may hold the whole data set
    vocabulary: int | None = None  # words in the index; token ids are below vocabulary + 4
    default_sequence_length: int | None = None  # tokens
    group_noun: str | None = None  # what rows may show together ("track"); a split then keeps groups together
    custom: bool = False  # a person's own data; the word index of its texts is fitted on each split's training part

    def __post_init__(self) -> None:
        if (self.kind == "image") != (len(self.shape) == 3):
            raise InvalidInputError(
                f"data set {self.name}: images need a shape (H, W, C) and texts (), got {self.shape}"
            )
        if (self.kind == "text") != (self.vocabulary is not None and self.default_sequence_length is not None):
            raise InvalidInputError(
                f"data set {self.name}: a text needs vocabulary and default_sequence_length, an image has neither"
            )
        if len(self.class_names) < 2:
            raise InvalidInputError(f"data set {self.name} needs 2 classes or more, got {len(self.class_names)}")

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def file_sets(self) -> tuple[tuple[str, ...], ...]:
        """The sets of files of which a mirror must hold one completely."""
        return tuple(names for names in (tuple(file.name for file in self.files), self.mirror_files) if names)

    def check(self, arrays: Arrays) -> Arrays:
        """Return `arrays` unchanged; raise InvalidInputError unless they are what this entry promises."""
        if self.kind == "image" and (arrays.x is None or arrays.x.shape[1:] != self.shape):
            found = "no images" if arrays.x is None else f"images of shape {arrays.x.shape[1:]}"
            raise InvalidInputError(f"data set {self.name} has images of shape {self.shape}, got {found}")
        if self.kind == "text" and (arrays.tokens is None or arrays.word_index is None):
            raise InvalidInputError(f"data set {self.name} has texts with a word index, got none")
        if len(arrays) == 0 or arrays.y.min() < 0 or arrays.y.max() >= self.classes:
            raise InvalidInputError(f"data set {self.name} needs rows with labels from 0 to {self.classes - 1}")
        return arrays
