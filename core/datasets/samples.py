"""A few real examples of a data set, for a look before choosing it. Nothing is ever downloaded for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.arrays import Arrays
from core.datasets.cache import CachedDataset, is_cached, prepare_entry
from core.datasets.entry import DatasetEntry
from core.datasets.text import WordIndex

# cached: ready on this disk · embedded: ships with the program · mirror: lies in the mirror folder · remote: on the net
Place = Literal["cached", "embedded", "mirror", "remote"]
_SCANNED = 2000  # first rows among which examples are looked for
_IMAGES, _TEXTS, _WORDS = 10, 2, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row: an image (H, W, C) uint8 in the data set's own scale, or the beginning of a text."""

    class_name: str
    image: NDArray[np.uint8] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What can be shown of a data set; None and no samples where it is not on this computer."""

    rows: int | None
    disk_bytes: int | None  # None: nothing is kept on the disk yet
    samples: tuple[Sample, ...]


def place_of(entry: DatasetEntry, settings: Settings) -> Place:
    """Tell where the data set is to be had from, the nearest place first."""
    if is_cached(entry.name, settings):
        return "cached"
    if not entry.files:
        return "embedded"
    mirror = settings.dataset_mirror
    if mirror is not None and any(all((mirror / name).is_file() for name in names) for names in entry.file_sets):
        return "mirror"
    return "remote"


def preview(entry: DatasetEntry, settings: Settings) -> Preview:
    """Read a preview from the cache or from an installed package; an empty one where that cannot be."""
    place = place_of(entry, settings)
    if place == "cached":
        cached = prepare_entry(entry, settings)  # opens it: there is nothing left to prepare
        size = sum(path.stat().st_size for path in cached.folder.iterdir())
        return Preview(rows=cached.rows, disk_bytes=size, samples=_of_cache(cached))
    if place == "embedded":
        arrays = entry.check(entry.read({}))
        return Preview(rows=len(arrays), disk_bytes=None, samples=_images(entry, arrays))
    return Preview(rows=None, disk_bytes=None, samples=())


def _of_cache(cached: CachedDataset) -> tuple[Sample, ...]:
    arrays = cached.arrays()
    if cached.entry.kind == "image":
        return _images(cached.entry, arrays)
    return _texts(cached.entry, arrays, cached.word_index())


def _images(entry: DatasetEntry, arrays: Arrays) -> tuple[Sample, ...]:
    if arrays.x is None:
        return ()
    rows = _first_of_each_class(arrays.y, _IMAGES)
    return tuple(
        Sample(class_name=entry.class_names[arrays.y[row]], image=np.array(arrays.x[row], np.uint8)) for row in rows
    )


def _texts(entry: DatasetEntry, arrays: Arrays, index: WordIndex) -> tuple[Sample, ...]:
    assert arrays.tokens is not None and arrays.offsets is not None
    found = []
    for row in _first_of_each_class(arrays.y, _TEXTS):
        start, end = arrays.offsets[row], arrays.offsets[row + 1]
        words = index.decode(arrays.tokens[start : min(start + 1 + _WORDS, end)].tolist())  # the first id is the start
        rest = " …" if end - start > 1 + _WORDS else ""
        found.append(Sample(class_name=entry.class_names[arrays.y[row]], text=words + rest))
    return tuple(found)


def _first_of_each_class(labels: NDArray[np.int64], most: int) -> list[int]:
    """Return the first row of each class, by class for images of all classes, at most `most`."""
    _classes, rows = np.unique(labels[:_SCANNED], return_index=True)
    return [int(row) for row in rows[:most]]
