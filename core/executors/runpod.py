"""Trials on RunPod's serverless workers: one thread decides, small pools ask about jobs and carry files."""

from __future__ import annotations

import contextlib
import queue
import random
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import Executor as Pool
from functools import partial

from core.errors import LabError, WorkerError
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
from core.executors.ledger import Ledger, RemoteJob
from core.executors.runpod_api import RunPodApi
from core.executors.runpod_desk import Desk
from core.executors.runpod_fetch import Fetch
from core.executors.runpod_flight import Flight, Phase
from core.executors.runpod_notes import Notes
from core.executors.runpod_pace import Backoff, Limits
from core.executors.runpod_submission import Submission
from core.executors.runpod_transfer import Storage, Transfer
from core.executors.runpod_watch import Watch, settle_left_over
from core.remote_job import trial_uid
from core.trial import TrialResult

DEFAULT_ROOT = "model-health-lab"
_POOL, _LOOKERS = 4, 8
_LONGEST_WAIT = 5.0  # seconds of sleep when nothing is due; whatever comes wakes the poller
_CLOSE_SECONDS = 10.0  # for cancellations to arrive
_CLOSE_ASK_SECONDS = 40.0  # for a submission under way, so that its job is booked
_ASKING: tuple[Phase, ...] = ("ask", "watch", "settle")  # phases that talk to RunPod


class RunPodExecutor:
    """Train on one endpoint. Thread-safe. Counting and diagnosing, which take seconds, run on `local`.

    Jobs that the ledger says still run are taken up again when their trial is given to `train`: nothing is paid twice.
    """

    def __init__(
        self,
        api: RunPodApi,
        storage: Storage,
        ledger: Ledger,
        local: Executor,
        *,
        namespace: str,
        price_per_second: float | None = None,
        on_note: OnNote = lambda _: None,
        limits: Limits | None = None,
        root: str = DEFAULT_ROOT,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        pool: Pool | None = None,
        threaded: bool = True,
    ) -> None:
        """`namespace` names the run and when it was made; without a thread, somebody has to call `step`."""
        self._local, self._jitter = local, jitter
        self._namespace = re.sub(r"[^A-Za-z0-9._-]", "_", namespace).lstrip(".") or "run"
        self._pool = pool or ThreadPoolExecutor(_POOL, thread_name_prefix="runpod-transfer")
        self._lookers = pool or ThreadPoolExecutor(_LOOKERS, thread_name_prefix="runpod-look")
        self._desk = Desk(
            api=api,
            transfer=Transfer(storage, root),
            ledger=ledger,
            limits=limits or Limits(),
            price_per_second=price_per_second,
            clock=clock,
            pool=self._pool,
            lookers=self._lookers,
        )
        submission, watch, fetch = Submission(self._desk), Watch(self._desk), Fetch(self._desk)
        self._steps: dict[Phase, Callable[[Flight], None]] = {
            "prepare": submission.prepare,
            "ask": submission.ask,
            "watch": watch.poll,
            "search": watch.search,
            "settle": watch.settle,
            "fetch": fetch.fetch,
        }
        self._notes = Notes(self._desk, on_note)
        self._flights: list[Flight] = []  # the poller's
        self._known: dict[int, Flight] = {}  # by trial, for `cancel`
        self._lock = threading.Lock()
        self._threaded = threaded
        self._thread: threading.Thread | None = None
        self._closed = False
        self._close_by: float | None = None

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """See Executor.train."""
        desk, now = self._desk, self._desk.clock()
        uid = trial_uid(job.spec)
        prefix = desk.transfer.prefix(self._namespace, job.spec.number, uid)
        flight = Flight(job, uid, prefix, on_epoch, Backoff(self._jitter), next_at=now, since=now, news_at=now)
        flight.future.set_running_or_notify_cancel()
        with self._lock:
            if self._closed:
                raise WorkerError("the executor is closed; make a new one")
            first = not self._known
            self._known[flight.number] = flight
            self._start()
        if first and desk.ledger.unsettled():
            self._pool.submit(settle_left_over, desk)
        desk.post(partial(self._admit, flight))
        return flight.future

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """See Executor.count."""
        return self._local.count(job)

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """See Executor.diagnose."""
        return self._local.diagnose(job)

    def places(self) -> dict[int, str]:
        """Return where the trials are at present, by number, for people."""
        with self._lock:
            known = list(self._known.values())
        return {flight.number: flight.place for flight in known if flight.wanted()}

    def cancel(self, number: int) -> None:
        """Give up trial `number`: its future raises CancelledError at once, its job is called back and still booked."""
        with self._lock:
            flight = self._known.get(number)
        if flight is not None and flight.wanted():
            flight.cancelled = True
            flight.fail(CancelledError())
            self._desk.wake.set()

    def close(self, *, cancel: bool = False) -> None:
        """End the thread and the local workers. Jobs go on, for the next session to take up, unless `cancel`."""
        with self._lock:
            first, self._closed = not self._closed, True
            numbers = list(self._known) if cancel else []
        if not first:
            return
        for number in numbers:
            self.cancel(number)
        self._desk.post(self._detach)
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS + _CLOSE_ASK_SECONDS)
        for pool in (self._pool, self._lookers):
            pool.shutdown(wait=False, cancel_futures=True)
        self._local.close()

    # -- the poller thread -------------------------------------------------------------------------------------------

    def step(self) -> float | None:
        """Do everything that is due; return the seconds until there is more, or None when closed and done."""
        desk = self._desk
        with contextlib.suppress(queue.Empty):
            while True:
                desk.inbox.get_nowait()()
        if desk.key_works_again():
            for flight in self._flights:
                flight.since = flight.next_at = desk.clock()
        desk.watched = len(self._flights)
        for flight in self._flights:
            if not flight.working:
                self._move(flight)
        self._flights = [flight for flight in self._flights if flight.phase != "over"]
        if desk.closing:
            return self._step_closing()
        self._notes.update(self._flights)
        return self._pause()

    def _move(self, flight: Flight) -> None:
        desk = self._desk
        if not flight.wanted() and flight.phase not in ("settle", "over"):
            if desk.closing and not flight.cancelled:
                flight.phase = "over"  # the ledger keeps its job for the next session
            else:
                desk.leave(flight)
        if flight.phase == "over" or desk.clock() < flight.next_at:
            return
        if desk.refused is None or flight.phase not in _ASKING:
            self._steps[flight.phase](flight)

    def _pause(self) -> float:
        if not self._desk.inbox.empty():
            return 0.0
        now, asking = self._desk.clock(), self._desk.refused is None
        due = [f.next_at for f in self._flights if not f.working and (asking or f.phase not in _ASKING)]
        if not asking:
            due.append(self._desk.key_next)
        return min(max(min(due, default=now + _LONGEST_WAIT) - now, 0.0), _LONGEST_WAIT)

    def _admit(self, flight: Flight) -> None:
        """Take up the job that an earlier session left running, or begin."""
        if (job := self._desk.ledger.open_job(flight.uid)) is not None:
            self._attach(flight, job)
        self._flights.append(flight)

    def _attach(self, flight: Flight, job: RemoteJob) -> None:
        now = self._desk.clock()
        flight.job_id, flight.attempt = job.job_id, job.attempt
        flight.submitted_at = now - self._desk.ledger.age(job)
        flight.news_at = now
        flight.go("watch", now)

    def _detach(self) -> None:
        self._desk.closing = True
        self._close_by = self._desk.clock() + _CLOSE_SECONDS
        for flight in self._flights:
            flight.fail(CancelledError())

    def _step_closing(self) -> float | None:
        assert self._close_by is not None
        asking = any(flight.phase == "ask" and flight.working for flight in self._flights)
        by = self._close_by + (_CLOSE_ASK_SECONDS - _CLOSE_SECONDS if asking else 0.0)
        if self._desk.clock() >= by or not any(flight.phase in ("settle", "ask") for flight in self._flights):
            return None
        return min(self._pause(), 0.5)

    def _start(self) -> None:
        if self._threaded and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="runpod-poller", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        why = "the thread that watches RunPod's jobs has ended; resume the run"
        try:
            while (pause := self.step()) is not None:
                self._desk.wake.wait(pause)
                self._desk.wake.clear()
        except LabError as error:  # the ledger's disk
            why = f"RunPod's jobs cannot be watched any more: {error}"
        finally:  # whatever happened in here, nobody may wait for ever
            with self._lock:
                self._closed = True
                left = list(self._known.values())
            for flight in left:
                flight.fail(WorkerError(why))


def _conforms(executor: RunPodExecutor) -> Executor:
    return executor
