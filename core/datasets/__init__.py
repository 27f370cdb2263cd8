"""Data sets: one file per family, found by itself; and the machinery that caches and splits them."""

from __future__ import annotations

from core.datasets.arrays import Arrays
from core.datasets.custom import DatasetRegistry
from core.datasets.entry import DatasetEntry, RemoteFile

__all__ = ["DATASETS", "Arrays", "DatasetEntry", "RemoteFile"]

# Modules of this folder that hold no data set. Discovery must not import them: it also runs inside training
# processes, which have to stay without the modules that know the holdout (split, cache).
_MACHINERY = frozenset(
    {"arrays", "cache", "custom", "download", "entry", "folders", "parts", "ragged", "samples", "split", "text"}
)

DATASETS = DatasetRegistry(__name__, skip=_MACHINERY)
