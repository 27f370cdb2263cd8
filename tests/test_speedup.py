"""The speed-up by workers and the bound on it."""

from __future__ import annotations

import doctest
import heapq
import math
import random

import pytest

from core import devices, speedup
from core.cli import remote
from core.executors import runpod_check
from core.executors.ledger import LedgerSummary
from core.remote_use import RemoteUse, TrialUse
from core.speedup import run_speedup, shortest_time, trial_seconds
from tests.figures.records import record


@pytest.mark.parametrize("module", [speedup, devices, remote, runpod_check])
def test_examples_in_the_docstrings_hold(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted and not found.failed


@pytest.mark.parametrize(("trials", "workers"), [(1, 1), (4, 2), (5, 2), (4, 3), (7, 3), (9, 4), (3, 32), (33, 32)])
def test_equal_trials_come_in_rounds(trials: int, workers: int) -> None:
    found = speedup.speedup([2.0] * trials, workers, worked=100.0)
    assert found is not None
    assert found.bound == pytest.approx(trials / math.ceil(trials / workers))


def test_no_greedy_schedule_beats_the_bound_and_it_is_at_least_the_simple_one() -> None:
    rng = random.Random(3)
    for _ in range(300):
        workers = rng.randint(1, 6)
        lengths = [rng.choice([1.0, rng.uniform(0.1, 20)]) for _ in range(rng.randint(1, 15))]
        free = [0.0] * workers
        for length in sorted(lengths, reverse=True):
            heapq.heappush(free, heapq.heappop(free) + length)
        bound = shortest_time(lengths, workers)
        assert max(sum(lengths) / workers, max(lengths)) - 1e-9 <= bound <= max(free) + 1e-9


def test_nothing_ended_or_no_work_is_no_speed_up() -> None:
    assert speedup.speedup([], 2, 10.0) is None
    assert speedup.speedup([1.0], 2, 0.0) is None
    assert run_speedup([record(0, "running")], 2, 10.0) is None


def test_a_trial_without_seconds_counts_by_what_runpod_or_the_clock_says() -> None:
    use = RemoteUse(
        run=LedgerSummary(jobs=1, running=0, seconds=7.0, cost=None, unknown_cost=1, doubtful=0),
        trials={1: TrialUse(jobs=1, seconds=7.0, cost=None, worker="w")},
    )
    pruned = record(1, "pruned", started=100.0, finished=130.0)
    assert trial_seconds(pruned) == 30.0
    assert trial_seconds(pruned, use) == 7.0
    assert trial_seconds(record(1, "completed", seconds=4.0), use) == 4.0
