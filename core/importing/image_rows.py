"""The rows of imported images while they arrive: x.npy grows on the disk, and what the report counts in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.importing.contents import examine
from core.importing.options import ImportOptions
from core.importing.pictures import Picture, to_grey
from core.importing.problems import Problems
from core.importing.report import ImportReport
from core.importing.staging import RowFile
from core.importing.tree import Inventory

_BLOCK_ROWS = 1024


class ImageRows:
    """The rows in the order in which they come; grey ones take one channel until the first colour needs three."""

    def __init__(self, folder: Path, side: int, options: ImportOptions) -> None:
        self._folder, self._side, self._options = folder, side, options
        self._channels = 3 if options.colour == "rgb" else 1
        self._file = self._open("x.npy", self._channels)
        self.labels: list[int] = []
        self._digests: list[int] = []
        self._parts: list[str] = []
        self._sizes: list[tuple[int, int]] = []
        self._colours = self._transparent = self._jpegs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, picture: Picture, label: int, part: str) -> None:
        """Append one image."""
        row = picture.row
        self._colours += not picture.grey
        if not picture.grey and self._channels == 1:
            if self._options.colour == "grey":
                row = to_grey(row)
            else:
                self._add_channels()
        digest = hashlib.blake2b(row.tobytes(), digest_size=8).digest()
        self._file.append(np.broadcast_to(row, (1, self._side, self._side, self._channels)))
        self.labels.append(label)
        self._digests.append(int.from_bytes(digest))
        self._parts.append(part)
        self._sizes.append((picture.width, picture.height))
        self._transparent += picture.transparent
        self._jpegs += picture.is_jpeg

    def report(self, source: str, names: list[str], found: Inventory) -> ImportReport:
        """Leave out small classes, write the labels and say what was found. The file of rows is closed."""
        part_names = sorted(set(self._parts) - {""})
        parts = np.array([part_names.index(part) if part else len(part_names) for part in self._parts], np.int64)
        contents = examine(
            np.array(self.labels, np.int64),
            names,
            np.array(self._digests, np.uint64),
            parts if part_names else None,
            self._options,
        )
        if not contents.errors:
            self._write(contents.kept, contents.y)
        sizes = np.array(self._sizes)
        return ImportReport(
            kind="image",
            source=source,
            rows=len(contents.y),
            class_counts=contents.class_counts,
            dropped_classes=contents.dropped,
            unreadable=found.problems.count,
            unreadable_examples=tuple(found.problems.examples),
            ignored=found.ignored,
            duplicates=contents.duplicates,
            conflicting=contents.conflicting,
            across_parts=contents.across_parts,
            source_parts=tuple(part_names),
            widths=_spread(sizes[:, 0]),
            heights=_spread(sizes[:, 1]),
            colour_share=self._colours / len(self.labels),
            shape=(self._side, self._side, self._channels),
            remarks=(*self._remarks(sizes, found.problems, len(part_names)), *contents.remarks),
            errors=contents.errors,
        )

    def _open(self, name: str, channels: int) -> RowFile:
        return RowFile(self._folder / name, np.uint8, (self._side, self._side, channels))

    def _add_channels(self) -> None:
        """Bring the grey rows so far to three channels."""
        self._file.close()
        self._channels = 3
        self._file = _copied(self._file, self._open("rgb.npy", 3))

    def _write(self, kept: NDArray[np.bool_], y: NDArray[np.int64]) -> None:
        if not kept.all():
            self._file = _copied(self._file, self._open("kept.npy", self._channels), kept)
            self._file.close()
        self._file.path.replace(self._folder / "x.npy")
        labels = RowFile(self._folder / "y.npy", np.int64)
        labels.append(y)
        labels.close()

    def _remarks(self, sizes: NDArray[np.int64], problems: Problems, parts: int) -> list[str]:
        found, side = [], self._side
        if parts:
            found.append(f"The {parts} parts of the source are pooled; every run splits the rows anew.")
        others = int(np.count_nonzero((sizes != side).any(axis=1)))
        how = {"pad": "black margins", "crop": "the middle cut out", "stretch": "stretched"}[self._options.resize]
        if others:
            found.append(f"{others:,} of {len(sizes):,} images are brought to {side} x {side} pixels ({how}).")
        if self._colours and self._channels == 1:
            found.append(f"{self._colours:,} images in colour are turned to grey, as was asked for.")
        elif self._channels == 3 and self._colours < len(sizes):
            found.append(f"{len(sizes) - self._colours:,} grey images are kept as colour images.")
        if self._transparent:
            found.append(f"{self._transparent:,} images have transparent pixels, which become white.")
        if self._jpegs:
            found.append(f"{self._jpegs:,} images are JPEG: their pixels carry traces of compression.")
        if problems.count:
            found.append(f"{problems.count:,} files could not be used; their names and reasons are listed.")
        return found


def _copied(source: RowFile, target: RowFile, kept: NDArray[np.bool_] | None = None) -> RowFile:
    """Append the (kept) rows of the closed `source` to `target` and remove `source`."""
    rows = np.lib.format.open_memmap(source.path, mode="r") if source.rows else np.empty((0, 1, 1, 1), np.uint8)
    try:
        for first in range(0, len(rows), _BLOCK_ROWS):
            block = rows[first : first + _BLOCK_ROWS]
            if kept is not None:
                block = block[kept[first : first + _BLOCK_ROWS]]
            target.append(np.broadcast_to(block, (*block.shape[:3], target.row_shape[-1])))
    except BaseException:
        target.close()
        raise
    source.path.unlink()
    return target


def _spread(values: NDArray[np.int64]) -> tuple[int, int, int]:
    return int(values.min()), int(np.median(values)), int(values.max())
