"""Data sets that people bring: what is kept about each, and how the registry finds them.

Their rows lie where all cached rows lie; beside them, `custom/{name}.json` in the data folder says what they are.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.config import WINDOWS_DEVICES
from core.datasets.arrays import Arrays
from core.datasets.entry import DatasetEntry, Kind
from core.errors import DataUnavailableError, InvalidInputError, LabError
from core.records import STRICT_KEYS, from_dict, to_dict
from core.registry import Registry

_FOLDER = "custom"
_BATCHES = ((5_000, 32), (20_000, 64))  # rows below which a data set is trained in batches of so many
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDataset:
    """What a person's data set is. `report`: what was found when it was imported, as plain data."""

    name: str
    label: str
    kind: Kind
    shape: tuple[int, ...]
    class_names: tuple[str, ...]
    rows: int
    description: str
    source: str  # the name of the file or folder that was imported
    imported_at: str  # ISO 8601, UTC
    vocabulary: int | None = None
    default_sequence_length: int | None = None
    report: dict[str, Any] = field(default_factory=dict)
    version: int = 1

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        check_name(self.name)
        self.entry()  # raises for a shape or a number of classes that cannot be

    def entry(self) -> DatasetEntry:
        """Return the entry under which everything else knows this data set."""
        return DatasetEntry(
            name=self.name,
            label=self.label,
            kind=self.kind,
            shape=self.shape,
            class_names=self.class_names,
            default_batch_size=next((size for rows, size in _BATCHES if self.rows < rows), 128),
            scale=255.0 if self.kind == "image" else 1.0,
            description=self.description,
            licence="your own data; its licence is known to you",
            source=self.source,
            files=(),
            read=self._gone,
            vocabulary=self.vocabulary,
            default_sequence_length=self.default_sequence_length,
            custom=True,
        )

    def _gone(self, _files: Mapping[str, Path]) -> Arrays:
        raise DataUnavailableError(
            f"the imported rows of {self.name} are missing or damaged; import {self.source} again under this name"
        )


def check_name(name: str) -> None:
    """Raise InvalidInputError unless `name` can name a custom data set (and its folder, on every system)."""
    if not _NAME.fullmatch(name) or name == _FOLDER or name in WINDOWS_DEVICES:
        raise InvalidInputError(
            f"data set name {name!r:.100} is not allowed; use 1 to 40 lower-case letters, digits or '_', starting with "
            "a letter"
        )


def record_path(data_dir: Path, name: str) -> Path:
    """Return the file that says what the custom data set `name` is."""
    return data_dir / _FOLDER / f"{name}.json"


def write_record(data_dir: Path, dataset: CustomDataset) -> None:
    """Make `dataset` known to every process that follows `data_dir`. Raises OSError."""
    path = record_path(data_dir, dataset.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid4().hex}")
    try:
        temporary.write_text(json.dumps(to_dict(dataset), indent=1), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_record(path: Path) -> CustomDataset:
    """Read what `write_record` wrote. Raises OSError or InvalidInputError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInputError(f"{path} does not hold JSON ({error}); import the data set again") from None
    return from_dict(CustomDataset, data)


class DatasetRegistry(Registry[DatasetEntry]):
    """The built-in data sets, and the custom ones of the data folder that is followed."""

    def __init__(self, package: str, skip: frozenset[str]) -> None:
        super().__init__("data set", package, skip)
        self._data_dir: Path | None = None
        self._seen: tuple[tuple[str, int], ...] = ()
        self._custom: dict[str, DatasetEntry] = {}

    def follow(self, data_dir: Path) -> None:
        """Know the custom data sets of this data folder too, also those that come and go later."""
        if data_dir != self._data_dir:
            self._data_dir, self._seen, self._custom = data_dir, (), {}

    def built_in(self, name: str) -> bool:
        """Tell whether `name` ships with the program."""
        return super().__contains__(name)

    def _followed(self) -> dict[str, DatasetEntry]:
        if self._data_dir is None:
            return {}
        try:
            with os.scandir(self._data_dir / _FOLDER) as found:
                files = [file for file in found if file.name.endswith(".json") and not file.name.startswith(".")]
                seen = tuple(sorted((file.name, file.stat().st_mtime_ns) for file in files))
        except OSError:
            seen = ()
        if seen != self._seen:
            custom = {}
            for name, _changed in seen:
                try:
                    dataset = read_record(self._data_dir / _FOLDER / name)
                except (OSError, LabError):  # damaged, or of a newer version: the others are still there
                    continue
                if not self.built_in(dataset.name):
                    custom[dataset.name] = dataset.entry()
            self._custom, self._seen = custom, seen
        return self._custom

    def __getitem__(self, name: str) -> DatasetEntry:
        return self._followed().get(name) or super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._followed()

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        yield from self._followed()

    def __len__(self) -> int:
        return super().__len__() + len(self._followed())
