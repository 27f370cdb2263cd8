"""What a training may see: the train, validation and test rows of one split. It knows no way to the holdout."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets import DATASETS, DatasetEntry
from core.datasets.arrays import open_arrays
from core.datasets.custom import CustomDataset
from core.datasets.text import pad
from core.errors import DataUnavailableError, InvalidInputError
from core.records import from_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one part: images `x` (n, H, W, C) uint8 or texts (`tokens`, `offsets`), with class numbers `y` (n,)."""

    name: str
    y: NDArray[np.int64]
    x: NDArray[np.uint8] | None = None
    tokens: NDArray[np.int32] | None = None
    offsets: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def images(self) -> NDArray[np.uint8]:
        """Return the raw images (n, H, W, C); divide by `entry.scale` for [0, 1]. InvalidInputError for texts."""
        if self.x is None:
            raise InvalidInputError(f"part {self.name} holds texts, not images; use sequences()")
        return self.x

    def sequences(
        self, vocabulary: int, sequence_length: int, rows: slice | NDArray[np.integer] = slice(None)
    ) -> NDArray[np.int32]:
        """Return the rows as padded token ids (n, sequence_length), see `text.pad`. InvalidInputError for images."""
        if self.tokens is None or self.offsets is None:
            raise InvalidInputError(f"part {self.name} holds images, not texts; use images()")
        return pad(self.tokens, self.offsets, rows, vocabulary, sequence_length)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialData:
    """The three parts that a trial works with, memory-mapped so that all workers share the same pages."""

    entry: DatasetEntry
    train: Part
    validation: Part
    test: Part


def parts_folder(settings: Settings, dataset: str, split_hash: str) -> Path:
    """Return where the parts of the split `split_hash` lie."""
    return settings.data_dir / dataset / "parts" / split_hash


def read_parts_meta(folder: Path) -> dict[str, Any]:
    """Return parts.json of `folder`. Raises OSError or ValueError when it is missing or damaged."""
    meta = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
    if not isinstance(meta, dict):
        raise ValueError(f"{folder / 'parts.json'} does not hold an object")
    return meta


def open_parts(folder: Path) -> TrialData:
    """Open the parts in `folder`, which `prepare_split` wrote. DataUnavailableError if they are missing or damaged."""
    try:
        meta = read_parts_meta(folder)
        # A custom data set travels with its parts: the process that trains follows no data folder.
        own = meta.get("custom")
        entry = from_dict(CustomDataset, own).entry() if own else DATASETS[meta["dataset"]]
        train, validation, test = (_open_part(folder, name, entry, meta) for name in ("train", "validation", "test"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataUnavailableError(
            f"the prepared rows in {folder} are missing or damaged ({error}); prepare the split again, for example by "
            "starting or resuming the run"
        ) from error
    # Marks the folder as in use, which keeps it from being cleared away; a read-only disk is no reason to fail.
    with contextlib.suppress(OSError):
        os.utime(folder)
    return TrialData(entry=entry, train=train, validation=validation, test=test)


def _open_part(folder: Path, name: str, entry: DatasetEntry, meta: dict[str, Any]) -> Part:
    arrays = open_arrays(folder / name, entry.kind)
    if len(arrays) != meta["sizes"][name]:
        raise ValueError(f"{name} has {len(arrays)} rows instead of {meta['sizes'][name]}")
    return Part(name=name, y=arrays.y, x=arrays.x, tokens=arrays.tokens, offsets=arrays.offsets)
