"""Which networks are measured, when, and what happens when that is not possible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.artifacts import RunFolder
from core.config import Settings
from core.diagnosis import diagnose_trial
from core.diagnostics import load_diagnostics
from core.errors import LabError
from core.executors.jobs import DiagnoseJob, DiagnoseReport
from core.executors.local import LocalExecutor
from core.optimizer import ModelOptimizer
from core.progress import RunProgress
from core.store import Store
from tests.test_optimizer import QUICK, make_config

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("optimizer")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, lab: Settings) -> Settings:
    results = tmp_path_factory.mktemp("results")
    return replace(lab, results_dir=results, database_url=f"sqlite:///{results / 'lab.sqlite3'}")


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[LocalExecutor]:
    made = LocalExecutor(tmp_path / "log")
    yield made
    made.close()


class Clumsy(LocalExecutor):
    """Trains well, but cannot measure."""

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        future: Future[DiagnoseReport] = Future()
        future.set_result(DiagnoseReport(seconds=0.0, error="ValueError: clumsy"))
        return future


def kept(folder: RunFolder) -> list[int]:
    """Numbers of the trials with readable diagnostics."""
    found = {int(path.name.removeprefix("trial_")): load_diagnostics(path) for path in folder.plots.glob("trial_*")}
    assert all(diagnostics is not None and diagnostics.trial == number for number, diagnostics in found.items())
    return sorted(found)


def test_all_keeps_every_network_once_and_a_later_measurement_agrees(place: Settings, executor: LocalExecutor) -> None:
    config = make_config("all", trials=2, plot_generation="all")
    result = ModelOptimizer(config, settings=place).optimize_model()
    folder = RunFolder(place, "all")
    assert kept(folder) == [0, 1]
    assert not list(folder.trials.glob("*/plots"))  # moved, not copied
    assert load_diagnostics(folder.optimized_model / "plots") is not None and result.best_model_path
    before = load_diagnostics(folder.trial_plots(1))
    shutil.rmtree(folder.trial_plots(1))
    again = diagnose_trial(place, Store(place).run("all"), 1, executor)
    assert before is not None and kept(folder) == [0, 1]
    assert np.array_equal(again.probabilities, before.probabilities) and again.mistakes == before.mistakes


def test_best_is_measured_at_the_end_and_follows_the_best(place: Settings) -> None:
    store, phases = Store(place), []

    def stop_after_the_first(progress: RunProgress) -> None:
        phases.append(progress.phase)
        if progress.completed == 1 and store.run("best").status == "running":
            store.request_stop("best")

    config = make_config("best", search_space=QUICK | {"learning_rate": [2e-3, 2e-2], "dropout": 0.1})
    first = ModelOptimizer(config, stop_after_the_first, settings=place).optimize_model()
    folder = RunFolder(place, "best")
    assert first.status == "stopped" and "measuring the best network" in phases
    assert first.best_trial is not None and kept(folder) == [first.best_trial]
    second = ModelOptimizer.resume("best", settings=place).optimize_model()
    assert second.best_trial is not None and kept(folder) == [second.best_trial]
    assert second.best_trial != first.best_trial  # else nothing was to be removed: choose another configuration
    final = load_diagnostics(folder.optimized_model / "plots")
    assert final is not None and final.trial == second.best_trial


def test_a_run_does_not_fail_for_want_of_diagnostics(
    place: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = make_config("clumsy", trials=1)
    result = ModelOptimizer(config, settings=place, executor=Clumsy(tmp_path / "log")).optimize_model()
    assert result.status == "completed" and result.best_model_path is not None
    assert not RunFolder(place, "clumsy").plots.exists()
    assert "no diagnostics of the best network of run clumsy" in caplog.text and "clumsy" in caplog.text


def test_a_run_that_keeps_nothing_can_be_measured_later_and_files_that_are_gone_are_named(
    place: Settings, executor: LocalExecutor
) -> None:
    ModelOptimizer(make_config("gone", trials=1, plot_generation="none"), settings=place).optimize_model()
    run, folder = Store(place).run("gone"), RunFolder(place, "gone")
    assert not folder.plots.exists() and not (folder.optimized_model / "plots").exists()
    with pytest.raises(LabError, match=r"trial 7 .* missing or damaged .* new trial"):
        diagnose_trial(place, run, 7, executor)
    model = folder.trial(0) / "model.keras"
    stored = model.read_bytes()
    model.write_bytes(stored[: len(stored) // 2])
    with pytest.raises(LabError, match="trial 0 could not be measured"):
        diagnose_trial(place, run, 0, executor)
    model.unlink()
    with pytest.raises(LabError, match=r"model\.keras is gone"):
        diagnose_trial(place, run, 0, executor)
    model.write_bytes(stored)
    other = replace(run, config=replace(run.config, random_seed=43))
    with pytest.raises(LabError, match="another split of digits"):
        diagnose_trial(place, other, 0, executor)
    assert diagnose_trial(place, run, 0, executor).trial == 0
