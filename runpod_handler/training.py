"""One training in a child process of its own, which can be killed at any moment and whose death is only data."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import LabError
from core.executors.jobs import OnEpoch, TrainJob
from core.records import from_dict, to_json
from core.remote_job import ErrorCode
from core.trial import EpochRecord, TrialResult
from runpod_handler.trainee import Trainee

START_SECONDS = 300.0  # for loading TensorFlow in a fresh container
ANSWER_SECONDS = 30.0  # in which a child that has loaded it takes a job


class TrainingLostError(LabError):
    """The child ended without a result; `code` tells the program what to do about it."""

    def __init__(self, message: str, code: ErrorCode) -> None:
        super().__init__(message)
        self.code: ErrorCode = code


class NotBegunError(TrainingLostError):
    """The child ended, or hung, before it began: another one can train instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What the child answered: its result, and the archive of its files if there are any to keep."""

    result: TrialResult
    archive: Path | None
    size: int | None
    sha256: str | None


Train = Callable[[TrainJob, OnEpoch], Awaitable[Trained]]


async def train(job: TrainJob, on_epoch: OnEpoch) -> Trained:
    """Train `job` in a fresh child."""
    return await train_in(Trainee(), START_SECONDS, job, on_epoch)


async def train_in(trainee: Trainee, patience: float, job: TrainJob, on_epoch: OnEpoch) -> Trained:
    """Train `job` in a child that gets `patience` seconds to be ready.

    Whatever happens, also cancellation, nothing of the child is left running. Raises TrainingLostError.
    """
    dialogue = _Dialogue(trainee, patience, job.silence_limit)
    try:
        await trainee.tell(to_json(job))
        answer = await dialogue.follow(on_epoch)
        code = await trainee.wait()
    finally:
        await trainee.end()
    if answer is None:
        raise _lost(code, TrainingLostError if dialogue.begun else NotBegunError)
    archive = Path(answer["archive"]) if answer["archive"] else None
    result = from_dict(TrialResult, answer["result"])
    return Trained(result=result, archive=archive, size=answer["size"], sha256=answer["sha256"])


class _Dialogue:
    """What a child says: ready, started, its epochs, trained, its result."""

    def __init__(self, trainee: Trainee, patience: float, silence: float | None) -> None:
        self._trainee, self._limit, self._silence = trainee, patience, silence
        self.begun = False

    async def follow(self, on_epoch: OnEpoch) -> dict[str, Any] | None:
        """Hand on epochs until the child says no more; return its answer."""
        limit: float | None = self._limit
        answer: dict[str, Any] | None = None
        while True:
            try:
                line = await asyncio.wait_for(self._trainee.hear(), limit)
            except TimeoutError:
                text = f"no sign of life for {limit:g} s, so it was stopped (time limit)"
                raise (TrainingLostError if self.begun else NotBegunError)(text, "TRAINING") from None
            if not line.endswith(b"\n"):
                return answer  # half a line is what a killed child leaves
            message = json.loads(line)
            if message["type"] == "epoch":
                on_epoch(from_dict(EpochRecord, message["record"]))
            elif message["type"] == "result":
                answer = message
            self.begun = self.begun or message["type"] != "ready"
            limit = self._silence if self.begun else ANSWER_SECONDS


def _lost(code: int, kind: type[TrainingLostError] = TrainingLostError) -> TrainingLostError:
    if code == -signal.SIGKILL:
        return kind(
            "the training was killed by the system, as it does when memory runs out; use a worker with more memory, a "
            "smaller network or smaller batches",
            "OOM",
        )
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return kind(f"the training process {how} without a result; the worker's log says more", "CRASH")
