"""What an executor is asked to do, and the interface that all executors share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol

from core.model_config import CnnConfig, LstmConfig
from core.records import STRICT_KEYS
from core.trial import EpochRecord, TrialResult, TrialSpec

OnEpoch = Callable[[EpochRecord], None]
OnNote = Callable[[str | None], None]  # what the page should say of the workers; None when all is well


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """Train one trial on the parts in `parts_folder` and leave its files in `out_dir`."""

    spec: TrialSpec
    parts_folder: str
    out_dir: str
    silence_limit: float | None = None  # seconds without a message after which the worker counts as hung
    kind: Literal["train"] = "train"

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class CountJob:
    """Build every candidate and return the parameter counts of the smallest and the largest."""

    smallest: tuple[CnnConfig | LstmConfig, ...]
    largest: tuple[CnnConfig | LstmConfig, ...]
    shape: tuple[int, ...]
    classes: int
    kind: Literal["count"] = "count"

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnoseJob:
    """Measure the network that a trial left in `trial_dir` and store its diagnostics in `out_dir`."""

    spec: TrialSpec
    parts_folder: str
    trial_dir: str
    out_dir: str
    silence_limit: float | None = None  # seconds after which the worker counts as hung
    kind: Literal["diagnose"] = "diagnose"

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnoseReport:
    """How a diagnosis ended; `error` is None when everything is stored."""

    seconds: float
    error: str | None = None  # one line
    traceback: str | None = None

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterBounds:
    """Parameters of the smallest and the largest net of a search space."""

    smallest: int
    largest: int

    __pydantic_config__ = STRICT_KEYS


class Executor(Protocol):
    """Runs jobs somewhere. Futures fail with WorkerError for a lost worker and with CancelledError after `cancel`."""

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """Start training; `on_epoch` is called from another thread, in order, before the future ends."""

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """Start counting parameters."""

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """Start measuring a trained network; what goes wrong in there is told by the report."""

    def cancel(self, number: int) -> None:
        """Stop the training of trial `number` at once; unknown numbers are ignored."""

    def close(self) -> None:
        """Stop everything that runs and release the workers."""
