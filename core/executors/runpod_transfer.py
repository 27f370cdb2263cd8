"""What goes over object storage: the rows of a split to the workers once, and each trial's files back, checked."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from core.bundles import pack, unpack
from core.errors import InvalidInputError, LabError
from core.executors.jobs import TrainJob
from core.records import STRICT_KEYS, from_json, to_json
from core.remote_job import RESULT_NAME, RemoteOutcome
from core.trial import RESULT_FILE, SPEC_FILE, TrialResult

_log = logging.getLogger(__name__)
_RESULT_LIMIT = 64 * 2**20  # bytes of a result.json with its trace


class Storage(Protocol):
    """What is asked of object storage; `core.object_store.ObjectStore` is one. All raise StorageError."""

    def put_file(self, key: str, path: Path) -> None:
        """Store a file."""

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store a small object."""

    def get_bytes(self, key: str, limit: int = ...) -> bytes | None:
        """Return a small object, or None when there is none."""

    def size(self, key: str) -> int | None:
        """Return the size of an object in bytes, or None when there is none."""

    def download(self, key: str, target: Path, size: int, sha256: str) -> None:
        """Fetch an object to a file and check it."""


class DamagedResultError(LabError):
    """A result that is missing or not what the worker sent: reading it again may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsObject:
    """The stored rows of a split."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seal:
    """What is kept beside a stored object, written after it."""

    size: int
    sha256: str

    __pydantic_config__ = STRICT_KEYS


class Transfer:
    """Uploads and downloads under `root`. Thread-safe; every call may take as long as the network does."""

    def __init__(self, storage: Storage, root: str) -> None:
        self._storage, self._root = storage, root.strip("/")
        self._lock = threading.Lock()
        self._parts: dict[str, PartsObject] = {}

    def prefix(self, namespace: str, number: int, uid: str) -> str:
        """Return where the objects of a trial lie."""
        return f"{self._root}/runs/{namespace}/trial_{number}-{uid}/"

    def parts(self, folder: Path, split_hash: str) -> PartsObject:
        """Return the stored rows of a split; they are uploaded unless they are there already."""
        with self._lock:  # the trials that start together wait for one upload
            if split_hash not in self._parts:
                self._parts[split_hash] = self._find_parts(split_hash) or self._upload_parts(folder, split_hash)
            return self._parts[split_hash]

    def outcome(self, prefix: str, uid: str) -> RemoteOutcome | None:
        """Return the committed result of a training; None when there is none that can be read."""
        data = self._storage.get_bytes(prefix + RESULT_NAME, limit=_RESULT_LIMIT)
        if data is None:
            return None
        try:
            found = from_json(RemoteOutcome, data.decode("utf-8"))
        except (InvalidInputError, UnicodeDecodeError) as error:
            _log.warning("%s%s cannot be read: %s", prefix, RESULT_NAME, error)
            return None
        return found if found.trial_uid == uid else None

    def fetch(self, job: TrainJob, prefix: str, outcome: RemoteOutcome, wanted: Callable[[], bool]) -> TrialResult:
        """Bring a completed trial's files to its folder, as a local training leaves it, and return its result.

        Nothing is published when `wanted` says no at the end.
        """
        if outcome.artifacts_key is None or outcome.artifacts_size is None or outcome.artifacts_sha256 is None:
            raise DamagedResultError("the worker names no files of a completed trial")
        if not outcome.artifacts_key.startswith(prefix):
            raise DamagedResultError(
                f"the worker's files lie at {outcome.artifacts_key!r:.80}, outside the trial's own"
            )
        out_dir = Path(job.out_dir)
        part, archive = _beside(out_dir, ".part"), _beside(out_dir, ".zip.part")
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._storage.download(outcome.artifacts_key, archive, outcome.artifacts_size, outcome.artifacts_sha256)
            shutil.rmtree(part, ignore_errors=True)
            unpack(archive, part)
            result = settled(outcome)
            _verify(part, result)
            _publish(part, out_dir, result, wanted)
        except InvalidInputError as error:
            raise DamagedResultError(f"the trial's archive is damaged: {error}") from None
        finally:
            archive.unlink(missing_ok=True)
            shutil.rmtree(part, ignore_errors=True)
        return result

    def _find_parts(self, split_hash: str) -> PartsObject | None:
        key = self._parts_key(split_hash)
        data = self._storage.get_bytes(f"{key}.seal.json")
        if data is None:
            return None
        try:
            seal = from_json(_Seal, data.decode("utf-8"))
        except (InvalidInputError, UnicodeDecodeError):
            return None
        if self._storage.size(key) != seal.size:
            return None
        return PartsObject(key=key, size=seal.size, sha256=seal.sha256)

    def _upload_parts(self, folder: Path, split_hash: str) -> PartsObject:
        key = self._parts_key(split_hash)
        with tempfile.TemporaryDirectory(prefix="mhl-parts-") as temporary:
            archive = Path(temporary) / "parts.zip"
            size, sha256 = pack(folder, archive)
            self._storage.put_file(key, archive)
        self._storage.put_bytes(f"{key}.seal.json", to_json(_Seal(size=size, sha256=sha256)).encode())
        return PartsObject(key=key, size=size, sha256=sha256)

    def _parts_key(self, split_hash: str) -> str:
        return f"{self._root}/parts/{split_hash}.zip"


def settled(outcome: RemoteOutcome) -> TrialResult:
    """Return the result with the worker named in its device."""
    result = outcome.result
    return replace(result, device=f"{result.device} on RunPod worker {outcome.worker}")


def keep_metrics(job: TrainJob, result: TrialResult, why: str, wanted: Callable[[], bool]) -> TrialResult:
    """Leave a trial whose files are lost with what was measured, and return that result."""
    text = f"the network's files could not be fetched: {why}"
    kept = replace(result, artifacts=(), error=text)
    out_dir = Path(job.out_dir)
    part = _beside(out_dir, ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    (part / SPEC_FILE).write_text(to_json(job.spec), encoding="utf-8")
    _publish(part, out_dir, kept, wanted)
    return kept


def _publish(part: Path, out_dir: Path, result: TrialResult, wanted: Callable[[], bool]) -> None:
    """Write the result last, then give the folder its name."""
    (part / RESULT_FILE).write_text(to_json(result), encoding="utf-8")
    if wanted():
        shutil.rmtree(out_dir, ignore_errors=True)
        part.rename(out_dir)
    else:
        shutil.rmtree(part, ignore_errors=True)


def _verify(folder: Path, result: TrialResult) -> None:
    for artifact in result.artifacts:
        path = (folder / artifact.path).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise DamagedResultError(f"the trial's archive lacks {artifact.path!r:.80}")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != artifact.sha256:
                raise DamagedResultError(f"{artifact.path!r:.80} in the trial's archive is not what the worker wrote")


def _beside(folder: Path, ending: str) -> Path:
    return folder.with_name(folder.name + ending)
