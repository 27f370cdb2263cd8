"""The run's book of remote jobs: which were submitted, how they ended and what they cost.

Append-only JSON lines, each on disk before the program goes on. A new process reads in it which jobs still run.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError, LabError
from core.records import STRICT_KEYS, from_dict, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteJob:
    """A submitted job. Times are seconds since the epoch; `status` is None until its end is known."""

    uid: str  # of the training
    number: int  # of the trial
    job_id: str
    attempt: int
    gpus: int
    submitted: float
    cancelled: bool = False  # this program asked for its end
    ended: float | None = None
    status: str | None = None  # RunPod's, or LOST when its record was gone before its end was seen
    delay_ms: float | None = None
    execution_ms: float | None = None
    worker: str | None = None
    cost: float | None = None  # US dollars, a lower bound; None when it cannot be known

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulJob:
    """A submission that nobody confirmed: the job may run and cost under an id that is not known."""

    uid: str
    number: int
    at: float
    reason: str

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSummary:
    """What a run's remote jobs took; cancelled and failed ones count too."""

    jobs: int
    running: int
    seconds: float  # of execution, each job's rounded up
    cost: float | None  # US dollars, a lower bound: the sum of what is known; None when nothing is
    unknown_cost: int  # ended jobs whose cost is not known
    doubtful: int  # submissions that may have been taken unseen


def estimate(execution_ms: float | None, gpus: int, price_per_second: float | None) -> float | None:
    """Return what an execution cost at least, in the price's currency; None when time or price is not known.

    Starting a worker, its idle time and its disk are billed beyond that.

    >>> estimate(1500.0, 2, 0.0002)
    0.0008
    """
    if execution_ms is None or price_per_second is None:
        return None
    return math.ceil(execution_ms / 1000) * price_per_second * gpus


class Ledger:
    """`remote_jobs.jsonl` of one run. Thread-safe; one process at a time, as runs are claimed."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path, self._now = path, now
        self._lock = threading.Lock()
        self._jobs: dict[str, RemoteJob] = {}
        self._doubtful: list[DoubtfulJob] = []
        self._read()

    def submitted(self, *, uid: str, number: int, job_id: str, attempt: int, gpus: int) -> None:
        """Book a job that RunPod has taken."""
        job = RemoteJob(uid=uid, number=number, job_id=job_id, attempt=attempt, gpus=gpus, submitted=self._now())
        self._write("job", job)

    def cancelled(self, job_id: str) -> None:
        """Book that the end of a job was asked for, so that nobody waits for its result."""
        job = self._jobs.get(job_id)
        if job is not None and not job.cancelled and job.ended is None:
            self._write("job", replace(job, cancelled=True))

    def ended(
        self,
        job_id: str,
        status: str,
        *,
        delay_ms: float | None = None,
        execution_ms: float | None = None,
        worker: str | None = None,
        cost: float | None = None,
    ) -> None:
        """Book the end of a job, once."""
        job = self._jobs.get(job_id)
        if job is None or job.ended is not None:
            return
        self._write(
            "job",
            replace(
                job,
                ended=self._now(),
                status=status,
                delay_ms=delay_ms,
                execution_ms=execution_ms,
                worker=worker,
                cost=cost,
            ),
        )

    def doubtful(self, *, uid: str, number: int, reason: str) -> None:
        """Book a submission that may have been accepted."""
        self._write("doubtful", DoubtfulJob(uid=uid, number=number, at=self._now(), reason=reason))

    def open_job(self, uid: str) -> RemoteJob | None:
        """Return the newest job of a training that still runs as far as is known, and whose result is wanted."""
        found = [job for job in self._all() if job.uid == uid and job.ended is None and not job.cancelled]
        return found[-1] if found else None

    def is_open(self, job_id: str) -> bool:
        """Whether a job is booked and its end is not."""
        job = self._jobs.get(job_id)
        return job is not None and job.ended is None

    def age(self, job: RemoteJob) -> float:
        """Return the seconds since a job was submitted."""
        return max(0.0, self._now() - job.submitted)

    def unsettled(self) -> tuple[RemoteJob, ...]:
        """Return the cancelled jobs whose cost is not yet booked."""
        return tuple(job for job in self._all() if job.cancelled and job.ended is None)

    def jobs(self) -> tuple[RemoteJob, ...]:
        """Return every job in the order of submission."""
        return self._all()

    def expected_cost(self) -> float:
        """Return what the run will have cost when its running jobs are over: each is taken for an average one."""
        jobs = self._all()
        costs = [job.cost for job in jobs if job.cost is not None]
        running = sum(job.ended is None for job in jobs)
        return math.fsum(costs) * (1 + running / len(costs)) if costs else 0.0

    def summary(self) -> LedgerSummary:
        """Add up."""
        jobs = self._all()
        over = [job for job in jobs if job.ended is not None]
        costs = [job.cost for job in over if job.cost is not None]
        return LedgerSummary(
            jobs=len(jobs),
            running=len(jobs) - len(over),
            seconds=float(sum(math.ceil((job.execution_ms or 0.0) / 1000) for job in over)),
            cost=math.fsum(costs) if costs else None,
            unknown_cost=len(over) - len(costs),
            doubtful=len(self._doubtful),
        )

    def _all(self) -> tuple[RemoteJob, ...]:
        with self._lock:
            return tuple(self._jobs.values())

    def _read(self) -> None:
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines:
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue  # the line that a process was writing when it was killed

    def _take(self, entry: dict[str, Any]) -> None:
        if entry["kind"] == "job":
            job = from_dict(RemoteJob, entry["record"])
            self._jobs[job.job_id] = job
        elif entry["kind"] == "doubtful":
            self._doubtful.append(from_dict(DoubtfulJob, entry["record"]))
        else:
            raise InvalidInputError(f"unknown kind {entry['kind']!r}")

    def _write(self, kind: str, record: RemoteJob | DoubtfulJob) -> None:
        """Append and reach the disk: a job that is forgotten is paid for twice."""
        line = f'{{"kind":"{kind}","record":{to_json(record)}}}\n'.encode()
        with self._lock:
            self._append(line)
            self._take(json.loads(line))

    def _append(self, line: bytes) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = not self._path.exists()
            with self._path.open("a+b") as file:
                if not new and file.seek(0, os.SEEK_END) > 0:
                    file.seek(-1, os.SEEK_END)
                    line = line if file.read(1) == b"\n" else b"\n" + line  # after a torn line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            if new:
                folder = os.open(self._path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise LabError(
                f"{self._path} cannot be written: {error.strerror}; free some room or mend its rights"
            ) from None
