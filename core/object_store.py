"""Object storage (S3): the rows of splits on their way to remote workers, and what they trained on its way back.

Only what RunPod's S3 API offers is used: put, get, head, list (version 2), delete one, multipart. boto3 loads with the
first request, so that importing this module costs nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.errors import InvalidInputError
from core.storage_client import failures, make_client, translated
from core.storage_config import StorageConfig
from core.storage_errors import StorageError, is_missing, outcome_unknown

__all__ = ["ObjectStore", "StorageConfig", "StorageError", "StoredObject"]

_MB = 2**20
_MULTIPART_THRESHOLD, _PART = 64 * _MB, 32 * _MB  # RunPod takes at most 500 MB in one request
_CHUNK = _MB
_STALLS = 4  # broken reads without a single new byte, after which a download gives up
_LONGEST_PAUSE = 8.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One line of a listing; `size` in bytes."""

    key: str
    size: int


class ObjectStore:
    """A bucket. Thread-safe; every method raises StorageError, and InvalidInputError for a key that is no clean path.

    `attempts` is how often a request is sent that fails for a passing reason; `sleep` is called between broken reads.
    """

    def __init__(
        self, config: StorageConfig, *, attempts: int = 10, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.config = config
        self._attempts, self._sleep = attempts, sleep
        self._lock = threading.Lock()
        self._made: Any = None

    def put_file(self, key: str, path: Path) -> None:
        """Store a file, in parts when it is large."""
        from boto3.s3.transfer import TransferConfig

        _check_key(key)
        size = path.stat().st_size
        before = self._head(key) if size >= _MULTIPART_THRESHOLD else None
        transfer = TransferConfig(
            multipart_threshold=_MULTIPART_THRESHOLD, multipart_chunksize=_PART, max_concurrency=4
        )
        with self._translated(f"storing {key}"):
            try:
                self._client.upload_file(str(path), self.config.bucket, key, Config=transfer)
            except failures() as error:
                if size < _MULTIPART_THRESHOLD or not outcome_unknown(error):
                    raise
                # Completing a large upload may time out although it succeeded: a new object of this size is ours.
                after = self._head(key)
                if after is None or after == before or after[0] != size:
                    raise

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store a small object."""
        _check_key(key)
        with self._translated(f"storing {key}"):
            self._client.put_object(Bucket=self.config.bucket, Key=key, Body=data)

    def get_bytes(self, key: str, limit: int = 16 * _MB) -> bytes | None:
        """Return a small object, or None when there is none. StorageError when it has more than `limit` bytes."""
        _check_key(key)
        stalls = 0
        while True:
            try:
                with self._translated(f"reading {key}"):
                    try:
                        answer = self._client.get_object(Bucket=self.config.bucket, Key=key)
                    except self._client.exceptions.ClientError as error:
                        if is_missing(error):
                            return None
                        raise
                    with contextlib.closing(answer["Body"]) as body:
                        if answer["ContentLength"] > limit:
                            raise StorageError(
                                f"{key} has {answer['ContentLength']:,} bytes, expected are at most {limit:,}; "
                                "something else was stored under that name: delete it"
                            )
                        return bytes(body.read())
            except StorageError as error:
                stalls = self._pause(error, stalls + 1)

    def size(self, key: str) -> int | None:
        """Return the size of an object in bytes, or None when there is none."""
        _check_key(key)
        found = self._head(key)
        return found[0] if found else None

    def download(self, key: str, target: Path, size: int, sha256: str) -> None:
        """Fetch an object of known size and SHA-256 to `target`, which appears complete or not at all.

        It is streamed to a `.part` beside it; a broken connection, and a later call, go on where it ended.
        """
        _check_key(key)
        part = target.with_name(f"{target.name}.part")
        with _writable(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            resumed = _size_of(part) > 0
            for _ in range(2):
                self._fill(key, part, size)
                if _sha256(part) == sha256:
                    part.replace(target)
                    return
                part.unlink()
                if not resumed:
                    break
                resumed = False  # what an earlier call left may have been of another object: once more, from the start
        raise StorageError(
            f"{key} arrived with another SHA-256 than the expected {sha256[:12]}…; it was damaged or overwritten: "
            "delete it in the bucket so that it is made anew"
        )

    def delete(self, key: str) -> None:
        """Delete an object; one that does not exist is fine."""
        _check_key(key)
        with self._translated(f"deleting {key}"):
            try:
                self._client.delete_object(Bucket=self.config.bucket, Key=key)
            except self._client.exceptions.ClientError as error:
                if not is_missing(error):
                    raise

    def list(self, prefix: str) -> tuple[StoredObject, ...]:
        """Return all objects whose keys begin with `prefix`, in the order of their keys."""
        found = []
        with self._translated(f"listing {prefix}"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.config.bucket, Prefix=prefix
            ):
                found += [StoredObject(key=one["Key"], size=one["Size"]) for one in page.get("Contents", [])]
        return tuple(sorted(found, key=lambda one: one.key))

    def check(self) -> None:
        """Write, read and delete a small object; raises soon, since somebody waits for the answer."""
        quick = ObjectStore(self.config, attempts=min(2, self._attempts), sleep=self._sleep)
        key, data = f"model-health-lab-check-{uuid4().hex}", uuid4().bytes
        quick.put_bytes(key, data)
        try:
            if quick.get_bytes(key) != data:
                raise StorageError(
                    f"the bucket {self.config.bucket} does not return what was written to it; use another"
                )
        finally:
            quick.delete(key)

    def _head(self, key: str) -> tuple[int, str] | None:
        """Return size and ETag of an object, or None when there is none."""
        with self._translated(f"looking for {key}"):
            try:
                answer = self._client.head_object(Bucket=self.config.bucket, Key=key)
            except self._client.exceptions.ClientError as error:
                if is_missing(error):
                    return None
                raise
        return int(answer["ContentLength"]), str(answer.get("ETag"))

    def _fill(self, key: str, part: Path, size: int) -> None:
        """Stream until `part` has `size` bytes."""
        stalls = 0
        if _size_of(part) > size:
            part.unlink()
        while (have := _size_of(part)) < size or not part.exists():
            try:
                with self._translated(f"reading {key}"):
                    self._append(key, part, have, size)
            except StorageError as error:
                stalls = self._pause(error, stalls + 1 if _size_of(part) <= have else 1)

    def _append(self, key: str, part: Path, have: int, size: int) -> None:
        ranged = {"Range": f"bytes={have}-"} if have else {}
        try:
            answer = self._client.get_object(Bucket=self.config.bucket, Key=key, **ranged)
        except self._client.exceptions.ClientError as error:
            if is_missing(error):
                raise StorageError(
                    f"{key} is not in the bucket {self.config.bucket}; run what makes it again"
                ) from None
            raise
        with contextlib.closing(answer["Body"]) as body:
            total = int(answer.get("ContentRange", f"/{answer['ContentLength']}").rpartition("/")[2])
            if total != size:
                raise StorageError(
                    f"{key} has {total:,} bytes instead of {size:,}; it was cut off or overwritten: delete it in the "
                    "bucket so that it is made anew"
                )
            # A server that ignores the range sends the whole object.
            with part.open("ab" if "ContentRange" in answer else "wb") as file:
                for chunk in _chunks(body):
                    file.write(chunk)

    def _pause(self, error: StorageError, stalls: int) -> int:
        """Wait before trying again; raises `error` when that is hopeless."""
        if not error.transient or stalls >= _STALLS:
            raise error
        self._sleep(min(_LONGEST_PAUSE, 2.0 ** (stalls - 1)))
        return stalls

    def _translated(self, doing: str) -> contextlib.AbstractContextManager[None]:
        return translated(doing, self.config)

    @property
    def _client(self) -> Any:
        with self._lock:  # making a client is not thread-safe, using it is
            if self._made is None:
                self._made = make_client(self.config, self._attempts)
            return self._made


def _chunks(body: Any) -> Iterator[bytes]:
    while chunk := body.read(_CHUNK):
        yield chunk


def _check_key(key: str) -> None:
    """A key is a real path on a network volume."""
    steps = key.split("/")
    if not key.isprintable() or "#" in key or "\\" in key or any(step in ("", ".", "..") for step in steps):
        raise InvalidInputError(
            f"{key!r:.120} is no name for an object; use steps parted by single slashes, without '..' and '#'"
        )


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise StorageError(f"cannot write to {folder}: {reason}; free some disk space or mend its rights") from None
