"""A job at RunPod, from its queue to its end, by polling."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import Future
from functools import partial

from core.errors import LabError, WorkerError
from core.executors.runpod_desk import Desk
from core.executors.runpod_errors import RemoteUnavailableError, RunPodError, UnknownJobError
from core.executors.runpod_flight import Flight, Missing
from core.executors.runpod_pace import Load
from core.executors.runpod_views import JobView
from core.remote_job import RemoteOutcome

_log = logging.getLogger(__name__)
_FAILED_TRIAL = ("BAD_INPUT", "OOM", "TRAINING")  # the training itself cannot be done: a result, as a local one


class Watch:
    """The phases `watch`, `search` and `settle`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._load = Load()

    def poll(self, flight: Flight) -> None:
        """Look at the job once."""
        assert flight.job_id is not None
        asked, status = self._desk.clock(), partial(self._desk.api.status, flight.job_id)
        self._desk.look(flight, status, lambda answer: self._heard(flight, answer, asked))

    def _heard(self, flight: Flight, answer: Future[JobView], asked: float) -> None:
        now = self._desk.clock()
        try:
            view = answer.result()
        except UnknownJobError:
            if now - flight.submitted_at < self._desk.limits.fresh:
                flight.next_at = now + 1.0
            else:
                self._search(flight, "gone")
        except RunPodError as error:
            self._desk.trouble(flight, error)
            if flight.phase == "watch" and self._overdue(flight):
                self._search(flight, "overdue")
        else:
            self._load.add(now - asked)
            flight.backoff.reset()
            flight.trouble = None
            self._take(flight, view)

    def _take(self, flight: Flight, view: JobView) -> None:
        if view.final:
            assert flight.job_id is not None
            self._desk.book(flight.job_id, view, flight.job.spec.gpus)
            self._ended(flight, view)
            return
        now = self._desk.clock()
        queued = view.status == "IN_QUEUE"
        news = False
        if queued:
            flight.queued_since = now if flight.queued_since is None else flight.queued_since
            flight.running_since = None
            flight.news_at = now
        else:
            flight.queued_since = None
            flight.running_since = now if flight.running_since is None else flight.running_since
            flight.worker = view.worker
            news = flight.progress(view, now)
            flight.news_at = now if news else flight.news_at
        flight.next_at = now + self._pause(flight, now, news)
        if flight.queued_since is not None and now - flight.queued_since > self._desk.limits.queue:
            self._take_back(flight)
        elif self._overdue(flight):
            self._search(flight, "overdue")
        elif now - flight.news_at > self._desk.limits.silence:
            self._search(flight, "stuck")

    def _pause(self, flight: Flight, now: float, news: bool) -> float:
        if flight.running_since is None:
            return flight.cadence.next(running=False, news=news)
        elapsed, left = now - flight.running_since, flight.left(now)
        least = self._load.least(self._desk.watched)
        return flight.cadence.next(running=True, news=news, elapsed=elapsed, left=left, least=least)

    def _ended(self, flight: Flight, view: JobView) -> None:
        desk = self._desk
        if view.status == "COMPLETED":
            flight.answer = flight.read_answer(view.output)
            if flight.answer is None:
                self._search(flight, "empty")
            else:
                flight.go("fetch", desk.clock())
        elif view.status == "TIMED_OUT":
            limit = desk.limits.execution
            desk.end(flight, WorkerError(f"RunPod ended the training after {limit:g} s of execution (its time limit)"))
        elif view.status == "CANCELLED":
            desk.end(flight, WorkerError("the job was cancelled on RunPod's side"))
        else:
            self._failed(flight, view)

    def _failed(self, flight: Flight, view: JobView) -> None:
        desk, code = self._desk, view.error_code
        worker = f"RunPod worker {view.worker or 'unknown'}"
        if code in (None, "TRANSIENT"):
            desk.lose(flight, f"{worker}: {view.failure}")
        elif code == "CRASH":  # as a local worker that was lost
            desk.end(flight, WorkerError(f"{worker}: {view.failure}", retry=True))
        elif code == "STORAGE":
            desk.end(flight, RemoteUnavailableError(f"{worker} cannot use the object storage: {view.failure}"))
        elif code in _FAILED_TRIAL:
            flight.resolve(desk.failed_result(flight, view))
            desk.leave(flight)
        else:
            desk.end(flight, WorkerError(f"{worker}: {view.failure} ({code})"))

    def _take_back(self, flight: Flight) -> None:
        """Give up a job that no worker took, with the service's own explanation."""
        why = "its health cannot be asked either"
        with contextlib.suppress(RunPodError):
            why = self._desk.api.health().explain()
        minutes = self._desk.limits.queue / 60
        text = f"no RunPod worker took the job in {minutes:.3g} minutes: {why}"
        self._desk.end(flight, RemoteUnavailableError(text))

    def _overdue(self, flight: Flight) -> bool:
        """Whether RunPod itself must have forgotten the job."""
        return self._desk.clock() - flight.submitted_at > self._desk.limits.lifetime + 60.0

    # -- results without a record ------------------------------------------------------------------------------------

    def _search(self, flight: Flight, missing: Missing) -> None:
        flight.missing = missing
        flight.go("search", self._desk.clock())

    def search(self, flight: Flight) -> None:
        """Look for the committed result in the storage."""
        work = self._desk.transfer.outcome
        self._desk.errand(flight, lambda: work(flight.prefix, flight.uid), lambda found: self._found(flight, found))

    def _found(self, flight: Flight, found: RemoteOutcome | None) -> None:
        desk, now = self._desk, self._desk.clock()
        assert flight.job_id is not None
        if found is not None:
            if flight.missing == "gone":
                desk.ledger.ended(flight.job_id, "LOST")
            flight.stored = found
            flight.go("fetch", now)
        elif flight.missing == "gone":
            desk.ledger.ended(flight.job_id, "LOST")
            desk.lose(flight, "RunPod's record of the job is gone and it left no result")
        elif flight.missing == "stuck":
            flight.go("watch", now)
            flight.news_at = now  # the next look in the storage has time
        elif flight.missing == "empty":
            text = "the endpoint's answer is not that of a training; does it run this program's image?"
            desk.end(flight, WorkerError(text))
        else:
            desk.end(flight, RemoteUnavailableError("RunPod says nothing about the job, and its time is long over"))

    # -- cancelled jobs ----------------------------------------------------------------------------------------------

    def settle(self, flight: Flight) -> None:
        """Call a job back, then look until its end is known, for what it cost."""
        desk, job_id = self._desk, flight.job_id
        assert job_id is not None
        now = desk.clock()
        if now - flight.since > desk.limits.cancel_watch:
            flight.phase = "over"  # the ledger keeps it as open; the next session settles it
        elif not flight.told_cancel:
            desk.errand(flight, lambda: self._cancel(job_id), lambda _: self._told(flight))
        else:
            self._look(flight, job_id)

    def _cancel(self, job_id: str) -> None:
        self._desk.ledger.cancelled(job_id)
        with contextlib.suppress(UnknownJobError):
            self._desk.api.cancel(job_id)

    def _told(self, flight: Flight) -> None:
        flight.told_cancel = True
        flight.next_at = self._desk.clock()

    def _look(self, flight: Flight, job_id: str) -> None:
        now = self._desk.clock()
        try:
            view = self._desk.api.status(job_id)
        except UnknownJobError:
            self._desk.ledger.ended(job_id, "LOST")
            flight.phase = "over"
        except RunPodError as error:
            self._desk.trouble(flight, error)
        else:
            flight.backoff.reset()
            flight.next_at = now + flight.cadence.next(running=True, news=not view.final)
            if view.final:
                self._desk.book(job_id, view, flight.job.spec.gpus)
                flight.phase = "over"


def settle_left_over(desk: Desk) -> None:
    """Book the ends of jobs that an earlier session cancelled without seeing them end. In the pool; one look each."""
    for job in desk.ledger.unsettled():
        try:
            view = desk.api.status(job.job_id)
            if not view.final:
                desk.api.cancel(job.job_id)
                view = desk.api.status(job.job_id)
            if view.final:
                desk.book(job.job_id, view, job.gpus)
        except UnknownJobError:
            desk.ledger.ended(job.job_id, "LOST")
        except LabError as error:
            _log.info("the cost of cancelled job %s is still open: %s", job.job_id, error)
