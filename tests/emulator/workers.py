"""The workers of an endpoint: started when jobs wait, stopped when idle, replaced when lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tests.emulator.clock import Clock
from tests.emulator.jobs import JobTable
from tests.emulator.knobs import Knobs


class Process(Protocol):
    """What runs a worker."""

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""

    def kill(self) -> None:
        """End it with all that it started."""


@dataclass(slots=True, kw_only=True, eq=False)
class Worker:
    """Times are seconds of the emulator's clock, except `pinged` (wall)."""

    id: str
    created: float
    busy: float  # when it last had a job
    process: Process | None = None  # None during the cold start, and for workers that somebody else runs
    ready: bool = False  # it has asked for a job
    pinged: float | None = None
    lost: float | None = None  # when its process ended
    broken: float | None = None  # since when it counts as unhealthy: it never got ready

    def alive(self) -> bool:
        return self.lost is None and self.broken is None and (self.process is None or self.process.poll() is None)


class WorkerPool:
    """Starts workers by `start(id)`; None: workers come by themselves, and are known from their first call on."""

    def __init__(
        self, jobs: JobTable, clock: Clock, knobs: Knobs, start: Callable[[str], Process] | None = None
    ) -> None:
        self._jobs = jobs
        self._clock = clock
        self._knobs = knobs
        self._start = start
        self._workers: dict[str, Worker] = {}

    def ids(self) -> list[str]:
        return list(self._workers)

    def admit(self, name: str) -> bool:
        """Note that a worker asks for jobs; False when it must not have any: unknown, stopped or ended."""
        worker = self._workers.get(name)
        if worker is None and self._start is None:
            worker = self._create(name)
        if worker is None or not worker.alive():
            return False
        if not worker.ready:
            worker.ready, worker.busy = True, self._clock.now()
        return True

    def ping(self, name: str) -> None:
        if name in self._workers:
            self._workers[name].pinged = self._clock.wall()

    def kill(self, name: str) -> None:
        """Take a worker's machine away; what that means for its jobs shows when it is noticed."""
        worker = self._workers[name]
        if worker.process is None:
            worker.lost = self._clock.now()
        else:
            worker.process.kill()

    def retire(self, name: str) -> None:
        """Stop a worker on purpose."""
        worker = self._workers.pop(name, None)
        if worker is not None:
            if worker.process is not None:
                worker.process.kill()
            self._jobs.lose(name)

    def close(self) -> None:
        for worker in self._workers.values():
            if worker.process is not None:
                worker.process.kill()
        self._workers.clear()

    def counts(self) -> dict[str, int]:
        """Workers by state, as /health tells them."""
        alive = [worker for worker in self._workers.values() if worker.alive()]
        ready = [worker for worker in alive if worker.ready]
        running = sum(bool(self._jobs.held(worker.id)) for worker in ready)
        broken = sum(worker.broken is not None for worker in self._workers.values())
        return {
            "idle": len(ready) - running,
            "initializing": len(alive) - len(ready) + self._knobs.initializing,
            "ready": len(ready) - running,
            "running": running,
            "throttled": self._knobs.throttled,
            "unhealthy": broken + self._knobs.unhealthy,
        }

    def step(self) -> None:
        """Look after all workers once; to be called several times a second."""
        for worker in list(self._workers.values()):
            self._look_after(worker)
        if self._start is not None:
            wanted = min(self._knobs.capacity, max(self._knobs.min_workers, self._jobs.demand))
            while len(self._workers) < wanted:
                self._create(f"w{uuid.uuid4().hex[:12]}")

    # -- one worker --------------------------------------------------------------------------------------------------

    def _create(self, name: str) -> Worker:
        now = self._clock.now()
        worker = self._workers[name] = Worker(id=name, created=now, busy=now)
        return worker

    def _look_after(self, worker: Worker) -> None:
        now, knobs = self._clock.now(), self._knobs
        if worker.broken is not None:
            if now - worker.broken >= knobs.restart_pause:
                del self._workers[worker.id]
        elif worker.lost is not None or not worker.alive():
            self._bury(worker, now)
        elif self._start is not None and worker.process is None:
            if now - worker.created >= knobs.cold_start:
                worker.process = self._start(worker.id)
        elif not worker.ready:
            if now - worker.created >= knobs.cold_start + knobs.start_timeout:
                self._fail(worker, now)
        elif worker.pinged is not None and self._clock.wall() - worker.pinged >= knobs.ping_timeout:
            self.kill(worker.id)
        elif self._jobs.held(worker.id):
            worker.busy = now
        elif self._superfluous() and now - worker.busy >= knobs.idle_timeout:
            self.retire(worker.id)

    def _superfluous(self) -> bool:
        return self._start is not None and len(self._workers) > min(self._knobs.min_workers, self._knobs.capacity)

    def _bury(self, worker: Worker, now: float) -> None:
        """Deal with a worker whose process ended, as soon as that is noticed."""
        if worker.lost is None:
            worker.lost = now
            if worker.process is not None:
                worker.process.kill()  # orphans, as its heartbeat
        if not worker.ready:
            self._fail(worker, now)
        elif now - worker.lost >= self._knobs.crash_detection:
            self.retire(worker.id)

    def _fail(self, worker: Worker, now: float) -> None:
        if worker.process is not None:
            worker.process.kill()
        worker.broken = now
