"""RunPod with this machine behind it: what happens to a trial when the remote workers cannot be used."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import Executor as Pool
from functools import partial
from typing import Literal, Protocol

from core.errors import RunStateError, WorkerError
from core.executors.jobs import (
    CountJob,
    DiagnoseJob,
    DiagnoseReport,
    Executor,
    OnEpoch,
    OnNote,
    ParameterBounds,
    TrainJob,
)
from core.executors.runpod_errors import EndpointError, RemoteUnavailableError, RunPodError
from core.executors.runpod_overflow import Overflow, Ride
from core.trial import TrialResult

Policy = Literal["fall_back", "wait", "stop"]
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 600.0  # seconds until RunPod is looked at again


class HealthCheck(Protocol):
    """The part of RunPod's client that is asked whether it works again."""

    def health(self) -> object:
        """Return if the endpoint answers. Raises RunPodError."""


class FallbackExecutor:
    """Give each trial to `remote`; when that is unavailable, do as `policy` says. Thread-safe.

    fall_back: the same trial trains on `local`, at most `local_workers` at a time; wait: it is given to `remote` again
    after a growing pause; stop: its future fails with a LabError that ends the run.
    """

    def __init__(
        self,
        remote: Executor,
        local: Executor,
        *,
        policy: Policy,
        local_workers: int,
        api: HealthCheck,
        on_note: OnNote = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        pool: Pool | None = None,
        later: Callable[[float, Callable[[], None]], None] | None = None,
        places: Callable[[], dict[int, str]] = dict,
    ) -> None:
        """`places` tells where the trials are that were given to `remote`."""
        self._remote, self._local, self._policy = remote, local, policy
        self._api, self._on_note, self._clock = api, on_note, clock
        self._pool = pool or ThreadPoolExecutor(1, thread_name_prefix="runpod-fallback")
        self._later = later or _timer
        self._remote_places = places
        self._lock = threading.RLock()
        self._rides: dict[int, Ride] = {}
        self._overflow = Overflow(local, local_workers, self._forget)
        self._down: str | None = None  # why RunPod was unavailable last
        self._pause = _FIRST_PAUSE
        self._look_at = 0.0
        self._closed = False

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """See Executor.train. Where it trains is decided in another thread; the result's device says it."""
        ride = Ride(job, on_epoch)
        ride.future.set_running_or_notify_cancel()
        with self._lock:
            if self._closed:
                raise WorkerError("the executor is closed; make a new one")
            self._rides[job.spec.number] = ride
        self._do(partial(self._route, ride), ride)
        return ride.future

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """See Executor.count."""
        return self._local.count(job)

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """See Executor.diagnose."""
        return self._local.diagnose(job)

    def places(self) -> dict[int, str]:
        """Return where the trials are at present, by number, for people."""
        with self._lock:
            here = {number: "on this machine" for number, ride in self._rides.items() if ride.why}
        return self._remote_places() | here

    def cancel(self, number: int) -> None:
        """See Executor.cancel."""
        with self._lock:
            ride = self._rides.pop(number, None)
            if ride is None:
                return
            ride.cancelled = True
            self._overflow.drop(ride)
        self._remote.cancel(number)
        self._local.cancel(number)
        ride.settle(CancelledError())

    def close(self) -> None:
        """See Executor.close."""
        with self._lock:
            self._closed = True
            left = list(self._rides.values())
            self._rides.clear()
            self._overflow.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._remote.close()
        self._local.close()
        for ride in left:
            ride.settle(CancelledError())

    # -- the decision ------------------------------------------------------------------------------------------------

    def _do(self, action: Callable[[], None], ride: Ride) -> None:
        """Run in the pool; a fault ends the trial instead of leaving it for ever."""

        def look(done: Future[None]) -> None:
            error = CancelledError() if done.cancelled() else done.exception()
            if error is not None:
                ride.settle(error)

        try:
            self._pool.submit(action).add_done_callback(look)
        except RuntimeError:  # closed meanwhile
            ride.settle(CancelledError())

    def _route(self, ride: Ride) -> None:
        if ride.cancelled:
            return
        if self._down is not None and self._policy == "fall_back" and not self._works_again():
            self._go_local(ride, self._down)
        else:
            self._go_remote(ride)

    def _works_again(self) -> bool:
        """Ask RunPod's health when the pause is over."""
        if self._clock() < self._look_at:
            return False
        try:
            self._api.health()
        except RunPodError as error:
            self._mark_down(str(error))
            return False
        return True  # the pause still grows until a trial has come through

    def _mark_down(self, why: str) -> None:
        with self._lock:
            self._down = why
            self._look_at = self._clock() + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _go_remote(self, ride: Ride) -> None:
        future = self._remote.train(ride.job, ride.tell)
        future.add_done_callback(partial(self._remote_done, ride))
        if ride.cancelled:  # meanwhile
            self._remote.cancel(ride.job.spec.number)

    def _remote_done(self, ride: Ride, done: Future[TrialResult]) -> None:
        error = done.exception()
        unavailable = isinstance(error, RemoteUnavailableError)
        if isinstance(error, EndpointError):
            unavailable = self._policy != "wait"  # an endpoint that does not exist is not waited for
        if not unavailable or ride.cancelled:
            if error is None:
                self._mark_up()
            self._finish(ride, done)
            return
        if self._policy == "stop":
            text = f"RunPod cannot be used: {error}. The run stops here, as it was told to; it can be resumed"
            self._forget(ride)
            ride.settle(RunStateError(text))
            return
        with self._lock:
            pause = self._pause
        self._mark_down(str(error))
        if self._policy == "fall_back":
            self._do(partial(self._go_local, ride, str(error)), ride)
        else:
            self._on_note(f"RunPod cannot be used: {error}. It is tried again in {pause:.0f} s.")
            self._later(pause, lambda: self._do(partial(self._route, ride), ride))

    def _mark_up(self) -> None:
        with self._lock:
            was_down, self._down, self._pause = self._down, None, _FIRST_PAUSE
        if was_down is not None:
            self._on_note(None)

    def _finish(self, ride: Ride, done: Future[TrialResult]) -> None:
        self._forget(ride)
        error = done.exception()
        ride.settle(done.result() if error is None else error)

    def _forget(self, ride: Ride) -> None:
        with self._lock:
            if self._rides.get(ride.job.spec.number) is ride:
                del self._rides[ride.job.spec.number]

    def _go_local(self, ride: Ride, why: str) -> None:
        self._on_note(f"RunPod cannot be used ({why}), so trials train on this machine.")
        self._overflow.put(ride, why)


def _timer(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def _conforms(executor: FallbackExecutor) -> Executor:
    return executor
