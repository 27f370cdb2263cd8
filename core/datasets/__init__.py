"""Data sets: one file per family, found by itself; and the machinery that caches and splits them."""

from __future__ import annotations

import importlib
import pkgutil

from core.datasets.arrays import Arrays
from core.datasets.entry import DatasetEntry, RemoteFile
from core.registry import Registry

__all__ = ["DATASETS", "Arrays", "DatasetEntry", "RemoteFile"]

# Modules of this folder that hold no data set. Discovery must not import them: it also runs inside training
# processes, which have to stay without the modules that know the holdout (split, cache).
_MACHINERY = {"arrays", "cache", "download", "entry", "folders", "parts", "ragged", "split", "text"}


class _DatasetRegistry(Registry[DatasetEntry]):
    """The registry of data sets; it finds every module of this folder but the machinery."""

    def discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        for module in pkgutil.iter_modules(__path__):
            if module.name not in _MACHINERY:
                importlib.import_module(f"{__name__}.{module.name}")


DATASETS: Registry[DatasetEntry] = _DatasetRegistry("data set", __name__)
