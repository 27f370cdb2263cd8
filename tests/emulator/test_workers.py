"""When workers are started and stopped, with processes that exist only in the test."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.emulator.clock import Clock
from tests.emulator.jobs import JobTable
from tests.emulator.knobs import Knobs
from tests.emulator.policy import Policy
from tests.emulator.workers import WorkerPool


@dataclass
class FakeProcess:
    code: int | None = None
    killed: bool = False

    def poll(self) -> int | None:
        return self.code

    def kill(self) -> None:
        self.killed, self.code = True, -9 if self.code is None else self.code


class Fleet:
    """A pool whose processes and time the test moves."""

    def __init__(self, **knobs: float) -> None:
        self.wall = 0.0
        self.clock = Clock(source=lambda: self.wall)
        self.jobs = JobTable(self.clock.now)
        self.knobs = Knobs(**knobs)
        self.processes: dict[str, FakeProcess] = {}
        self.pool = WorkerPool(self.jobs, self.clock, self.knobs, self._start)

    def _start(self, name: str) -> FakeProcess:
        self.processes[name] = FakeProcess()
        return self.processes[name]

    def submit(self, count: int = 1) -> None:
        for n in range(count):
            self.jobs.submit(n, Policy())

    def step(self, seconds: float = 0.0) -> dict[str, int]:
        self.wall += seconds
        self.pool.step()
        self.pool.step()  # what was made in the first is looked after in the second
        return {state: count for state, count in self.pool.counts().items() if count}

    def work(self) -> str:
        """Let the first worker that may have jobs take one."""
        name = next(name for name in self.pool.ids() if self.pool.admit(name) and not self.jobs.held(name))
        self.jobs.take(name)
        return name


def test_workers_start_with_the_jobs_up_to_the_most() -> None:
    fleet = Fleet(max_workers=2)
    assert fleet.step() == {}
    fleet.submit(1)
    assert fleet.step() == {"initializing": 1}
    fleet.submit(5)
    assert fleet.step() == {"initializing": 2}
    fleet.work()
    assert fleet.step() == {"initializing": 1, "running": 1}


def test_a_worker_that_finished_is_idle_and_takes_the_next_job() -> None:
    fleet = Fleet(max_workers=2)
    fleet.submit()
    fleet.step()
    name = fleet.work()
    fleet.jobs.finish(name, fleet.jobs.held(name)[0].id, 1)
    assert fleet.step() == {"idle": 1, "ready": 1}
    fleet.submit()
    assert fleet.step() == {"idle": 1, "ready": 1}  # it is enough


def test_the_cold_start_comes_before_the_process() -> None:
    fleet = Fleet(cold_start=30)
    fleet.submit()
    assert fleet.step(29) == {"initializing": 1}
    assert not fleet.processes
    fleet.step(30)
    assert len(fleet.processes) == 1


def test_an_idle_worker_is_stopped_but_not_a_busy_or_a_warm_one() -> None:
    fleet = Fleet(max_workers=3, min_workers=1, idle_timeout=5)
    fleet.submit(3)
    fleet.step()
    names = [fleet.work() for _ in range(3)]
    fleet.step(100)
    assert fleet.pool.counts()["running"] == 3
    for name in names[:2]:
        fleet.jobs.finish(name, fleet.jobs.held(name)[0].id, 1)
    fleet.step(4)
    assert len(fleet.pool.ids()) == 3
    fleet.step(6)
    assert fleet.pool.ids() == names[2:]
    fleet.jobs.finish(names[2], fleet.jobs.held(names[2])[0].id, 1)
    fleet.step(600)
    assert fleet.pool.ids() == names[2:]
    assert [fleet.processes[name].killed for name in names] == [True, True, False]


def test_a_crash_while_working_gives_the_job_to_another_worker_when_it_is_noticed() -> None:
    fleet = Fleet(crash_detection=40)
    fleet.submit()
    fleet.step()
    name = fleet.work()
    fleet.processes[name].code = 1
    fleet.step(39)
    assert fleet.jobs.counts()["inProgress"] == 1  # nobody knows yet
    assert not fleet.pool.admit(name)
    fleet.step(40)
    assert fleet.jobs.counts()["inQueue"] == 1
    assert fleet.pool.ids() != [name] and len(fleet.pool.ids()) == 1
    assert fleet.processes[name].killed  # its orphans too


def test_a_crash_at_the_start_shows_as_unhealthy_and_is_tried_again() -> None:
    fleet = Fleet(restart_pause=10)
    fleet.submit()
    fleet.step()
    next(iter(fleet.processes.values())).code = 1
    assert fleet.step() == {"unhealthy": 1}
    assert fleet.jobs.counts()["inQueue"] == 1
    assert fleet.step(9) == {"unhealthy": 1}
    assert fleet.step(2) == {"initializing": 1}


def test_a_worker_that_never_asks_for_a_job_counts_as_unhealthy() -> None:
    fleet = Fleet(start_timeout=420)
    fleet.submit()
    fleet.step()
    assert fleet.step(419) == {"initializing": 1}
    assert fleet.step(2) == {"unhealthy": 1}
    assert next(iter(fleet.processes.values())).killed


def test_a_worker_without_heartbeat_is_lost() -> None:
    fleet = Fleet(ping_timeout=60)
    fleet.submit()
    fleet.step()
    name = fleet.work()
    fleet.pool.ping(name)
    fleet.step(59)
    assert fleet.jobs.counts()["retried"] == 0
    fleet.step(1)
    fleet.step()
    assert fleet.jobs.counts()["retried"] == 1
    assert fleet.processes[name].killed


@pytest.mark.parametrize("knob", ["throttled", "unhealthy", "initializing"])
def test_workers_that_never_come_leave_jobs_in_the_queue_and_health_says_why(knob: str) -> None:
    fleet = Fleet(max_workers=2, **{knob: 2})
    fleet.submit()
    assert fleet.step(1000) == {knob: 2}
    assert not fleet.processes
    fleet.knobs.change({knob: 1})
    fleet.step()
    assert len(fleet.processes) == 1


def test_without_workers_nothing_starts() -> None:
    fleet = Fleet(max_workers=0)
    fleet.submit()
    assert fleet.step(1000) == {}


def test_closing_ends_all_processes() -> None:
    fleet = Fleet(max_workers=2)
    fleet.submit(2)
    fleet.step()
    fleet.pool.close()
    assert [process.killed for process in fleet.processes.values()] == [True, True]
    assert fleet.pool.ids() == []
