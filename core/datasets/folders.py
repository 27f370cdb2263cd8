"""Folders that appear complete or not at all, also when several processes make the same one."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from core.errors import DataUnavailableError


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the lock of `home` (made if missing): one writer at a time, across processes and threads.

    The system releases the lock when its holder dies, so a killed process blocks nobody.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def clear_write_errors(home: Path) -> Iterator[None]:
    """Turn an OSError (disk full, no permission) into a DataUnavailableError that names the folder and the remedy."""
    try:
        yield
    except OSError as error:
        raise DataUnavailableError(
            f"cannot write to {home}: {error.strerror or error}; free some disk space there, or set MHL_DATA_DIR to a "
            "folder with room that this user may write to"
        ) from error


def replace_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a temporary sibling, then rename that to `target`; what stood there is removed.

    The caller holds the lock of a folder above `target`. Raises OSError; `target` is then as it was before.
    """
    prefix = f".{target.name}."
    if target.parent.is_dir():
        for stale in target.parent.glob(f"{prefix}*"):  # left by a process that was killed while it held the lock
            shutil.rmtree(stale, ignore_errors=True)
    fresh, old = (target.parent / f"{prefix}{uuid4().hex}" for _ in range(2))
    try:
        fresh.mkdir(parents=True)
        fill(fresh)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
