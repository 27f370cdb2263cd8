"""The local cache of whole data sets: prepared once from mirror, network or an installed package, then mapped."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.arrays import Arrays, open_arrays
from core.datasets.download import OnProgress, download
from core.datasets.entry import DatasetEntry
from core.datasets.folders import clear_write_errors, locked, replace_folder
from core.datasets.text import WordIndex
from core.errors import DataUnavailableError

Origin = Literal["mirror", "download", "embedded", "import"]
CACHE_VERSION = 1  # raise it when the canonical form of the arrays changes: older caches are then rebuilt
# All that numpy, zipfile, gzip, json and pickle raise on a damaged or foreign file.
_UNREADABLE = (
    OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error,
    pickle.UnpicklingError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedDataset:
    """A data set on the local disk, all official parts pooled. `content_hash` is the sha256 of its arrays."""

    entry: DatasetEntry
    folder: Path
    content_hash: str
    origin: Origin
    rows: int
    class_counts: tuple[int, ...]

    def arrays(self) -> Arrays:
        """Return all rows, memory-mapped read-only."""
        return open_arrays(self.folder, self.entry.kind)

    def labels(self) -> NDArray[np.int64]:
        """Return the class number of every row (N,)."""
        return self.arrays().y

    def word_index(self) -> WordIndex:
        """Return the word index that came with the texts."""
        return WordIndex.load(self.folder)


def dataset_home(settings: Settings, name: str) -> Path:
    """Return the folder that holds everything kept about the data set `name`."""
    return settings.data_dir / name


def is_cached(name: str, settings: Settings) -> bool:
    """Tell whether `name` is ready on the local disk, complete and readable."""
    return is_ready(DATASETS[name], settings)


def is_ready(entry: DatasetEntry, settings: Settings) -> bool:
    """Do what `is_cached` does for an entry that need not be registered."""
    return _open_cache(entry, settings) is not None


def prepare(name: str, settings: Settings, on_progress: OnProgress | None = None) -> CachedDataset:
    """Return the data set `name`, from the cache or else from the mirror, or else from the network.

    `on_progress(done_bytes, total_bytes, file_name)` is called during downloads. A damaged cache is rebuilt.
    Raises InvalidInputError for an unknown name and DataUnavailableError when the data cannot be had or kept.
    """
    return prepare_entry(DATASETS[name], settings, on_progress)


def prepare_entry(entry: DatasetEntry, settings: Settings, on_progress: OnProgress | None = None) -> CachedDataset:
    """Do what `prepare` does for an entry that need not be registered."""
    ready = _open_cache(entry, settings)  # without the lock: a cache on a read-only disk is fine
    if ready is not None:
        return ready
    home = dataset_home(settings, entry.name)
    with clear_write_errors(home), locked(home):
        ready = _open_cache(entry, settings)  # another process may have been faster
        if ready is None:
            _build(entry, settings, on_progress)
            ready = _open_cache(entry, settings)
    if ready is None:
        raise DataUnavailableError(f"the cache {home} cannot be read back after writing it; check that disk")
    return ready


def keep_imported(entry: DatasetEntry, arrays: Arrays, settings: Settings) -> CachedDataset:
    """Put the rows of a custom data set into the cache; what stood there under its name is replaced.

    Raises InvalidInputError when `arrays` are not what `entry` promises, and DataUnavailableError for a full disk.
    """
    entry.check(arrays)
    home = dataset_home(settings, entry.name)
    with clear_write_errors(home), locked(home):
        _keep(entry, arrays, "import", home)
    return prepare_entry(entry, settings)


def _build(entry: DatasetEntry, settings: Settings, on_progress: OnProgress | None) -> None:
    home = dataset_home(settings, entry.name)
    origin, files = _find_files(entry, settings, home / "downloads", on_progress)
    _keep(entry, _read(entry, files), origin, home)
    shutil.rmtree(home / "downloads", ignore_errors=True)


def _keep(entry: DatasetEntry, arrays: Arrays, origin: Origin, home: Path) -> None:
    meta = {
        "version": CACHE_VERSION,
        "name": entry.name,
        "origin": origin,
        "content_hash": arrays.content_hash(),
        "rows": len(arrays),
        "class_counts": np.bincount(arrays.y, minlength=entry.classes).tolist(),
    }

    def fill(folder: Path) -> None:
        arrays.save(folder)
        (folder / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf-8")

    replace_folder(home / "arrays", fill)


def _find_files(
    entry: DatasetEntry, settings: Settings, downloads: Path, on_progress: OnProgress | None
) -> tuple[Origin, Mapping[str, Path]]:
    """Find all files in one place. Never some here and some there: Reuters' tokens fit their own word index only."""
    if not entry.files:
        return "embedded", {}
    mirror = settings.dataset_mirror
    for names in entry.file_sets if mirror else ():
        assert mirror is not None
        found = {name: mirror / name for name in names}
        if all(path.is_file() for path in found.values()):
            return "mirror", found
    return "download", download(entry, downloads, mirror, on_progress)


def _read(entry: DatasetEntry, files: Mapping[str, Path]) -> Arrays:
    try:
        return entry.check(entry.read(files))
    except _UNREADABLE as error:
        names = ", ".join(str(path) for path in files.values()) or f"the package that holds {entry.name}"
        raise DataUnavailableError(
            f"data set {entry.name} cannot be read from {names}: {error}; replace the file with an intact one"
        ) from error


def _open_cache(entry: DatasetEntry, settings: Settings) -> CachedDataset | None:
    """Return the cached data set, or None if it is missing, of an older version, or damaged."""
    folder = dataset_home(settings, entry.name) / "arrays"
    try:
        meta: dict[str, Any] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if meta["version"] != CACHE_VERSION or len(open_arrays(folder, entry.kind)) != meta["rows"]:
            return None
        if entry.kind == "text" and not (folder / "word_index.json").stat().st_size:
            return None
        return CachedDataset(
            entry=entry,
            folder=folder,
            content_hash=meta["content_hash"],
            origin=meta["origin"],
            rows=meta["rows"],
            class_counts=tuple(meta["class_counts"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
