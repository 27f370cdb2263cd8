"""One training in a child process of its own, which can be killed at any moment and whose death is only data."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import LabError
from core.executors.jobs import TrainJob
from core.records import from_dict, to_json
from core.remote_job import ErrorCode
from core.trial import EpochRecord, TrialResult

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 300.0  # for loading TensorFlow in a fresh container
_LONGEST_LINE = 64 * 2**20  # bytes of a result with its trace
_PRIVATE = ("BUCKET_", "RUNPOD_", "AWS_")  # a training needs no keys
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}


class TrainingLostError(LabError):
    """The child ended without a result; `code` tells the program what to do about it."""

    def __init__(self, message: str, code: ErrorCode) -> None:
        super().__init__(message)
        self.code: ErrorCode = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What the child answered: its result, and the archive of its files if there are any to keep."""

    result: TrialResult
    archive: Path | None
    size: int | None
    sha256: str | None


async def train(job: TrainJob, on_epoch: Callable[[EpochRecord], None]) -> Trained:
    """Train `job`; whatever happens, also cancellation, nothing of the child is left running."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "runpod_handler.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=_environment(),
        start_new_session=True,  # its own group, so that all of it can be killed
        limit=_LONGEST_LINE,
    )
    try:
        answer = await _listen(process, job, on_epoch)
        code = await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if answer is None:
        raise _lost(code)
    archive = Path(answer["archive"]) if answer["archive"] else None
    result = from_dict(TrialResult, answer["result"])
    return Trained(result=result, archive=archive, size=answer["size"], sha256=answer["sha256"])


async def _listen(
    process: asyncio.subprocess.Process, job: TrainJob, on_epoch: Callable[[EpochRecord], None]
) -> dict[str, Any] | None:
    """Hand on what the child says until it says no more; return its answer. The end of its stdin would end it."""
    assert process.stdin is not None and process.stdout is not None
    with contextlib.suppress(ConnectionError):  # it is gone already, as its exit code is about to tell
        process.stdin.write(to_json(job).encode() + b"\n")
        await process.stdin.drain()
    limit: float | None = START_SECONDS
    answer: dict[str, Any] | None = None
    while True:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), limit)
        except TimeoutError:
            raise TrainingLostError(
                f"no sign of life for {limit:g} s, so it was stopped (time limit)", "TRAINING"
            ) from None
        if not line.endswith(b"\n"):
            return answer  # half a line is what a killed child leaves
        message = json.loads(line)
        if message["type"] == "epoch":
            on_epoch(from_dict(EpochRecord, message["record"]))
        elif message["type"] == "result":
            answer = message
        limit = job.silence_limit


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    return kept | _QUIET | {"PYTHONPATH": path}


def _lost(code: int) -> TrainingLostError:
    if code == -signal.SIGKILL:
        return TrainingLostError(
            "the training was killed by the system, as it does when memory runs out; use a worker with more memory, a "
            "smaller network or smaller batches",
            "OOM",
        )
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return TrainingLostError(f"the training process {how} without a result; the worker's log says more", "CRASH")
