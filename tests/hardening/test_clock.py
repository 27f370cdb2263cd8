"""Somebody sets the clock back and forward in mid run: no duration and no judgement of who lives depends on it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from core.config import Settings
from core.errors import RunStateError
from core.figures.worker_timeline import compute
from core.optimizer import ModelOptimizer
from core.service import RunService
from core.steady_clock import steady_time
from core.store import Store
from core.study_config import StudyConfig
from core.study_store import StudyStore
from tests.hardening.scripted import ScriptedExecutor, own_results, quick


def test_a_run_while_the_clock_is_set(lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = own_results(lab, tmp_path)
    real, shift = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])
    store = Store(settings)
    seen: list[tuple[str, float]] = []

    def set_clock(number: int) -> None:
        shift[0] = (0.0, -3600.0, 86_400.0, -1e9, 0.0)[number]
        other = RunService(settings)  # of another program on the same database
        view = other.view("clock")
        seen.append((view.run.status, view.seconds))
        assert all((left := running.seconds_left(other.store.now())) is None or left >= 0 for running in view.running)
        with pytest.raises(RunStateError, match="already being worked on"):
            other.store.claim("clock")
        other.close()

    began = time.monotonic()
    optimizer = ModelOptimizer(
        quick("clock", 5, max_run_seconds=3000.0),
        settings=settings,
        store=store,
        executor=ScriptedExecutor(before=set_clock),
    )
    result = optimizer.optimize_model()
    took = time.monotonic() - began
    assert result.status == "completed" and result.count("completed") == 5, "the time budget was not used up"
    assert [status for status, _ in seen] == ["running"] * 5
    assert all(0 <= seconds <= took + 1 for _, seconds in seen)
    run = store.run("clock")
    assert 0 <= run.seconds <= took + 1 and run.finished is not None and run.started is not None
    assert run.created <= run.started <= run.finished <= run.created + took + 1


def test_a_study_is_not_stolen_when_the_clock_is_set(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real, shift = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])
    store = Store(settings)
    studies = StudyStore(store.engine)
    studies.create("mine", StudyConfig(study_name="mine", runs=5, trials=5))
    studies.claim("mine")
    for shift[0] in (-1e6, 1e6, 0.0):
        other = StudyStore(Store(settings).engine)
        assert other.study("mine").status == "running" and other.now() >= (other.study("mine").started or 0)
        with pytest.raises(RunStateError, match="already being worked on"):
            other.claim("mine")
    before = steady_time()
    shift[0] = -1e6
    assert 0 <= steady_time() - before < 5


def test_trials_that_seem_to_end_before_they_began(settings: Settings) -> None:
    """Optuna writes the times of trials by the computer's clock."""
    with RunService(settings) as service:
        service.store.create_run("odd", quick("odd", 2))
        study, now = service.store.study("odd"), datetime.now()
        for ended in (now - timedelta(hours=1), now + timedelta(hours=1)):
            study.add_trial(
                optuna.trial.FrozenTrial(
                    number=0, trial_id=0, state=TrialState.COMPLETE, value=0.5, datetime_start=now,
                    datetime_complete=ended, params={}, distributions={}, user_attrs={}, system_attrs={},
                    intermediate_values={},
                )
            )  # fmt: skip
        service.store.update_run("odd", status="completed", seconds=5.0)
        view = service.view("odd")
        assert view.seconds == 5.0 and view.count("completed") == 2
        data = compute(view.trials, view.running, now=service.store.now(), active=False)
        assert all(bar.seconds >= 0 for bar in data.bars)
