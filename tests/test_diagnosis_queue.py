"""Diagnostics on demand: for a trial that a run did not keep them of, and refused with the reason."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings
from core.diagnosis_queue import DiagnosisQueue, Request
from core.diagnostics import load_diagnostics
from core.optimizer import ModelOptimizer
from core.store import Store
from tests.test_optimizer import QUICK

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("optimizer")]


def wait_until_done(asked: DiagnosisQueue, run: str, number: int) -> Request:
    end = time.monotonic() + 90
    while (request := asked.state(run, number)) is None or not request.done:
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return request


def test_a_trial_is_measured_when_somebody_asks(lab: Settings, tmp_path: Path) -> None:
    settings = replace(lab, results_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'lab.sqlite3'}")
    config = OptimizationConfig(
        run_name="asked", trials=1, max_epochs_per_trial=1, plot_generation="none", search_space=QUICK
    )
    ModelOptimizer(config, settings=settings).optimize_model()
    folder, run = RunFolder(settings, "asked"), Store(settings).run("asked")
    assert load_diagnostics(folder.trial_plots(0)) is None
    asked = DiagnosisQueue(settings)
    try:
        assert asked.state("asked", 0) is None
        asked.ask(run, 0)
        assert wait_until_done(asked, "asked", 0).error is None
        stored = load_diagnostics(folder.trial_plots(0))
        assert stored is not None
        assert stored.probabilities.shape == (len(stored.labels), 10)
        shutil.rmtree(folder.trial(0))
        asked.ask(run, 0)
        error = wait_until_done(asked, "asked", 0).error
        assert error is not None
        assert "missing or damaged" in error
    finally:
        asked.close()
    asked.ask(run, 0)  # after the end: ignored
    assert asked.state("asked", 0) == Request(done=True, error=error)
