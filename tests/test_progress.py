"""Time left, and which trial is the best."""

from __future__ import annotations

import pytest

from core.progress import best_trial, idle_seconds, seconds_left, work_done
from core.store import TrialProgress, TrialRecord


def make_trial(number: int, total: float | None, state: str = "completed", feasible: bool = True) -> TrialRecord:
    return TrialRecord(
        number=number, state=state, params={}, total_score=total, accuracy=total, test_accuracy=total, health=None,
        components={}, parameters=1, seconds=1.0, accuracies={}, feasible=feasible, note=None, traceback=None,
        attempts=(),
    )  # fmt: skip


def make_progress(epoch: int, updated: float = 100.0) -> TrialProgress:
    return TrialProgress(number=0, epoch=epoch, epochs=4, val_accuracy=None, started=90.0, updated=updated)


def test_the_best_is_completed_feasible_and_earliest_of_equals() -> None:
    trials = [make_trial(0, 0.5), make_trial(1, 0.9, "pruned"), make_trial(2, 0.95, feasible=False)]
    trials += [make_trial(3, 0.7), make_trial(4, 0.7)]
    best = best_trial(trials)
    assert best is not None and best.number == 3
    assert best_trial([make_trial(0, None, "failed")]) is None


def test_time_left() -> None:
    assert seconds_left(10, 0.0, 30.0) is None
    assert seconds_left(10, 4.0, 30.0, done_before=4.0) is None  # resumed, nothing done in this session
    assert seconds_left(10, 5.0, 50.0) == 50.0
    assert seconds_left(10, 5.0, 60.0, idle=10.0) == 40.0  # ten seconds later, ten seconds less
    assert seconds_left(10, 9.9, 99.0, idle=50.0) == 0.0
    assert work_done(3, (make_progress(1), make_progress(2))) == 3.75
    assert idle_seconds((make_progress(1, 100.0), make_progress(1, 103.0)), 105.0) == 2.0


def test_time_left_of_a_trial() -> None:
    assert make_progress(0).seconds_left(101.0) is None
    assert make_progress(2).seconds_left(103.0) == pytest.approx(7.0)
