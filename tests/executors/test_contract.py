"""Every executor gives the same answers to the same jobs, and turns failures into data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.architecture import load_architecture
from core.datasets.split import SplitParts
from core.diagnostics import load_diagnostics
from core.executors.inline import InlineExecutor
from core.executors.jobs import CountJob, DiagnoseJob, Executor, TrainJob
from core.executors.local import LocalExecutor
from core.model_config import CnnConfig
from core.trial import EpochRecord, TrialResult, TrialSpec

SMALL = CnnConfig(filters=(8,), dense_units=(16,), batch_size=128)


def make_job(digits: SplitParts, out_dir: Path, **changes: object) -> TrainJob:
    """A quick training of a small net on digits."""
    spec = TrialSpec(
        run="test",
        number=0,
        dataset="digits",
        split_hash=digits.split_hash,
        seed=7,
        model=SMALL,
        epochs=2,
        patience=5,
        store_plots=True,
        smallest_parameters=100,
        largest_parameters=100_000,
    )
    return TrainJob(spec=replace(spec, **changes), parts_folder=str(digits.folder), out_dir=str(out_dir))


@pytest.fixture(scope="module", params=["inline", "local"])
def executor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executor]:
    made = InlineExecutor() if request.param == "inline" else LocalExecutor(tmp_path_factory.mktemp("log") / "log")
    yield made
    made.close()


_results: dict[str, TrialResult] = {}


@pytest.mark.training
def test_same_spec_gives_the_same_result_everywhere(
    executor: Executor, digits: SplitParts, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    epochs: list[EpochRecord] = []
    result = executor.train(make_job(digits, tmp_path / "trial"), epochs.append).result(120)
    assert result.status == "completed", result.traceback
    assert result.trace is not None and tuple(epochs) == result.trace.epochs
    assert result.metrics is not None and result.metrics.val_accuracy is not None
    assert result.trace.val_correct / result.trace.val_n == pytest.approx(result.metrics.val_accuracy)
    _results[request.node.callspec.params["executor"]] = result
    if len(_results) == 2:
        inline, local = _results["inline"], _results["local"]
        assert inline.metrics == local.metrics
        assert inline.trace is not None and local.trace is not None
        assert inline.trace.window_losses == local.trace.window_losses
        assert inline.trace.layers == local.trace.layers


@pytest.mark.training
def test_a_completed_trial_leaves_its_files(executor: Executor, digits: SplitParts, tmp_path: Path) -> None:
    out = tmp_path / "trial"
    result = executor.train(make_job(digits, out, number=3), lambda _: None).result(120)
    names = {artifact.path for artifact in result.artifacts}
    assert {"model.keras", "spec.json", "architecture.json", "test_predictions.npy"} <= names
    assert any(name.startswith("tensorboard/") for name in names)
    assert not any(name.startswith("plots/") for name in names)  # they are moved away later
    stored = json.loads((out / "result.json").read_text())
    assert stored["number"] == 3 and stored["status"] == "completed"
    architecture, diagnostics = load_architecture(out), load_diagnostics(out / "plots")
    assert architecture is not None and architecture.parameters == result.parameters
    assert diagnostics is not None and diagnostics.trial == 3 and result.trace is not None
    assert len(diagnostics.labels) == result.trace.val_n
    right = diagnostics.probabilities.argmax(axis=1) == diagnostics.labels
    assert right.sum() == result.trace.val_correct


@pytest.mark.training
def test_diagnosing_later_finds_the_same_as_at_once(executor: Executor, digits: SplitParts, tmp_path: Path) -> None:
    trial, plots = tmp_path / "trial", tmp_path / "later"
    job = make_job(digits, trial)
    executor.train(job, lambda _: None).result(120)
    later = DiagnoseJob(
        spec=job.spec, parts_folder=job.parts_folder, trial_dir=str(trial), out_dir=str(plots), silence_limit=60
    )
    report = executor.diagnose(later).result(60)
    assert report.error is None and report.seconds > 0, report.traceback
    at_once, found = load_diagnostics(trial / "plots"), load_diagnostics(plots)
    assert at_once is not None and found is not None
    assert np.array_equal(at_once.probabilities, found.probabilities)
    assert at_once.mistakes == found.mistakes and at_once.weights == found.weights
    assert at_once.arrays.keys() == found.arrays.keys()


@pytest.mark.training
def test_nothing_is_stored_unless_it_was_asked_for(executor: Executor, digits: SplitParts, tmp_path: Path) -> None:
    executor.train(make_job(digits, tmp_path / "trial", store_plots=False), lambda _: None).result(120)
    assert (tmp_path / "trial" / "result.json").exists() and not (tmp_path / "trial" / "plots").exists()


@pytest.mark.training
def test_a_failed_diagnosis_is_a_report(executor: Executor, digits: SplitParts, tmp_path: Path) -> None:
    job = make_job(digits, tmp_path / "trial")
    nowhere = DiagnoseJob(
        spec=job.spec, parts_folder=job.parts_folder, trial_dir=str(tmp_path / "gone"), out_dir=str(tmp_path / "plots")
    )
    report = executor.diagnose(nowhere).result(60)
    assert report.error and "gone" in report.error and report.traceback and "Traceback" in report.traceback
    assert not (tmp_path / "plots").exists()


@pytest.mark.training
def test_a_failure_is_a_result_with_its_traceback(executor: Executor, digits: SplitParts, tmp_path: Path) -> None:
    job = replace(make_job(digits, tmp_path / "trial"), parts_folder=str(tmp_path / "nowhere"))
    result = executor.train(job, lambda _: None).result(60)
    assert result.status == "failed"
    assert result.error and "nowhere" in result.error
    assert result.traceback and "Traceback" in result.traceback


@pytest.mark.training
def test_a_net_over_budget_is_not_trained(executor: Executor, digits: SplitParts, tmp_path: Path) -> None:
    epochs: list[EpochRecord] = []
    result = executor.train(make_job(digits, tmp_path / "trial", max_parameters=50), epochs.append).result(60)
    assert result.status == "over_budget" and result.parameters is not None and result.parameters > 50
    assert epochs == [] and not (tmp_path / "trial" / "model.keras").exists()


@pytest.mark.training
def test_counting_builds_the_candidates(executor: Executor) -> None:
    large = CnnConfig(filters=(16,), dense_units=(32,))
    job = CountJob(smallest=(SMALL, large), largest=(SMALL, large), shape=(8, 8, 1), classes=10)
    bounds = executor.count(job).result(60)
    # conv 9·8 + normalization 4·8 + dense 4·4·8·16+16 + output 16·10+10, by hand
    assert bounds.smallest == 72 + 32 + 2064 + 170
    assert bounds.largest == 144 + 64 + 4 * 4 * 16 * 32 + 32 + 330


@pytest.mark.training
def test_time_budget_ends_the_training_after_the_epoch(executor: Executor, digits: SplitParts, tmp_path: Path) -> None:
    job = make_job(digits, tmp_path / "trial", epochs=500, patience=500, max_seconds=0.01)
    result = executor.train(job, lambda _: None).result(120)
    assert result.status == "completed" and result.trace is not None and len(result.trace.epochs) == 1


@pytest.mark.training
def test_a_trial_does_not_fail_for_want_of_diagnostics(
    digits: SplitParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("core.training.diagnostics.collect.save_diagnostics", refuse)
    result = InlineExecutor().train(make_job(digits, tmp_path / "trial", number=9), lambda _: None).result()
    assert result.status == "completed" and (tmp_path / "trial" / "result.json").is_file()
    assert "trial 9 of run test was not diagnosed" in caplog.text and "the disk is full" in caplog.text
