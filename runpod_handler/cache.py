"""The rows of splits on a worker's disk, found by the SHA-256 of their archive and shared by all that see the disk."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from core.bundles import unpack
from core.errors import InvalidInputError, LabError
from core.object_store import ObjectStore
from core.remote_job import RemoteInput

_log = logging.getLogger(__name__)
_KEPT = 8  # splits that are kept however old they are
_OLD = 7 * 86_400.0  # seconds without use after which the others go
_STALE = 86_400.0  # seconds after which an unfinished folder belongs to a worker that died


def fetch_parts(store: ObjectStore, task: RemoteInput, cache: Path) -> Path:
    """Return the folder with the rows of the job's split; they are fetched unless they are there.

    Raises StorageError, InvalidInputError for an archive that holds something else, LabError for a full disk.
    """
    folder = cache / "parts" / task.parts_sha256
    if folder.is_dir():
        return folder
    try:
        with _alone(cache / "locks" / task.parts_sha256):
            if not folder.is_dir():
                _fetch(store, task, folder)
    except OSError as error:
        raise LabError(
            f"cannot write to the cache {cache}: {error}; free some space there or mend its rights"
        ) from None
    return folder


def _fetch(store: ObjectStore, task: RemoteInput, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    _tidy(folder.parent)
    fresh = folder.parent / f"new-{uuid4().hex}"
    fresh.mkdir()
    try:
        archive = fresh / "parts.zip"
        store.download(task.parts_key, archive, task.parts_size, task.parts_sha256)
        unpack(archive, fresh / "parts")
        if not (fresh / "parts" / "parts.json").is_file():
            raise InvalidInputError(f"{task.parts_key} holds no prepared split: parts.json is missing")
        try:
            (fresh / "parts").rename(folder)
        except OSError:
            if not folder.is_dir():  # else another worker was faster, where locks do not work
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one worker at a time fetch the same split; the system lets go when its holder dies."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:
            _log.info("the disk of %s knows no locks; another worker may fetch the same rows", lock.parent)
        yield


def _tidy(folder: Path) -> None:
    """Remove what nobody used for long; a training marks the rows that it opens by their time."""
    now = time.time()
    used = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            used.append((path.stat().st_mtime, path))
    for at, path in used:
        if path.name.startswith("new-") and now - at > _STALE:
            shutil.rmtree(path, ignore_errors=True)
    splits = sorted((entry for entry in used if not entry[1].name.startswith("new-")), reverse=True)
    for at, path in splits[_KEPT:]:
        if now - at > _OLD:
            shutil.rmtree(path, ignore_errors=True)
