"""The state machine of an endpoint's jobs: no network, no processes, and the time comes from outside.

IN_QUEUE -take-> IN_PROGRESS -finish-> COMPLETED | FAILED; cancel -> CANCELLED; the execution timeout -> TIMED_OUT;
the time to live deletes the record in any state. A lost worker sends its job back to the queue once, then it FAILS.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from core.errors import RunStateError
from tests.emulator.job import ABSENT, Job, LatePost
from tests.emulator.policy import Policy

RETRIES = 1  # how often a job is given to another worker when one is lost
RETENTION = 30 * 60.0  # seconds that an ended job is kept
SYNC_RETENTION = 60.0


class JobTable:
    """The jobs of one endpoint. Not thread-safe: the server's loop alone uses it."""

    def __init__(self, now: Callable[[], float], on_end: Callable[[Job], None] = lambda job: None) -> None:
        self._now = now
        self._on_end = on_end
        self._jobs: dict[str, Job] = {}
        self._queue: list[Job] = []
        self._stops: dict[str, list[str]] = {}
        self.late: list[LatePost] = []
        self.ended: Counter[str] = Counter()  # by final state, over the life of the endpoint
        self.retried = 0
        self.late_progress_wins = False  # as runpod-python #250: a late message reopens an ended job for ever

    # -- by the one who submits --------------------------------------------------------------------------------------

    def submit(self, job_input: Any, policy: Policy, *, sync: bool = False, webhook: str | None = None) -> Job:
        """Queue a job."""
        now = self._now()
        name = f"{'sync-' if sync else ''}{uuid.uuid4()}-u1"
        job = Job(id=name, input=job_input, policy=policy, sync=sync, webhook=webhook, submitted=now, queued=now)
        self._jobs[name] = job
        self._queue.append(job)
        return job

    def find(self, name: str) -> Job | None:
        """Return a job, or None when there is no record (any more)."""
        self.tick()
        return self._jobs.get(name)

    def all(self) -> list[Job]:
        self.tick()
        return list(self._jobs.values())

    def cancel(self, job: Job) -> None:
        """End a job; one that has ended stays as it is."""
        if not job.final:
            self._stop(job)
            self._end(job, "CANCELLED")

    def retry(self, job: Job) -> None:
        """Queue a failed job again under its id. Raises RunStateError for a job in another state."""
        if job.status not in ("FAILED", "TIMED_OUT"):
            raise RunStateError(f"only FAILED and TIMED_OUT jobs can be retried, this one is {job.status}")
        job.retries = 0
        self._requeue(job)

    def purge(self) -> int:
        """Forget all queued jobs and return how many there were."""
        self.tick()
        removed = len(self._queue)
        for job in self._queue:
            del self._jobs[job.id]
        self._queue.clear()
        return removed

    # -- by workers --------------------------------------------------------------------------------------------------

    def take(self, worker: str, most: int = 1) -> list[Job]:
        """Give the oldest queued jobs to a worker."""
        self.tick()
        taken, self._queue = self._queue[:most], self._queue[most:]
        for job in taken:
            job.status, job.worker, job.started = "IN_PROGRESS", worker, self._now()
        return taken

    def progress(self, worker: str, name: str, output: Any) -> bool:
        """Take a message about a job; False (and counted) when it comes too late."""
        job = self._owned(worker, name, "progress")
        if job is None and self.late_progress_wins:
            self._reopen(worker, name, output)
        if job is not None:
            job.output = output
        return job is not None

    def finish(self, worker: str, name: str, output: Any = ABSENT, error: Any = None) -> bool:
        """Take the answer of a job; False (and counted) when it comes too late."""
        job = self._owned(worker, name, "result")
        if job is None:
            return False
        job.output, job.error = output, error
        self._end(job, "COMPLETED" if error is None else "FAILED")
        return True

    def stream(self, worker: str, name: str, output: Any) -> bool:
        """Take one part of the answer of a generator."""
        job = self._owned(worker, name, "stream")
        if job is not None:
            job.stream.append(output)
        return job is not None

    def take_stops(self, worker: str) -> list[str]:
        """Return the jobs that a worker shall stop; each is told once."""
        self.tick()
        return self._stops.pop(worker, [])

    def lose(self, worker: str) -> None:
        """Treat a worker as gone: its jobs go back to the queue, or fail when that was tried."""
        self._stops.pop(worker, None)
        for job in self.held(worker):
            if job.retries < RETRIES:
                job.retries += 1
                self.retried += 1
                self._requeue(job)
            else:
                job.output, job.error = ABSENT, f"job timed out after {job.retries} retries"
                self._end(job, "FAILED")

    # -- the endpoint ------------------------------------------------------------------------------------------------

    def held(self, worker: str) -> list[Job]:
        """Return the jobs that a worker has."""
        return [job for job in self._jobs.values() if job.status == "IN_PROGRESS" and job.worker == worker]

    @property
    def demand(self) -> int:
        """How many workers the jobs ask for: one each; waiting jobs of low priority ask for none."""
        return self._running() + sum(not job.policy.low_priority for job in self._queue)

    def counts(self) -> dict[str, int]:
        """Jobs by state, as /health tells them."""
        self.tick()
        failed = self.ended["FAILED"] + self.ended["TIMED_OUT"]  # whether RunPod counts both is not known
        return {
            "completed": self.ended["COMPLETED"],
            "failed": failed,
            "inProgress": self._running(),
            "inQueue": len(self._queue),
            "retried": self.retried,
        }

    def tick(self) -> None:
        """Do what time has brought: execution timeouts, times to live, the end of retention."""
        now = self._now()
        for job in list(self._jobs.values()):
            kept = SYNC_RETENTION if job.sync else RETENTION
            if now - job.submitted >= job.policy.ttl or (job.ended is not None and now - job.ended >= kept):
                self._forget(job)
            elif job.status == "IN_PROGRESS" and now - (job.started or now) >= job.policy.execution_timeout:
                self._stop(job)
                job.error = f"execution timeout: {job.policy.execution_timeout:g} s"  # RunPod's text is not known
                self._end(job, "TIMED_OUT")

    # -- steps -------------------------------------------------------------------------------------------------------

    def _running(self) -> int:
        return sum(job.status == "IN_PROGRESS" for job in self._jobs.values())

    def _end(self, job: Job, status: str) -> None:
        if job in self._queue:
            self._queue.remove(job)
        job.status, job.ended = status, self._now()
        self.ended[status] += 1
        self._on_end(job)

    def _stop(self, job: Job) -> None:
        if job.status == "IN_PROGRESS" and job.worker is not None:
            self._stops.setdefault(job.worker, []).append(job.id)

    def _forget(self, job: Job) -> None:
        self._stop(job)
        if job in self._queue:
            self._queue.remove(job)
        del self._jobs[job.id]

    def _requeue(self, job: Job) -> None:
        job.status, job.queued = "IN_QUEUE", self._now()
        job.worker = job.started = job.ended = job.error = None
        job.output = ABSENT
        job.stream.clear()
        self._queue.append(job)

    def _owned(self, worker: str, name: str, kind: str) -> Job | None:
        job = self.find(name)
        if job is not None and job.status == "IN_PROGRESS" and job.worker == worker:
            return job
        status = "GONE" if job is None else job.status if job.worker == worker else "REASSIGNED"
        self.late.append(LatePost(worker=worker, job=name, kind=kind, status=status))
        return None

    def _reopen(self, worker: str, name: str, output: Any) -> None:
        job = self._jobs.get(name)
        if job is not None and job.status == "COMPLETED" and job.worker == worker:
            job.status, job.output, job.ended = "IN_PROGRESS", output, None
