"""The hidden folder where an import is put together: made, filled row by row, and removed whatever happens."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import DTypeLike, NDArray

from core.config import Settings
from core.datasets.folders import clear_write_errors
from core.errors import LabError

OnProgress = Callable[[int, int, str], None]  # done, total, what is being done
_FOLDER = ".staging"
_LEFTOVER_SECONDS = 24 * 3600.0


class ImportStopped(LabError):
    """The import was asked to stop; nothing of it is left."""


class Watch:
    """Passes progress on, and raises ImportStopped as soon as `stopping` says so."""

    def __init__(self, on_progress: OnProgress | None, stopping: Callable[[], bool]) -> None:
        self._on_progress, self._stopping = on_progress, stopping

    def step(self, done: int, total: int, note: str) -> None:
        """Tell how far it is. Called often: whoever listens may draw less often."""
        if self._stopping():
            raise ImportStopped("the import was stopped; nothing was kept of it")
        if self._on_progress is not None:
            self._on_progress(done, total, note)


def new_folder(settings: Settings) -> Path:
    """Make an empty staging folder on the disk of the cache. DataUnavailableError when that cannot be."""
    folder = settings.data_dir / _FOLDER / uuid4().hex
    with clear_write_errors(settings.data_dir):
        folder.mkdir(parents=True)
    return folder


def clear_leftovers(settings: Settings, now: float) -> None:
    """Remove what killed processes left: staging folders in which nothing has changed for a day before `now`."""
    home = settings.data_dir / _FOLDER
    for folder in home.iterdir() if home.is_dir() else ():
        try:
            changed = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
        except OSError:  # another process is just removing it
            continue
        if now - changed > _LEFTOVER_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


class RowFile:
    """An .npy file that grows by appended rows, so that any number of them needs no memory.

    Appending, unlike writing through a memory map, turns a full disk into an error instead of a killed process.
    Every method raises DataUnavailableError for a full disk.
    """

    def __init__(self, path: Path, dtype: DTypeLike, row_shape: tuple[int, ...] = ()) -> None:
        self.path, self.rows = path, 0
        self._dtype, self.row_shape = np.dtype(dtype), row_shape
        with clear_write_errors(path.parent):
            self._file = path.open("wb")
        self._write_header()
        self._body = self._file.tell()

    def append(self, rows: NDArray[Any]) -> None:
        """Write the rows (n, *row_shape) behind the others."""
        assert rows.shape[1:] == self.row_shape
        with clear_write_errors(self.path.parent):
            self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self.rows += len(rows)

    def close(self) -> None:
        """Complete the file; it can be closed again without harm."""
        if self._file.closed:
            return
        try:
            self._write_header()
            assert self._file.tell() == self._body  # numpy leaves room in the header for the first axis to grow
        finally:
            with clear_write_errors(self.path.parent):
                self._file.close()

    def _write_header(self) -> None:
        header = {
            "shape": (self.rows, *self.row_shape),
            "fortran_order": False,
            "descr": np.lib.format.dtype_to_descr(self._dtype),
        }
        with clear_write_errors(self.path.parent):
            self._file.flush()  # here a full disk shows, and not when the file is closed
            self._file.seek(0)
            np.lib.format.write_array_header_1_0(self._file, header)
            self._file.flush()
