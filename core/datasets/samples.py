"""Real examples of a data set, for a look before and after choosing it. Nothing is ever downloaded for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.config import OptimizationConfig, Settings
from core.datasets.arrays import Arrays, open_arrays
from core.datasets.cache import CachedDataset, dataset_home, is_ready, prepare_entry
from core.datasets.entry import DatasetEntry
from core.datasets.parts import Part, read_parts_meta
from core.datasets.text import INDEX_FROM, START, WORD_INDEX_FILE, WordIndex

# cached: ready on this disk · embedded: ships with the program · mirror: lies in the mirror folder · remote: on the net
# · missing: a person's own data set whose imported rows are gone or damaged
Place = Literal["cached", "embedded", "mirror", "remote", "missing"]
_SCANNED = 2000  # first rows among which examples are looked for
_IMAGES, _TEXTS, _WORDS = 10, 2, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row: an image (H, W, C) uint8 in the data set's own scale, or a text or its beginning."""

    class_name: str
    image: NDArray[np.uint8] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What can be shown of a data set; None and no samples where it is not on this computer.

    `training`: the samples are training rows of the default split. Before that split is on the disk they come from
    all rows, among which are some that a split will set aside.
    """

    rows: int | None
    disk_bytes: int | None  # None: nothing is kept on the disk yet
    samples: tuple[Sample, ...]
    training: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePage:
    """Some rows of a part in a random order: `samples`, of which the first is number `first` (from 0) of `rows`."""

    samples: tuple[Sample, ...]
    first: int
    rows: int


def place_of(entry: DatasetEntry, settings: Settings) -> Place:
    """Tell where the data set is to be had from, the nearest place first."""
    if is_ready(entry, settings):
        return "cached"
    if entry.custom:
        return "missing"
    if not entry.files:
        return "embedded"
    mirror = settings.dataset_mirror
    if mirror is not None and any(all((mirror / name).is_file() for name in names) for names in entry.file_sets):
        return "mirror"
    return "remote"


def stamp_of(name: str, settings: Settings) -> tuple[int, ...]:
    """Return numbers that change when the rows of a data set, or its splits, come, go or are replaced."""
    home = dataset_home(settings, name)
    return tuple(_changed(path) for path in (home / "arrays" / "meta.json", home / "parts"))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def preview(entry: DatasetEntry, settings: Settings) -> Preview:
    """Read a preview from the cache or from an installed package; an empty one where that cannot be."""
    place = place_of(entry, settings)
    if place == "cached":
        cached = prepare_entry(entry, settings)  # opens it: there is nothing left to prepare
        size = sum(path.stat().st_size for path in cached.folder.iterdir())
        train = _training_rows(cached, settings)
        arrays, folder = train or (cached.arrays(), cached.folder)
        found = _images(entry, arrays) if entry.kind == "image" else _texts(entry, arrays, folder)
        return Preview(rows=cached.rows, disk_bytes=size, samples=found, training=train is not None)
    if place == "embedded":
        arrays = entry.check(entry.read({}))
        return Preview(rows=len(arrays), disk_bytes=None, samples=_images(entry, arrays))
    return Preview(rows=None, disk_bytes=None, samples=())


def sample_page(
    entry: DatasetEntry, part: Part, words: WordIndex | None, label: int | None, *, seed: int, page: int, size: int
) -> SamplePage:
    """Return page `page` (from 0) of `size` rows of `part`, of class number `label` or of all, in an order by `seed`.

    A page beyond the last one starts again from the first. `words` is the split's own word index, for texts.
    """
    rows = np.flatnonzero(np.asarray(part.y) == label) if label is not None else np.arange(len(part.y))
    pages = max(-(-len(rows) // size), 1)
    first = page % pages * size
    chosen = np.random.default_rng([seed, len(rows)]).permutation(rows)[first : first + size]
    return SamplePage(
        samples=tuple(_sample(entry, part, words, int(row)) for row in chosen), first=first, rows=len(rows)
    )


def _sample(entry: DatasetEntry, part: Part, words: WordIndex | None, row: int) -> Sample:
    name = entry.class_names[part.y[row]]
    if part.x is not None:
        return Sample(class_name=name, image=np.array(part.x[row], np.uint8))
    assert part.tokens is not None and part.offsets is not None and words is not None
    return Sample(class_name=name, text=words.decode(part.tokens[part.offsets[row] : part.offsets[row + 1]].tolist()))


def _training_rows(cached: CachedDataset, settings: Settings) -> tuple[Arrays, Path] | None:
    """Return the training rows of the default split and the folder with their word index; None without that split."""
    for folder in (dataset_home(settings, cached.entry.name) / "parts").glob("[!.]*"):
        try:
            meta = read_parts_meta(folder)
            if (meta["seed"], meta["content_hash"]) == (OptimizationConfig().random_seed, cached.content_hash):
                if cached.entry.kind == "text":
                    (folder / WORD_INDEX_FILE).stat()
                return open_arrays(folder / "train", cached.entry.kind), folder
        except (OSError, ValueError, KeyError):  # damaged or being removed
            continue
    return None


def _images(entry: DatasetEntry, arrays: Arrays) -> tuple[Sample, ...]:
    if arrays.x is None:
        return ()
    rows = _first_of_each_class(arrays.y, _IMAGES)
    return tuple(
        Sample(class_name=entry.class_names[arrays.y[row]], image=np.array(arrays.x[row], np.uint8)) for row in rows
    )


def _texts(entry: DatasetEntry, arrays: Arrays, folder: Path) -> tuple[Sample, ...]:
    assert arrays.tokens is not None and arrays.offsets is not None
    rows = _first_of_each_class(arrays.y, _TEXTS)
    spans = [(int(arrays.offsets[row]), int(arrays.offsets[row + 1])) for row in rows]
    begins = [arrays.tokens[start : min(start + 1 + _WORDS, end)].tolist() for start, end in spans]  # 1: the start id
    words = _words(folder, {int(token) for tokens in begins for token in tokens})
    return tuple(
        Sample(
            class_name=entry.class_names[arrays.y[row]],
            text=" ".join(words.get(token, "[?]") for token in tokens if token != START)
            + (" …" if end - start > 1 + _WORDS else ""),
        )
        for row, (start, end), tokens in zip(rows, spans, begins, strict=True)
    )


def _words(folder: Path, tokens: set[int]) -> dict[int, str]:
    """Return the words of a few ids: half the time of loading the whole index both ways."""
    ranks: dict[str, int] = json.loads((folder / WORD_INDEX_FILE).read_text(encoding="utf-8"))
    return {rank + INDEX_FROM: word for word, rank in ranks.items() if rank + INDEX_FROM in tokens}


def _first_of_each_class(labels: NDArray[np.int64], most: int) -> list[int]:
    """Return the first row of each class, by class for images of all classes, at most `most`."""
    _classes, rows = np.unique(labels[:_SCANNED], return_index=True)
    return [int(row) for row in rows[:most]]
