"""What the stages of a remote training share: the services, the pool's errands, and how each kind of trouble ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from core.errors import LabError, WorkerError
from core.executors.ledger import Ledger, estimate
from core.executors.runpod_api import RunPodApi
from core.executors.runpod_errors import (
    DoubtfulError,
    EndpointError,
    KeyRefusedError,
    RefusedError,
    RemoteUnavailableError,
    RunPodError,
    UnansweredError,
)
from core.executors.runpod_flight import Flight
from core.executors.runpod_pace import Limits
from core.executors.runpod_transfer import DamagedResultError, Transfer
from core.executors.runpod_views import JobView
from core.object_store import StorageError
from core.trial import TrialResult

_T = TypeVar("_T")


@dataclass(eq=False)
class Desk:
    """Owned by the poller thread; only `inbox` and `wake` are for others."""

    api: RunPodApi
    transfer: Transfer
    ledger: Ledger
    limits: Limits
    price_per_second: float | None
    clock: Callable[[], float]
    pool: Pool
    lookers: Pool  # for looks at jobs, so that they wait neither for files nor for each other
    refused: str | None = None  # why the key does not work; nothing is asked of RunPod until it does
    key_next: float = 0.0  # when it is tried again
    closing: bool = False
    watched: int = 0  # trainings under way, of which each has a job to look at
    inbox: queue.SimpleQueue[Callable[[], None]] = field(default_factory=queue.SimpleQueue)
    wake: threading.Event = field(default_factory=threading.Event)

    def post(self, action: Callable[[], None]) -> None:
        """Have the poller thread do something soon."""
        self.inbox.put(action)
        self.wake.set()

    def errand(self, flight: Flight, work: Callable[[], _T], then: Callable[[_T], None]) -> None:
        """Do `work` in the pool, then `then` with its answer in the poller thread; errors go to `trouble`."""

        def back(done: Future[_T]) -> None:
            error = done.exception()
            if error is None:
                flight.backoff.reset()
                flight.trouble = None
                then(done.result())
            else:
                self.trouble(flight, error)

        self._send(self.pool, flight, work, back)

    def look(self, flight: Flight, work: Callable[[], _T], then: Callable[[Future[_T]], None]) -> None:
        """Ask RunPod about a job, then do `then` with the ended future in the poller thread, whatever came of it."""
        self._send(self.lookers, flight, work, then)

    def _send(self, pool: Pool, flight: Flight, work: Callable[[], _T], then: Callable[[Future[_T]], None]) -> None:
        flight.working = True

        def back(done: Future[_T]) -> None:
            flight.working = False
            then(done)

        pool.submit(work).add_done_callback(lambda done: self.post(partial(back, done)))

    def key_works_again(self) -> bool:
        """While the key is refused, see now and then whether it works; nothing else is asked until then."""
        now = self.clock()
        if self.refused is None or now < self.key_next:
            return False
        try:
            self.api.health()
        except KeyRefusedError as error:
            self.refused = str(error)
            self.key_next = now + self.limits.key_interval
            return False
        except RunPodError:
            pass  # another trouble, and one that each training deals with
        self.refused = None
        return True

    def trouble(self, flight: Flight, error: BaseException) -> None:
        """Decide what becomes of a training when a call failed: wait and try again, or end."""
        now = self.clock()
        if isinstance(error, KeyRefusedError):
            self.refused = str(error)
            flight.next_at = now
        elif flight.phase == "search" and flight.missing == "stuck":  # only a look aside: the job itself may be well
            flight.go("watch", now)
            flight.news_at = now
        elif (
            flight.phase == "settle"
            or isinstance(error, UnansweredError | DamagedResultError)
            or (isinstance(error, StorageError) and error.transient)
        ):
            self._later(flight, error, now)
        elif isinstance(error, StorageError):
            self.end(flight, RemoteUnavailableError(f"the object storage cannot be used: {error}"))
        elif isinstance(error, DoubtfulError):
            self._doubt(flight, error, now)
        elif isinstance(error, RefusedError):
            self.end(flight, WorkerError(str(error)))
        elif isinstance(error, EndpointError):
            self.end(flight, error)
        elif isinstance(error, LabError):
            self.end(flight, WorkerError(str(error)))
        else:  # a fault of this program: not to be hidden
            self.end(flight, error)

    def _later(self, flight: Flight, error: BaseException, now: float) -> None:
        flight.trouble = str(error)
        flight.next_at = now + flight.backoff.next(getattr(error, "retry_after", None))
        # A job that runs is not given up for a bad connection, and fetching counts its own attempts.
        patient = flight.phase in ("watch", "settle", "fetch")
        if not patient and now - flight.since > self.limits.submission:
            minutes = self.limits.submission / 60
            text = f"{error} (tried for {minutes:.0f} minutes)"
            self.end(flight, RemoteUnavailableError(text))

    def _doubt(self, flight: Flight, error: DoubtfulError, now: float) -> None:
        """Ask again for the same training, after a look for its result: workers know what is done already."""
        flight.doubts += 1
        self.ledger.doubtful(uid=flight.uid, number=flight.number, reason=str(error))
        if flight.doubts > self.limits.doubtful_retries:
            text = f"{error}; {flight.doubts} attempts, and each may have been taken unseen"
            self.end(flight, RemoteUnavailableError(text))
            return
        flight.phase = "prepare"
        flight.trouble = str(error)
        flight.next_at = now + flight.backoff.next()

    def book(self, job_id: str, view: JobView, gpus: int) -> None:
        """Write the end of a job, with what it cost at least, into the ledger."""
        self.ledger.ended(
            job_id,
            view.status,
            delay_ms=view.delay_ms,
            execution_ms=view.execution_ms,
            worker=view.worker,
            cost=estimate(view.execution_ms, gpus, self.price_per_second),
        )

    def lose(self, flight: Flight, why: str) -> None:
        """Hand the training to another worker; it is not its fault. After some losses it ends."""
        flight.attempt += 1
        flight.job_id = flight.began = flight.running_since = flight.ending_since = None
        if flight.attempt > 1 + self.limits.resubmissions:
            self.end(flight, WorkerError(f"{why}; {flight.attempt - 1} attempts"))
        else:
            flight.go("prepare", self.clock())
            flight.trouble = why

    def end(self, flight: Flight, error: BaseException) -> None:
        """End without a result. A job that may still run is called back first."""
        flight.fail(error)
        self.leave(flight)

    def leave(self, flight: Flight) -> None:
        """Do no more for the result; a job that is not over is called back and watched for its cost."""
        if flight.job_id is None or not self.ledger.is_open(flight.job_id):
            flight.phase = "over"
        elif flight.phase != "settle":
            flight.go("settle", self.clock())

    def failed_result(self, flight: Flight, view: JobView) -> TrialResult:
        """Return the result of a training that failed on its worker for a reason of its own."""
        output = view.output if isinstance(view.output, dict) else {}
        traceback = output.get("traceback")
        return TrialResult(
            number=flight.number,
            status="failed",
            seconds=(view.execution_ms or 0.0) / 1000,
            device=f"RunPod worker {view.worker or 'unknown'}",
            error=view.failure,
            traceback=traceback if isinstance(traceback, str) else None,
        )
