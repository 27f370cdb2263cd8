"""How far a study is and how long it will take: trainings cost time, what is taken over does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.components.study_pace import at_work, mode_best, study_pace
from core.service import RunService, StudyView
from tests.app.studies import add_runs, add_study


def view_of(service: RunService, seconds: float, status: str = "running") -> StudyView:
    service.studies.update("mine", status=status)
    return replace(service.study_view("mine"), seconds=seconds)


def test_before_the_first_training_there_is_no_pace(service: RunService) -> None:
    add_study(service)
    pace = study_pace(view_of(service, 3.0))
    assert (pace.ended, pace.trials, pace.runs, pace.share, pace.seconds_left) == (0, 60, 12, 0.0, None)


def test_only_what_is_not_surely_shared_is_expected_to_be_trained(service: RunService) -> None:
    config = add_study(service, trials=10)  # 5 of 10 are surely shared
    add_runs(service, config, "accuracy_only", 3)  # 2 trials each
    pace = study_pace(view_of(service, 60.0))
    # 6 trainings in 60 s; 54 of accuracy-only and half of 60 health-aware trials are still to be trained
    assert pace.seconds_left == pytest.approx(10.0 * (54 + 30))


def test_later_the_share_that_was_taken_over_decides(service: RunService) -> None:
    config = add_study(service, trials=10)
    add_runs(service, config, "accuracy_only", 6)
    add_runs(service, config, "health_aware", 4)  # one of two trials each was taken over
    pace = study_pace(view_of(service, 160.0))
    assert (pace.taken_over, pace.ended, pace.runs_ended) == (4, 20, 10)
    # 16 trainings in 160 s; 48 accuracy-only trials and half of 52 health-aware ones are left
    assert pace.seconds_left == pytest.approx(10.0 * (48 + 26))


def test_a_study_that_nobody_works_on_has_no_time_left(service: RunService) -> None:
    add_runs(service, add_study(service), "accuracy_only", 1)
    assert study_pace(view_of(service, 60.0, status="stopped")).seconds_left is None


def test_each_mode_is_judged_by_what_it_counts(service: RunService) -> None:
    add_runs(service, add_study(service), "accuracy_only", 2)
    runs = service.study_view("mine").runs["accuracy_only"]
    best = mode_best("accuracy_only", runs)
    assert best is not None and (best.pair, best.trial.number) == (1, 1)
    assert mode_best("health_aware", (None, None)) is None


def test_runs_at_work_are_named(service: RunService) -> None:
    config = add_study(service)
    add_runs(service, config, "accuracy_only", 4, status="running")
    runs = service.study_view("mine").runs["accuracy_only"]
    assert at_work(runs, 5) == "run 1 of 6, trial 3 of 5 · run 2 of 6, trial 3 of 5 · 2 more runs"
    service.store.update_run(config.run_name("accuracy_only", 0), status="completed")
    assert at_work(service.study_view("mine").runs["accuracy_only"][:1], 5) == "1 of 1 runs ended"
