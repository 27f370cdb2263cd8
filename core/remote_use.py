"""What a run's remote jobs took, for whoever looks: read from its ledger, again only when that has changed."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.executors.ledger import Ledger, LedgerSummary, RemoteJob


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialUse:
    """The jobs of one trial: attempts that were lost or cancelled are paid for too."""

    jobs: int
    seconds: float  # of execution, each job's rounded up
    cost: float | None  # US dollars, a lower bound; None when nothing of it is known
    worker: str | None  # of the last job that names one


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteUse:
    """The whole run, and each of its trials that RunPod had a job of."""

    run: LedgerSummary
    trials: dict[int, TrialUse]

    @property
    def costs(self) -> dict[int, float]:
        """US dollars by trial, lower bounds, of those where it is known."""
        return {number: use.cost for number, use in self.trials.items() if use.cost is not None}


class RemoteBooks:
    """Reads ledgers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[tuple[int, int], RemoteUse]] = {}

    def read(self, path: Path) -> RemoteUse | None:
        """Return what the ledger at `path` says; None when there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        state = (found.st_size, found.st_mtime_ns)
        with self._lock:
            known = self._known.get(path)
        if known is not None and known[0] == state:
            return known[1]
        ledger = Ledger(path, time.time)
        use = RemoteUse(run=ledger.summary(), trials=by_trial(ledger.jobs()))
        with self._lock:
            self._known[path] = (state, use)
        return use


def read_books(path: Path) -> RemoteUse | None:
    """Return what the ledger at `path` says, read once; None when there is none."""
    return RemoteBooks().read(path)


def by_trial(jobs: Iterable[RemoteJob]) -> dict[int, TrialUse]:
    """Add up the jobs of each trial."""
    numbered: dict[int, list[RemoteJob]] = {}
    for job in jobs:
        numbered.setdefault(job.number, []).append(job)
    return {number: _use(found) for number, found in sorted(numbered.items())}


def _use(jobs: list[RemoteJob]) -> TrialUse:
    costs = [job.cost for job in jobs if job.cost is not None]
    named = [job.worker for job in jobs if job.worker]
    return TrialUse(
        jobs=len(jobs),
        seconds=float(sum(math.ceil((job.execution_ms or 0.0) / 1000) for job in jobs)),
        cost=math.fsum(costs) if costs else None,
        worker=named[-1] if named else None,
    )
