"""A disk that is full: how it shows, and what to say."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from core.errors import LabError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_WORDS = tuple(os.strerror(code) for code in _FULL)


class DiskFullError(LabError):
    """A disk or a quota without room; nothing that was stored before is lost."""

    def __init__(self, folder: Path, words: str) -> None:
        super().__init__(
            f"cannot write to {folder}: {words}. What is stored there is whole: free some space, then resume"
        )


def full_disk(folder: Path, error: BaseException | str | None) -> DiskFullError | None:
    """Return the error to raise when `error`, or what a worker wrote of its own, means that the disk is full.

    HDF5 and TensorFlow have exceptions of their own, which carry the system's words.
    """
    if isinstance(error, OSError) and error.errno in _FULL:
        return DiskFullError(folder, os.strerror(error.errno))
    words = next((words for words in _WORDS if words in str(error)), None)
    return DiskFullError(folder, words) if words else None
