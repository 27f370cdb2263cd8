"""Every executor gives the same answers to the same jobs, and turns failures into data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets.split import SplitParts
from core.executors.inline import InlineExecutor
from core.executors.jobs import CountJob, Executor, TrainJob
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
    assert {"model.keras", "spec.json", "test_predictions.npy", "plots/diagnostics.json"} <= names
    assert any(name.startswith("tensorboard/") for name in names)
    stored = json.loads((out / "result.json").read_text())
    assert stored["number"] == 3 and stored["status"] == "completed"
    diagnostics = json.loads((out / "plots" / "diagnostics.json").read_text())
    assert sum(map(sum, diagnostics["confusion"])) == result.trace.val_n  # type: ignore[union-attr]


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
