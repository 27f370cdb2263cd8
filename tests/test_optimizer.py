"""Whole runs on real digits: reproducible, interruptible, and honest about what went wrong."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from core.artifacts import sha256
from core.config import OptimizationConfig, ScoringWeights, Settings
from core.diagnostics import load_diagnostics
from core.errors import InvalidInputError, RunStateError
from core.executors.jobs import OnEpoch, TrainJob
from core.executors.local import LocalExecutor
from core.health import MetricResult
from core.optimizer import ModelOptimizer, OptimizationResult, summarize
from core.progress import RunProgress
from core.records import from_dict
from core.scoring import score
from core.store import Store, TrialRecord
from core.trial import TrialResult

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("optimizer")]
QUICK = {"conv_layers": 1, "dense_layers": 1, "batch_size": 128, "filters_1": {"high": 16}}


def make_config(name: str, **changes: Any) -> OptimizationConfig:
    values: dict[str, Any] = {
        "run_name": name,
        "trials": 4,
        "max_epochs_per_trial": 2,
        "concurrent_workers": 1,
        "search_space": QUICK,
        "pruning": False,
    }
    return OptimizationConfig(**(values | changes))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, lab: Settings) -> Settings:
    return replace(
        lab,
        results_dir=(results := tmp_path_factory.mktemp("results")),
        database_url=f"sqlite:///{results / 'lab.sqlite3'}",
    )


@pytest.fixture(scope="module")
def reference(place: Settings) -> OptimizationResult:
    """One undisturbed run that the others are compared with."""
    return ModelOptimizer(make_config("reference"), settings=place).optimize_model()


def outcomes(trials: tuple[TrialRecord, ...] | list[TrialRecord]) -> list[tuple[Any, ...]]:
    return [(t.number, t.state, t.params, t.total_score, t.accuracy, t.test_accuracy, t.components) for t in trials]


def wait_for(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def completed(store: Store, run: str) -> int:
    return sum(trial.state == "completed" for trial in store.trials(run))


def environment(place: Settings) -> dict[str, str]:
    return os.environ | {
        "MHL_DATA_DIR": str(place.data_dir),
        "MHL_RESULTS_DIR": str(place.results_dir),
        "MHL_DATABASE_URL": place.database_url,
    }


def test_a_run_trains_scores_and_keeps_the_best(reference: OptimizationResult, place: Settings) -> None:
    assert reference.status == "completed" and reference.count("completed") == 4
    best = max(reference.trials, key=lambda t: t.total_score or 0)
    assert (reference.best_trial, reference.best_total_score) == (best.number, best.total_score)
    assert reference.best_accuracy == best.accuracy and reference.test_accuracy == best.test_accuracy
    folder = place.results_dir / "reference"
    summary = json.loads((folder / "summary.json").read_text())
    assert {key: summary[key] for key in summarize(reference)} == summarize(reference)
    rows = list(csv.DictReader((folder / "trials.csv").open()))
    assert [float(row["total_score"]) for row in rows] == [t.total_score for t in reference.trials]
    assert sorted(p.name for p in (folder / "plots").iterdir()) == [f"trial_{best.number}"]  # plots: best
    for kept in (folder / "plots" / f"trial_{best.number}", folder / "optimized_model" / "plots"):
        diagnostics = load_diagnostics(kept)
        assert diagnostics is not None and diagnostics.trial == best.number
        right = diagnostics.probabilities.argmax(axis=1) == diagnostics.labels
        assert right.mean() == pytest.approx(best.accuracy)


def test_the_first_trial_is_the_default_model(reference: OptimizationResult) -> None:
    params = reference.trials[0].params
    assert params["filters_1"] == 16  # default 32, limited by the override
    assert (params["learning_rate"], params["optimizer"], params["activation"]) == (2e-3, "adam", "relu")


def test_the_stored_total_can_be_recomputed_from_the_stored_parts(
    reference: OptimizationResult, place: Settings
) -> None:
    study = Store(place).study("reference")
    for trial in study.trials:
        health = {name: from_dict(MetricResult, data) for name, data in trial.user_attrs["health"].items()}
        total = score(trial.user_attrs["metrics"]["val_accuracy"], health, ScoringWeights())
        assert total.total == trial.value


def test_the_final_model_is_the_trials_own_and_predicts_the_same_bits(
    reference: OptimizationResult, place: Settings
) -> None:
    trial = place.results_dir / "reference" / "trials" / f"trial_{reference.best_trial}"
    assert reference.best_model_path is not None
    final = Path(reference.best_model_path)
    assert final.name == f"optimized_digits_acc_{reference.best_accuracy:.4f}.keras"
    assert sha256(final) == sha256(trial / "model.keras")
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\nfrom core.training import devices\ndevices.prepare()\n"
        "from core.datasets.parts import open_parts\nfrom core.training.predictor import load_model, predict\n"
        "np.save(sys.argv[3], predict(load_model(Path(sys.argv[1])), open_parts(Path(sys.argv[2])).test.images()))\n"
    )
    facts = Store(place).run("reference").facts
    parts = place.data_dir / "digits" / "parts" / facts["split_hash"]
    again = place.results_dir / "again.npy"
    subprocess.run([sys.executable, "-c", code, str(final), str(parts), str(again)], check=True, capture_output=True)
    stored = np.load(trial / "test_predictions.npy")
    assert stored.shape == (180, 10) and stored.tobytes() == np.load(again).tobytes()


@pytest.mark.slow  # runs that were disturbed come out the same too, below
def test_one_worker_and_a_seed_are_reproducible(reference: OptimizationResult, place: Settings) -> None:
    again = ModelOptimizer(make_config("again"), settings=place).optimize_model()
    assert outcomes(again.trials) == outcomes(reference.trials)


@pytest.mark.slow
def test_another_seed_searches_elsewhere(reference: OptimizationResult, place: Settings) -> None:
    other = ModelOptimizer(make_config("other", random_seed=1, trials=2), settings=place).optimize_model()
    assert outcomes(other.trials)[1] != outcomes(reference.trials)[1]


def test_kill_9_and_resume_come_out_as_if_nothing_had_happened(reference: OptimizationResult, place: Settings) -> None:
    store = Store(place)
    words = ["optimize", "--trials", "4", "--epochs", "2", "--workers", "1", "--no-pruning", "--name", "killed"]
    for name, value in QUICK.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    program = subprocess.Popen(
        [sys.executable, "-m", "core", *words], env=environment(place), stderr=subprocess.DEVNULL
    )
    wait_for(lambda: completed(store, "killed") >= 1 and store.progress("killed"))
    below = psutil.Process(program.pid).children(recursive=True)
    program.kill()
    program.wait()
    _, alive = psutil.wait_procs(below, timeout=10)
    assert alive == []
    before = outcomes([t for t in store.trials("killed") if t.state == "completed"])
    assert 1 <= len(before) < 4 and store.run("killed").status == "interrupted"
    done = subprocess.run(
        [sys.executable, "-m", "core", "resume", "killed", "--json"],
        env=environment(place),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["trials"] == {"completed": 4, "pruned": 0, "failed": 0}
    after = outcomes(store.trials("killed"))
    assert after[: len(before)] == before and after == outcomes(reference.trials)


def test_a_killed_worker_is_tried_again_with_the_same_trial(reference: OptimizationResult, place: Settings) -> None:
    hit = kill_once(lambda executor: [c for s in psutil.Process(executor.host_pid).children() for c in s.children()])
    executor = LocalExecutor(place.results_dir / "kill.log")
    result = ModelOptimizer(
        make_config("child"), lambda p: hit(executor, p), settings=place, executor=executor
    ).optimize_model()
    assert outcomes(result.trials) == outcomes(reference.trials)
    [struck] = [trial for trial in result.trials if trial.attempts]
    assert "SIGKILL" in struck.attempts[0] and struck.state == "completed"


def test_a_killed_host_does_not_end_the_run(reference: OptimizationResult, place: Settings) -> None:
    hit = kill_once(lambda executor: [psutil.Process(executor.host_pid)])
    executor = LocalExecutor(place.results_dir / "kill.log")
    result = ModelOptimizer(
        make_config("host"), lambda p: hit(executor, p), settings=place, executor=executor
    ).optimize_model()
    assert outcomes(result.trials) == outcomes(reference.trials)
    assert ["worker host ended" in a for t in result.trials for a in t.attempts] == [True]


def kill_once(find: Callable[[LocalExecutor], list[psutil.Process]]) -> Callable[[LocalExecutor, RunProgress], None]:
    """Kill what `find` finds as soon as trial 1 has done an epoch."""
    done: list[int] = []

    def hit(executor: LocalExecutor, progress: RunProgress) -> None:
        if not done and any(trial.number == 1 and trial.epoch == 1 for trial in progress.running):
            for process in find(executor):
                process.send_signal(signal.SIGKILL)
                done.append(process.pid)

    return hit


class Sabotage(LocalExecutor):
    """Sends the trials in `broken` to a folder that is not there: their workers really fail."""

    broken: tuple[int, ...] = ()

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        if job.spec.number in self.broken:
            job = replace(job, parts_folder="/nowhere")
        return super().train(job, on_epoch)


def test_a_failing_trial_is_stored_with_its_traceback_and_the_run_goes_on(place: Settings) -> None:
    executor = Sabotage(place.results_dir / "sabotage.log")
    executor.broken = (0, 2)
    result = ModelOptimizer(make_config("failing", trials=3), settings=place, executor=executor).optimize_model()
    assert [t.state for t in result.trials] == ["failed", "completed", "failed"]
    assert result.best_trial == 1 and result.status == "completed"
    assert "/nowhere" in (result.trials[0].note or "") and "Traceback" in (result.trials[0].traceback or "")
    assert not (place.results_dir / "failing" / "trials" / "trial_0").exists()


def test_a_run_without_any_completed_trial_says_so(place: Settings) -> None:
    executor = Sabotage(place.results_dir / "sabotage.log")
    executor.broken = (0,)
    result = ModelOptimizer(make_config("nothing", trials=1), settings=place, executor=executor).optimize_model()
    assert result.best_trial is None and result.best_model_path is None and result.best_total_score is None
    assert summarize(result)["best"] is None


def test_stop_keeps_what_is_finished_and_resume_does_the_rest(reference: OptimizationResult, place: Settings) -> None:
    store = Store(place)

    def stop_in_the_second(progress: RunProgress) -> None:
        if progress.completed == 1 and store.run("stopped").status == "running":
            store.request_stop("stopped")

    first = ModelOptimizer(make_config("stopped"), stop_in_the_second, settings=place).optimize_model()
    assert first.status == "stopped" and 1 <= first.count("completed") < 4
    assert store.run("stopped").resumable and store.progress("stopped") == []
    second = ModelOptimizer.resume("stopped", settings=place).optimize_model()
    assert outcomes(second.trials) == outcomes(reference.trials)
    with pytest.raises(RunStateError, match="completed"):
        ModelOptimizer.resume("stopped", settings=place).optimize_model()


def test_a_committed_result_is_not_trained_again(reference: OptimizationResult, place: Settings) -> None:
    """A worker may finish just before the program dies: its result.json counts."""
    store = Store(place)
    ModelOptimizer(make_config("committed"), settings=place).optimize_model()
    store.optuna_storage.delete_study(store.study("committed")._study_id)  # as if none had been told
    store.update_run("committed", status="stopped")
    models = [place.results_dir / "committed" / "trials" / f"trial_{n}" / "model.keras" for n in range(4)]
    written = [model.stat().st_mtime_ns for model in models]
    result = ModelOptimizer.resume("committed", settings=place).optimize_model()
    assert [model.stat().st_mtime_ns for model in models] == written
    assert outcomes(result.trials) == outcomes(reference.trials)


@pytest.mark.slow
def test_simple_mode_scores_by_accuracy_alone(place: Settings) -> None:
    config = make_config("simple", optimization_mode="simple", trials=2)
    result = ModelOptimizer(config, settings=place).optimize_model()
    assert [t.total_score for t in result.trials] == [t.accuracy for t in result.trials]
    assert all(t.health is not None for t in result.trials)  # measured and shown all the same


def test_budgets_are_constraints(reference: OptimizationResult, place: Settings) -> None:
    sizes = sorted(t.parameters or 0 for t in reference.trials)
    budget = sizes[1]
    result = ModelOptimizer(make_config("budget", max_parameters=budget), settings=place).optimize_model()
    for trial in result.trials:
        assert (trial.state == "pruned") == ((trial.parameters or 0) > budget)
        assert trial.feasible == ((trial.parameters or 0) <= budget)
    assert any(t.state == "pruned" and "exceed the budget" in (t.note or "") for t in result.trials)


@pytest.mark.slow
def test_time_budgets_are_constraints_too(place: Settings) -> None:
    slow = ModelOptimizer(make_config("slow", trials=1, max_seconds_per_trial=0.01), settings=place).optimize_model()
    [trial] = slow.trials
    assert trial.state == "completed" and not trial.feasible and max(trial.accuracies) == 1  # ended after an epoch
    assert slow.best_trial is None and slow.best_model_path is None
    late = ModelOptimizer(make_config("late", max_run_seconds=0.001), settings=place).optimize_model()
    assert [trial.state for trial in late.trials] == ["waiting"]  # the default model, never started
    assert Store(place).run("late").phase == "time budget used up; 4 trials were not started"


def test_pruning_stops_bad_trials_early(place: Settings) -> None:
    space = QUICK | {"learning_rate": [1e-6, 1e-2], "optimizer": "adam", "schedule": "constant"}
    config = make_config("pruning", trials=9, max_epochs_per_trial=6, concurrent_workers=2, pruning=True)
    result = ModelOptimizer(replace(config, search_space=space), settings=place).optimize_model()
    pruned = [t for t in result.trials if t.state == "pruned"]
    assert pruned and all(max(t.accuracies) < 6 and "pruned after epoch" in (t.note or "") for t in pruned)
    assert not any((place.results_dir / "pruning" / "trials" / f"trial_{t.number}").exists() for t in pruned)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset_name": "digts"}, "Did you mean 'digits'"),
        ({"search_space": {"filter_1": 8}}, "Did you mean 'filters_1'"),
        ({"search_space": {"conv_layers": 9}}, "conv_layers is 9"),
        ({"search_space": {"batch_size": 0}}, "batch_size must be 1 or more"),
        ({"name": "../x"}, "not allowed"),
    ],
)
def test_wrong_input_fails_before_anything_is_stored(place: Settings, change: dict[str, Any], message: str) -> None:
    before = len(Store(place).runs())
    with pytest.raises(InvalidInputError, match=message):
        ModelOptimizer(make_config(**({"name": "wrong"} | change)), settings=place)
    assert len(Store(place).runs()) == before


def test_a_taken_name_is_refused(reference: OptimizationResult, place: Settings) -> None:
    with pytest.raises(RunStateError, match="exists already"):
        ModelOptimizer(make_config("reference"), settings=place)
