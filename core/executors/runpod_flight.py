"""One training that is somewhere between this program and RunPod's workers."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import InvalidInputError
from core.executors.jobs import OnEpoch, TrainJob
from core.executors.runpod_pace import Backoff, Cadence
from core.executors.runpod_views import JobView
from core.records import from_dict
from core.remote_job import RemoteOutcome, RemoteProgress
from core.trial import EpochRecord, TrialResult

# prepare: look for a stored result and upload the rows. ask: hand the job over. watch: until it is final.
# search: for a result without a record. fetch: bring the files. settle: of a cancelled job, only what it cost.
Phase = Literal["prepare", "ask", "watch", "search", "fetch", "settle", "over"]
Missing = Literal["gone", "stuck", "overdue", "empty"]  # why a result is searched for in the storage

_PLACES: dict[Phase, str] = {
    "prepare": "on its way to RunPod",
    "ask": "on its way to RunPod",
    "watch": "in RunPod's queue",
    "search": "done at RunPod, its result is looked for",
    "fetch": "done at RunPod, its files are fetched",
}


@dataclass(eq=False)
class Flight:
    """Touched by the poller thread only, but for `cancelled` and the future. Times are the clock's seconds."""

    job: TrainJob
    uid: str
    prefix: str
    on_epoch: OnEpoch
    backoff: Backoff
    next_at: float  # when there is something to do
    since: float  # of the present phase's first try
    future: Future[TrialResult] = field(default_factory=Future)
    phase: Phase = "prepare"
    working: bool = False  # a thread of the pool is at it
    cancelled: bool = False
    cadence: Cadence = field(default_factory=Cadence)
    trouble: str | None = None  # why the last call failed
    # of the job at RunPod
    job_id: str | None = None
    attempt: int = 1
    submitted_at: float = 0.0
    queued_since: float | None = None
    news_at: float = 0.0  # of the last progress
    told_cancel: bool = False
    # counts of what may be repeated a few times
    doubts: int = 0
    damages: int = 0
    # what is known of the training
    last_epoch: int = 0
    trained: float = 0.0  # seconds of the epochs that were told
    began: float | None = None  # of the training, as its epochs and their seconds say; the earliest guess is the best
    running_since: float | None = None  # when the job was first seen to run
    ending_since: float | None = None  # when it was first seen that the worker has trained and stores what it has
    doing: str = "starting"
    worker: str | None = None
    delivery: tuple[str | None, int] = (None, 0)  # worker and retry that progress came from
    sequence: int = -1
    missing: Missing = "gone"
    answer: RemoteOutcome | None = None  # without trace
    stored: RemoteOutcome | None = None  # with trace
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def number(self) -> int:
        """Of the trial."""
        return self.job.spec.number

    @property
    def place(self) -> str:
        """Where the training is at present, for people."""
        if self.phase == "watch" and self.queued_since is None and self.worker is not None:
            return f"{self.doing} on worker {self.worker}"
        return _PLACES.get(self.phase, "")

    def wanted(self) -> bool:
        """Whether somebody still waits for the result."""
        return not self.future.done()

    def go(self, phase: Phase, now: float) -> None:
        """Begin another phase at once."""
        self.phase, self.since, self.next_at = phase, now, now
        self.trouble = None
        self.backoff.reset()

    def resolve(self, result: TrialResult) -> None:
        """Tell the epochs that nobody heard of, then end with a result."""
        if result.trace is not None:
            self.tell(result.trace.epochs)
        with self._lock:
            if not self.future.done():
                self.future.set_result(result)

    def fail(self, error: BaseException) -> None:
        """End without a result, unless it has ended."""
        with self._lock:
            if not self.future.done():
                self.future.set_exception(error)

    def tell(self, epochs: tuple[EpochRecord, ...]) -> None:
        """Pass on the epochs that are new, each once and in order, whatever attempt they come from."""
        for record in epochs:
            if record.epoch > self.last_epoch and self.wanted():
                self.last_epoch = record.epoch
                self.trained += record.seconds
                self.on_epoch(record)

    def left(self, now: float) -> float | None:
        """Return the seconds until the training should end, if it uses all its epochs; None while nothing is known."""
        if self.ending_since is not None:
            return self.ending_since - now
        if self.began is None or not self.last_epoch:
            return None
        return self.began + self.trained * self.job.spec.epochs / self.last_epoch - now

    def progress(self, view: JobView, now: float) -> bool:
        """Take the progress that a running job shows; True when it is news. Late messages of the past are not."""
        try:
            progress = from_dict(RemoteProgress, view.output)
        except InvalidInputError:
            return False
        delivery = (view.worker, view.retries or 0)
        if delivery != self.delivery:
            self.delivery, self.sequence = delivery, -1
            self.began = self.ending_since = None
        if progress.sequence <= self.sequence:
            return False
        self.sequence, self.doing = progress.sequence, progress.phase
        before = self.last_epoch
        self.tell(progress.epochs)
        if self.last_epoch > before:
            began = now - self.trained
            self.began = began if self.began is None else min(self.began, began)
        if progress.phase == "uploading" and self.ending_since is None:
            self.ending_since = now
        return True

    def read_answer(self, output: Any) -> RemoteOutcome | None:
        """Return what a completed job answered, or None when that is not a result of this training."""
        try:
            outcome = from_dict(RemoteOutcome, output)
        except InvalidInputError:
            return None
        return outcome if outcome.trial_uid == self.uid and outcome.result.number == self.number else None
