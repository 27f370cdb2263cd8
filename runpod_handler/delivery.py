"""One job from its input to its answer. A job may be delivered twice, and cancelled at any moment."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError, LabError
from core.executors.jobs import TrainJob
from core.object_store import ObjectStore, StorageConfig
from core.records import from_dict, from_json, to_dict, to_json
from core.remote_job import ARTIFACTS_NAME, JOB_VERSION, RESULT_NAME, ErrorCode, RemoteInput, RemoteOutcome
from core.storage_errors import StorageError
from core.trial import WIRE_VERSION
from runpod_handler.cache import fetch_parts
from runpod_handler.progress import Post, ProgressSender
from runpod_handler.surroundings import Surroundings
from runpod_handler.training import Train, TrainingLostError

_log = logging.getLogger(__name__)
_RESULT_LIMIT = 64 * 2**20  # bytes of a result with its trace


async def deliver(job: dict[str, Any], surroundings: Surroundings, post: Post, train: Train) -> dict[str, Any]:
    """Answer the job `{"id", "input"}` with a RemoteOutcome without trace, or with `error` and `error_code`.

    When cancelled, the training is killed first and CancelledError passes on.
    """
    progress = ProgressSender(post, surroundings.worker)
    try:
        answer = await _answer(job, surroundings, progress, train)
    except (LabError, OSError) as error:
        code = _code(error)
        _log.warning("job %s failed (%s): %s", job.get("id"), code, error)
        last = to_dict(progress.last)
        answer = {"error": str(error), "error_code": code, "worker": surroundings.worker, "last": last}
    except BaseException as error:  # also CancelledError, which the SDK expects to get back
        _log.info("job %s ended by %s", job.get("id"), type(error).__name__)
        await asyncio.to_thread(progress.close, drop=True)
        raise
    await asyncio.to_thread(progress.close)  # a message that arrives after the answer would undo it
    return answer


async def _answer(
    job: dict[str, Any], surroundings: Surroundings, progress: ProgressSender, train: Train
) -> dict[str, Any]:
    task = _read_input(job)
    store = _store(surroundings.bucket())
    outcome = await asyncio.to_thread(_committed, store, task)
    if outcome is None:
        progress.tell("fetching data")
        parts = await asyncio.to_thread(fetch_parts, store, task, surroundings.cache)
        outcome = await _train(task, parts, store, surroundings, progress, train)
    return to_dict(replace(outcome, result=replace(outcome.result, trace=None)))


async def _train(
    task: RemoteInput,
    parts: Path,
    store: ObjectStore,
    surroundings: Surroundings,
    progress: ProgressSender,
    train: Train,
) -> RemoteOutcome:
    folder = Path(tempfile.mkdtemp(prefix="mhl-trial-"))
    try:
        progress.tell("starting")
        job = TrainJob(
            spec=task.spec,
            parts_folder=str(parts),
            out_dir=str(folder / "trial"),
            silence_limit=task.silence_limit,
        )
        trained = await train(job, lambda epoch: progress.tell("training", epoch))
        progress.tell("uploading")
        outcome = RemoteOutcome(
            trial_uid=task.trial_uid,
            result=trained.result,
            worker=surroundings.worker,
            bucket=store.config.bucket,
            region=store.config.region,
        )
        if trained.archive is not None:
            key = task.prefix + ARTIFACTS_NAME
            await asyncio.to_thread(store.put_file, key, trained.archive)
            outcome = replace(outcome, artifacts_key=key, artifacts_size=trained.size, artifacts_sha256=trained.sha256)
        await asyncio.to_thread(store.put_bytes, task.prefix + RESULT_NAME, to_json(outcome).encode())
        return outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def _store(config: StorageConfig) -> ObjectStore:
    """Return the bucket, whose client takes a tenth of a second to make and keeps its connections."""
    return ObjectStore(config)


def _read_input(job: dict[str, Any]) -> RemoteInput:
    """Check the input before anything is done with it. Raises InvalidInputError."""
    task = from_dict(RemoteInput, job.get("input"))
    if (task.version, task.spec.version) != (JOB_VERSION, WIRE_VERSION):
        raise InvalidInputError(
            f"the job has version {task.version}.{task.spec.version}, this worker understands "
            f"{JOB_VERSION}.{WIRE_VERSION}; build the worker's image from the version of the program that you use"
        )
    if not task.prefix.endswith("/"):
        raise InvalidInputError(f"prefix must end with a slash, got {task.prefix!r:.120}")
    if not re.fullmatch("[0-9a-f]{64}", task.parts_sha256):
        raise InvalidInputError(f"parts_sha256 must be 64 hex digits, got {task.parts_sha256!r:.80}")
    if task.silence_limit is not None and not task.silence_limit > 0:
        raise InvalidInputError(f"silence_limit must be above 0 seconds, got {task.silence_limit}")
    return task


def _committed(store: ObjectStore, task: RemoteInput) -> RemoteOutcome | None:
    """Return what an earlier delivery of the job stored, if that is whole. A failed training is tried again."""
    data = store.get_bytes(task.prefix + RESULT_NAME, limit=_RESULT_LIMIT)
    try:
        found = from_json(RemoteOutcome, data.decode("utf-8")) if data is not None else None
    except (InvalidInputError, UnicodeDecodeError) as error:
        _log.warning("%s%s cannot be read, so the trial is trained again: %s", task.prefix, RESULT_NAME, error)
        return None
    if found is None or found.trial_uid != task.trial_uid or found.result.status == "failed":
        return None
    if found.artifacts_key is not None and store.size(found.artifacts_key) != found.artifacts_size:
        return None
    return replace(found, reused=True)


def _code(error: Exception) -> ErrorCode:
    if isinstance(error, TrainingLostError):
        return error.code
    if isinstance(error, InvalidInputError):
        return "BAD_INPUT"
    if isinstance(error, StorageError):
        return "TRANSIENT" if error.transient else "STORAGE"
    return "TRANSIENT"  # a full disk: another worker may have room
