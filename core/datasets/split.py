"""Splitting a data set into train, validation, test and holdout: stratified, seeded, duplicates kept together.

Own code instead of scikit-learn's, which must not be loaded in the web process.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.arrays import Arrays
from core.datasets.cache import CachedDataset, dataset_home
from core.datasets.custom import read_record, record_path
from core.datasets.entry import DatasetEntry
from core.datasets.folders import clear_write_errors, locked, replace_folder
from core.datasets.parts import open_parts, parts_folder, read_parts_meta
from core.datasets.text import WORD_INDEX_FILE, WordIndex, fitted_index
from core.errors import DataUnavailableError, InvalidInputError
from core.records import to_dict

Indices = dict[str, NDArray[np.int64]]
PARTS = ("train", "validation", "test", "holdout")
TRIAL_PARTS = PARTS[:3]
SPLIT_VERSION = 1  # raise it when the same seed would give other rows
_TENTHS = (6, 8, 9, 10)  # where train, validation, test and holdout end
_KEPT_FOLDERS = 12
_RECENT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitParts:
    """A split on the disk. Neither `folder` nor any field holds a row or an index of the holdout.

    `indices_path` is the file with all four parts' row numbers, for the caller to copy into the run's folder;
    `core.analyses.holdout` reads it. `duplicates` counts rows that repeat an earlier row and follow it.
    """

    folder: Path
    indices_path: Path
    split_hash: str
    seed: int
    sizes: dict[str, int]
    class_counts: dict[str, tuple[int, ...]]  # of train, validation and test
    duplicates: int
    groups: int | None = None  # how many groups (tracks) were kept together; None: the data has no group numbers


def first_occurrences(arrays: Arrays) -> NDArray[np.int64]:
    """Return for every row the number of the first row with the same content (N,)."""
    seen: dict[bytes, int] = {}
    return np.fromiter((seen.setdefault(d, row) for row, d in enumerate(arrays.row_digests())), np.int64, len(arrays))


def units(first: NDArray[np.int64], groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return for every row the lowest row of those that must share its part (N,): same content or same group.

    `groups` (N,) numbers what rows show together; a content that occurs in two groups joins them.
    """
    if groups is None:
        return first
    unit = np.arange(len(first))
    while True:  # each pass joins neighbours; chains of joined groups are short
        joined = _lowest(_lowest(unit, first), groups)
        if np.array_equal(joined, unit):
            return unit
        unit = joined


def _lowest(unit: NDArray[np.int64], key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give all rows of one key the lowest unit among them."""
    _, inverse = np.unique(key, return_inverse=True)
    lowest = np.full(int(inverse.max()) + 1, len(unit), np.int64)
    np.minimum.at(lowest, inverse, unit)
    return lowest[inverse]


def split_indices(
    y: NDArray[np.int64],
    first: NDArray[np.int64],
    seed: int,
    unit: NDArray[np.int64] | None = None,
    holdout_seed: int | None = None,
) -> Indices:
    """Return the row numbers of the four parts, 60/20/10/10 within every class, in a random order.

    With `holdout_seed` the holdout is that of this seed, whatever `seed` is, which deals out the other rows: several
    splits with one holdout, so that networks trained on different splits can be compared on rows new to all of them.

    Units are drawn class by class and go whole to one part: a row that repeats an earlier one, or shows the same
    object, goes where that one went. What counts is distinct rows. A class with ten units of one distinct row or
    more has a row in every part. `unit` is what `units` returns; None: only repeated rows belong together.
    """
    unit = first if unit is None else unit
    last = None if holdout_seed in (None, seed) else len(PARTS) - 1
    closed = np.zeros(len(y), bool) if last is None else _is_holdout(y, first, holdout_seed or 0, unit)
    part_of = np.full(len(y), len(PARTS) - 1, np.int8)
    sizes = np.bincount(unit[first == np.arange(len(y))], minlength=len(y))  # distinct rows of each unit
    heads = np.flatnonzero(unit == np.arange(len(y)))
    for label in np.unique(y[heads]):
        rows = np.random.default_rng([seed, int(label)]).permutation(heads[y[heads] == label])
        total = int(sizes[rows].sum())
        rows = rows[~closed[rows]]
        reached = np.cumsum(sizes[rows])
        ends = [(total * tenths + 5) // 10 for tenths in _TENTHS[:last]]
        if last is not None and len(rows):
            ends[-1] = int(reached[-1])  # all that is not in the holdout
        # A unit belongs where its middle falls.
        part_of[rows] = np.searchsorted(ends, reached - sizes[rows] / 2, side="right")
    part_of = part_of[unit]
    order = np.random.default_rng([seed, int(y.max()) + 1]).permutation(len(y))
    return {name: order[part_of[order] == part] for part, name in enumerate(PARTS)}


def _is_holdout(
    y: NDArray[np.int64], first: NDArray[np.int64], seed: int, unit: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for every row whether the split of `seed` puts it into the holdout (N,)."""
    closed = np.zeros(len(y), bool)
    closed[split_indices(y, first, seed, unit)["holdout"]] = True
    return closed


def split_hash(content_hash: str, indices: Indices) -> str:
    """Return the sha256 (hex) over the data set's content hash and the four parts' row numbers."""
    digest = hashlib.sha256(content_hash.encode())
    for name in PARTS:
        digest.update(f"{name}:{len(indices[name])};".encode())
        digest.update(np.ascontiguousarray(indices[name], "<i8").data)
    return digest.hexdigest()


def read_indices(path: Path) -> tuple[str, Indices]:
    """Return the data set's content hash and the row numbers stored in `path`.

    Raises InvalidInputError when the file is missing or not what was written.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            content_hash, stored_hash = str(stored["content_hash"]), str(stored["split_hash"])
            indices: Indices = {name: stored[name].astype(np.int64) for name in PARTS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"{path} is not a readable file of split indices: {error}") from error
    if split_hash(content_hash, indices) != stored_hash:
        raise InvalidInputError(f"{path} was changed after it was written; use the copy in the data folder")
    return content_hash, indices


def fitted_words(dataset: CachedDataset, train: NDArray[np.int64]) -> tuple[WordIndex, NDArray[np.int32]]:
    """Return the word index fitted on the rows `train` alone, and the table from the cache's ids to its ids."""
    tokens = dataset.arrays().take(train).tokens
    assert tokens is not None
    return fitted_index(tokens, dataset.word_index())


def split_remarks(entry: DatasetEntry, split: SplitParts) -> tuple[str, ...]:
    """Return what a reader of the split has to know, in sentences; nothing where there is nothing unusual."""
    remarks = []
    if split.groups is not None:
        noun = entry.group_noun or "group"
        remarks.append(
            f"Rows known to show the same {noun} are in one part ({split.groups:,} {noun}s and single rows), so that "
            "no part holds a near copy of what another was trained on, as far as it is known."
        )
    elif entry.group_noun:
        remarks.append(
            f"Several rows show one {entry.group_noun}, but this copy does not say which, so rows of one "
            f"{entry.group_noun} may lie in several parts: validation, test and holdout accuracy are likely too high. "
            f"The official files say it: delete the folder {entry.name} in MHL_DATA_DIR, unset MHL_DATASET_MIRROR, and "
            "fetch the data set anew."
        )
    if split.duplicates:
        remarks.append(
            f"{split.duplicates:,} {'row repeats' if split.duplicates == 1 else 'rows repeat'} another one exactly and "
            "follow it into its part."
        )
    return tuple(remarks)


def prepare_split(dataset: CachedDataset, seed: int, settings: Settings, holdout_seed: int | None = None) -> SplitParts:
    """Split `dataset` by `seed` and put the train, validation and test rows on the disk; quick if they are there.

    `holdout_seed`: see `split_indices`. Raises DataUnavailableError when the folder cannot be written.
    """
    holdout_seed = None if holdout_seed == seed else holdout_seed  # the same split
    ready = _open_split(dataset, seed, settings, holdout_seed)
    if ready is not None:
        return ready
    home = dataset_home(settings, dataset.entry.name)
    with clear_write_errors(home), locked(home):
        ready = _open_split(dataset, seed, settings, holdout_seed)  # another process may have been faster
        if ready is None:
            _build(dataset, seed, settings, holdout_seed)
            ready = _open_split(dataset, seed, settings, holdout_seed)
            _clear_old(home / "parts")
    if ready is None:
        raise DataUnavailableError(f"the split in {home} cannot be read back after writing it; check that disk")
    return ready


def _note_path(dataset: CachedDataset, seed: int, settings: Settings, holdout_seed: int | None) -> Path:
    """Return the small file that remembers which split a seed led to, so that it need not be computed again."""
    holdout = "" if holdout_seed is None else f"_holdout{holdout_seed}"
    name = f"v{SPLIT_VERSION}_{dataset.content_hash[:16]}_seed{seed}{holdout}.json"
    return dataset_home(settings, dataset.entry.name) / "splits" / name


def _build(dataset: CachedDataset, seed: int, settings: Settings, holdout_seed: int | None) -> None:
    arrays, entry = dataset.arrays(), dataset.entry
    first = first_occurrences(arrays)
    indices = split_indices(arrays.y, first, seed, units(first, arrays.groups), holdout_seed)
    identity = split_hash(dataset.content_hash, indices)
    meta = {
        "dataset": entry.name,
        "seed": seed,
        "split_hash": identity,
        "content_hash": dataset.content_hash,
        "sizes": {name: len(indices[name]) for name in PARTS},
        "class_counts": {n: np.bincount(arrays.y[indices[n]], minlength=entry.classes).tolist() for n in TRIAL_PARTS},
        "duplicates": int(np.count_nonzero(first != np.arange(len(first)))),
        "groups": None if arrays.groups is None else len(np.unique(arrays.groups)),
    }
    if entry.custom:
        meta["custom"] = to_dict(replace(read_record(record_path(settings.data_dir, entry.name)), report={}))
    words = fitted_words(dataset, indices["train"]) if entry.custom and entry.kind == "text" else None

    def fill(folder: Path) -> None:
        for name in TRIAL_PARTS:
            (folder / name).mkdir()
            rows = arrays.take(indices[name])
            (replace(rows, tokens=words[1][rows.tokens]) if words else rows).save(folder / name)
        if words:
            (folder / WORD_INDEX_FILE).write_text(json.dumps(words[0].ranks), encoding="utf-8")
        elif entry.kind == "text":  # workers may not open the folder of the whole data set
            shutil.copyfile(dataset.folder / WORD_INDEX_FILE, folder / WORD_INDEX_FILE)
        (folder / "parts.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")

    replace_folder(parts_folder(settings, entry.name, identity), fill)
    note = _note_path(dataset, seed, settings, holdout_seed)
    note.parent.mkdir(exist_ok=True)
    _write_indices(note.with_name(f"{identity}.npz"), dataset.content_hash, identity, indices)
    note.write_text(json.dumps({"split_hash": identity}), encoding="utf-8")  # last: it says that all is there


def _write_indices(path: Path, content_hash: str, identity: str, indices: Indices) -> None:
    temporary = path.with_name(f".{uuid4().hex}.npz")
    try:
        hashes = {"content_hash": np.array(content_hash), "split_hash": np.array(identity)}
        np.savez(temporary, allow_pickle=False, **hashes, **indices)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _open_split(dataset: CachedDataset, seed: int, settings: Settings, holdout_seed: int | None) -> SplitParts | None:
    """Return the split if it is on the disk, complete and made from this very content; else None."""
    note = _note_path(dataset, seed, settings, holdout_seed)
    try:
        identity = str(json.loads(note.read_text(encoding="utf-8"))["split_hash"])
        folder = parts_folder(settings, dataset.entry.name, identity)
        indices_path = note.with_name(f"{identity}.npz")
        open_parts(folder)  # checks every file and marks the folder as used
        meta = read_parts_meta(folder)
        if dataset.entry.kind == "text":
            (folder / WORD_INDEX_FILE).stat()  # parts of an older version lack it and are made again
        content_hash, indices = read_indices(indices_path)
        if content_hash != dataset.content_hash or split_hash(content_hash, indices) != identity:
            return None
        return SplitParts(
            folder=folder,
            indices_path=indices_path,
            split_hash=identity,
            seed=seed,
            sizes=meta["sizes"],
            class_counts={name: tuple(counts) for name, counts in meta["class_counts"].items()},
            duplicates=meta["duplicates"],
            groups=meta.get("groups"),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DataUnavailableError):
        return None


def _clear_old(parts: Path) -> None:
    """Keep the folders used last: each seed of a study leaves a copy of the rows (50 MB for MNIST).

    Nothing used within the last hour goes, however many there are: a study may prepare many seeds at once before
    its trainings start. A cleared folder is made again on demand, from the same seed to the same rows.
    """
    for hidden in parts.glob(".*"):  # unfinished: the process that wrote or removed it was killed
        shutil.rmtree(hidden, ignore_errors=True)
    used = sorted(((folder.stat().st_mtime, folder) for folder in parts.iterdir()), reverse=True)
    for mtime, folder in used[_KEPT_FOLDERS:]:
        if time.time() - mtime > _RECENT_SECONDS:
            grave = folder.with_name(f".{folder.name}.{uuid4().hex}")
            folder.rename(grave)  # at once, so that nobody opens half a folder
            shutil.rmtree(grave, ignore_errors=True)
