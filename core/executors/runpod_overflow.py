"""Trials that train on this machine because RunPod cannot: no more at a time than it can take."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field, replace
from functools import partial

from core.errors import LabError
from core.executors.jobs import Executor, OnEpoch, TrainJob
from core.trial import EpochRecord, TrialResult


@dataclass(eq=False)
class Ride:
    """A trial on its way through one or both executors."""

    job: TrainJob
    on_epoch: OnEpoch
    future: Future[TrialResult] = field(default_factory=Future)
    cancelled: bool = False
    last_epoch: int = 0
    why: str = ""  # RunPod was not used

    def settle(self, end: TrialResult | BaseException) -> None:
        """End the trial's future unless it has ended."""
        with contextlib.suppress(InvalidStateError):
            if isinstance(end, TrialResult):
                self.future.set_result(end)
            else:
                self.future.set_exception(end)

    def tell(self, record: EpochRecord) -> None:
        """Pass an epoch on, unless the remote attempt had told it."""
        if record.epoch > self.last_epoch and not self.cancelled:
            self.last_epoch = record.epoch
            self.on_epoch(record)


class Overflow:
    """A queue before the local executor. `forget` is called for every trial that ends here."""

    def __init__(self, local: Executor, workers: int, forget: Callable[[Ride], None]) -> None:
        self._local, self._workers, self._forget = local, workers, forget
        self._lock = threading.RLock()
        self._queue: deque[Ride] = deque()
        self._busy = 0
        self._closed = False

    def put(self, ride: Ride, why: str) -> None:
        """Train a trial here as soon as there is room; its result says why."""
        ride.why = why
        with self._lock:
            if not ride.cancelled:
                self._queue.append(ride)
        self._fill()

    def drop(self, ride: Ride) -> None:
        """Take a trial out of the queue if it is there."""
        with self._lock:
            if ride in self._queue:
                self._queue.remove(ride)

    def close(self) -> None:
        """Start no more."""
        with self._lock:
            self._closed = True
            self._queue.clear()

    def _fill(self) -> None:
        while True:
            with self._lock:
                if self._closed or not self._queue or self._busy >= self._workers:
                    return
                ride = self._queue.popleft()
                self._busy += 1
            try:
                future = self._local.train(ride.job, ride.tell)
            except LabError as error:
                self._end(ride, error)
                continue
            future.add_done_callback(partial(self._done, ride))
            if ride.cancelled:  # meanwhile
                self._local.cancel(ride.job.spec.number)

    def _done(self, ride: Ride, done: Future[TrialResult]) -> None:
        error = done.exception()
        if error is not None:
            self._end(ride, error)
        else:
            result = done.result()
            self._end(ride, replace(result, device=f"{result.device} (RunPod unavailable: {ride.why})"))
        self._fill()

    def _end(self, ride: Ride, end: TrialResult | BaseException) -> None:
        with self._lock:
            self._busy -= 1
        self._forget(ride)
        ride.settle(end)
