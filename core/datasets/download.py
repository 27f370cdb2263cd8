"""Fetching official files over the network, with pinned hashes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from core.datasets.entry import DatasetEntry, RemoteFile
from core.errors import DataUnavailableError

OnProgress = Callable[[int, int, str], None]  # bytes done, bytes in all (0: the server did not say), file name
_TIMEOUT_SECONDS = 30
_CHUNK_BYTES = 1 << 18


class _Progress:
    """What pooch wants of a progress bar, passed on to a callback."""

    def __init__(self, name: str, on_progress: OnProgress) -> None:
        self.total = 0
        self._done = 0
        self._name = name
        self._on_progress = on_progress

    def update(self, count: int) -> None:
        # pooch counts whole chunks, so that the last one may overshoot.
        self._done = min(self._done + count, self.total) if self.total else self._done + count
        self._on_progress(self._done, self.total, self._name)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def download(
    entry: DatasetEntry, folder: Path, mirror: Path | None, on_progress: OnProgress | None = None
) -> dict[str, Path]:
    """Fetch all files of `entry` into `folder` and return them by name; files already there are checked and kept.

    Raises DataUnavailableError when a file cannot be reached or has another hash than the pinned one, and OSError
    when it cannot be written. `mirror` is named in the message only.
    """
    return {file.name: _fetch(entry, file, folder, mirror, on_progress) for file in entry.files}


def _fetch(
    entry: DatasetEntry, file: RemoteFile, folder: Path, mirror: Path | None, on_progress: OnProgress | None
) -> Path:
    import pooch  # imported here: only a download needs it and requests
    import requests

    pooch.get_logger().setLevel(logging.WARNING)  # the caller shows progress; core prints nothing
    bar = _Progress(file.name, on_progress) if on_progress else False
    fetcher = pooch.HTTPDownloader(progressbar=bar, chunk_size=_CHUNK_BYTES, timeout=_TIMEOUT_SECONDS)
    try:
        path = pooch.retrieve(
            file.url, known_hash=file.known_hash, fname=Path(file.name).name, path=folder, downloader=fetcher
        )
    except requests.RequestException as error:  # before OSError, of which it is a kind
        raise DataUnavailableError(_unreachable(entry, file, mirror, error)) from error
    except ValueError as error:  # pooch's word for a hash that differs
        raise DataUnavailableError(
            f"{file.name} downloaded from {file.url} does not have the pinned hash {file.known_hash}, so it was "
            f"discarded: the file was cut off or altered on its way. Try again, or {_remedy(entry, mirror)}"
        ) from error
    return Path(path)


def _unreachable(entry: DatasetEntry, file: RemoteFile, mirror: Path | None, error: Exception) -> str:
    where = f"not in the mirror {mirror}" if mirror else "no mirror is set"
    return (
        f"data set {entry.name} needs {file.name}: it is not cached, {where}, and {file.url} cannot be reached "
        f"({type(error).__name__}). Connect to the network, or {_remedy(entry, mirror)}"
    )


def _remedy(entry: DatasetEntry, mirror: Path | None) -> str:
    """Say where the files go; all of them, because a data set is never put together from two places."""
    folder = mirror or Path("/path/to/mirror")
    choices = " or ".join(" and ".join(str(folder / name) for name in names) for names in entry.file_sets)
    return f"put {choices} in place and set MHL_DATASET_MIRROR={folder}"
