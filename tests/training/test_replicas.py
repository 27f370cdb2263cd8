"""One network on two devices: two logical CPUs stand for two GPUs, in processes of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.parts import open_parts
from core.datasets.split import SplitParts
from core.executors.jobs import TrainJob
from core.executors.local import LocalExecutor
from core.model_config import CnnConfig
from core.training.devices import LOGICAL_CPUS
from core.training.predictor import load_model, predict
from core.trial import MODEL_FILE, EpochRecord, TrialResult, TrialSpec

pytestmark = pytest.mark.training

# Plain SGD without noise: what remains is the arithmetic of the gradients.
SPEC = TrialSpec(
    run="replicas", number=0, dataset="digits", split_hash="-", seed=5, epochs=2, patience=5, store_plots=False,
    model=CnnConfig(filters=(8,), dense_units=(16,), batch_size=128, optimizer="sgd", learning_rate=0.1, dropout=0.0),
)  # fmt: skip


def train_all(
    specs: list[TrialSpec], digits: SplitParts, folder: Path
) -> tuple[list[TrialResult], list[list[EpochRecord]]]:
    executor = LocalExecutor(folder / "host.log")
    seen: list[list[EpochRecord]] = [[] for _ in specs]
    try:
        jobs = [
            TrainJob(spec=spec, parts_folder=str(digits.folder), out_dir=str(folder / f"trial_{spec.number}"))
            for spec in specs
        ]
        futures = [executor.train(job, seen[place].append) for place, job in enumerate(jobs)]
        return [future.result(timeout=240) for future in futures], seen
    finally:
        executor.close()


@pytest.fixture(scope="module")
def trained(
    digits: SplitParts, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[TrialResult], list[list[EpochRecord]], Path]:
    folder = tmp_path_factory.mktemp("replicas")
    normalized = replace(SPEC.model, batch_normalization=True)
    specs = [
        SPEC,
        replace(SPEC, number=1, gpus=2),
        replace(SPEC, number=2, model=normalized),
        replace(SPEC, number=3, model=normalized, gpus=2),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(LOGICAL_CPUS, "2")
        results, seen = train_all(specs, digits, folder)
    for result in results:
        assert result.status == "completed", result.traceback
    return results, seen, folder


def losses(result: TrialResult) -> list[float]:
    assert result.trace is not None
    return [value for value in result.trace.window_losses if value is not None]


@pytest.mark.parametrize("single", [0, 2], ids=["plain", "batch normalization"])
def test_two_replicas_learn_what_one_learns(
    single: int, trained: tuple[list[TrialResult], list[list[EpochRecord]], Path]
) -> None:
    one, two = trained[0][single], trained[0][single + 1]
    assert (one.device, two.device) == ("cpu", "2 x cpu")
    assert len(losses(one)) == len(losses(two)) == 8
    assert losses(two) == pytest.approx(losses(one), rel=2e-4)
    assert one.trace is not None and two.trace is not None
    assert two.trace.initial_loss == pytest.approx(one.trace.initial_loss, rel=1e-5)
    for a, b in zip(one.trace.epochs, two.trace.epochs, strict=True):
        assert b.val_loss == pytest.approx(a.val_loss, rel=1e-3)
        assert b.val_accuracy == pytest.approx(a.val_accuracy, abs=2 / 360)
        assert a.gradients.keys() == b.gradients.keys()
        for name, norm in a.gradients.items():
            assert b.gradients[name].gradient == pytest.approx(norm.gradient, rel=0.02)


def test_epochs_are_told_as_they_end(trained: tuple[list[TrialResult], list[list[EpochRecord]], Path]) -> None:
    for result, seen in zip(trained[0], trained[1], strict=True):
        assert result.trace is not None and tuple(seen) == result.trace.epochs


def test_the_saved_network_is_the_plain_one(
    trained: tuple[list[TrialResult], list[list[EpochRecord]], Path], digits: SplitParts
) -> None:
    results, _seen, folder = trained
    model = load_model(folder / "trial_3" / MODEL_FILE)
    test = open_parts(digits.folder).test
    probabilities = predict(model, test.images())
    stored = np.load(folder / "trial_3" / "test_predictions.npy")
    assert np.allclose(probabilities, stored, atol=1e-6)
    metrics = results[3].metrics
    assert metrics is not None and metrics.test_accuracy == float((stored.argmax(axis=1) == test.y).mean())


def test_a_machine_with_one_device_trains_on_it_all_the_same(
    digits: SplitParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(LOGICAL_CPUS, raising=False)
    (result,), _ = train_all([replace(SPEC, gpus=2, epochs=1)], digits, tmp_path)
    assert result.status == "completed" and result.device == "cpu"
