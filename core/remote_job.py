"""The wire format between the program and a remote worker: what a job is asked, tells on its way and answers.

Bulk goes over object storage: the rows of a split under `parts_key`, once for all trials; what a trial leaves under
its own prefix, `artifacts.zip` first and `result.json` last. That last file marks a complete result, so a job whose
record is gone, or that ran twice, is recovered from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from core.records import STRICT_KEYS, to_json
from core.trial import EpochRecord, TrialResult, TrialSpec

JOB_VERSION = 1
ARTIFACTS_NAME = "artifacts.zip"
RESULT_NAME = "result.json"
SENT_EPOCHS = 50  # the newest epochs that a progress message repeats, so that none is lost when messages are
# Why a job failed, for the program to act on. TRANSIENT is tried again; the others are not.
ErrorCode = Literal["BAD_INPUT", "OOM", "CRASH", "STORAGE", "TRANSIENT", "TRAINING"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteInput:
    """The input of a job. It holds no secret: keys reach a worker by its environment."""

    trial_uid: str
    prefix: str  # of the trial's objects, ending with "/"
    spec: TrialSpec
    parts_key: str  # a ZIP with the folder of the split: train, validation and test rows
    parts_sha256: str
    parts_size: int
    silence_limit: float | None = None  # seconds without an epoch after which the training is killed
    version: int = JOB_VERSION

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteProgress:
    """What a job tells while it works. `sequence` grows; `epochs` are the newest SENT_EPOCHS at most, in order."""

    sequence: int
    phase: Literal["fetching data", "starting", "training", "uploading"]
    epochs: tuple[EpochRecord, ...] = ()
    worker: str | None = None
    type: Literal["progress"] = "progress"

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOutcome:
    """The answer of a job; the same document, with the trace in `result`, is stored as `result.json`.

    `artifacts_key` is None when the trial left nothing to keep (over budget, failed).
    """

    trial_uid: str
    result: TrialResult  # in the job's answer without trace: that is for object storage
    worker: str
    bucket: str
    region: str | None
    artifacts_key: str | None = None
    artifacts_size: int | None = None
    artifacts_sha256: str | None = None
    reused: bool = False  # an earlier delivery of the job had committed it already
    type: Literal["result"] = "result"
    version: int = JOB_VERSION

    __pydantic_config__ = STRICT_KEYS


def trial_uid(spec: TrialSpec) -> str:
    """Return 16 hex digits that name exactly this training: the same specification gives the same, always."""
    return hashlib.sha256(to_json(spec).encode()).hexdigest()[:16]
