"""One trial on real digits: the trace, early stopping, divergence, and what the saved model is."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.parts import TrialData, open_parts
from core.datasets.split import SplitParts, prepare_split
from core.health import measure
from core.model_config import CnnConfig, LstmConfig
from core.records import from_json, to_json
from core.training.predictor import load_model, predict
from core.training.recorder import correct_rows, cross_entropy
from core.training.trainer import train_trial
from core.trial import TrialResult, TrialSpec

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]
_numbers = itertools.count()


@pytest.fixture
def data(digits: SplitParts) -> TrialData:
    return open_parts(digits.folder)


def train(data: TrialData, folder: Path, **changes: Any) -> TrialResult:
    spec = TrialSpec(
        run="test", number=next(_numbers), dataset=data.entry.name, split_hash="-", seed=5,
        model=CnnConfig(filters=(8,), dense_units=(16,), batch_size=128), epochs=3, patience=5, store_plots=False,
        smallest_parameters=100, largest_parameters=100_000,
    )  # fmt: skip
    return train_trial(replace(spec, **changes), data, folder, lambda _: None)


def test_the_trace_is_complete_and_consistent(data: TrialData, tmp_path: Path) -> None:
    result = train(data, tmp_path / "trial")
    trace, metrics = result.trace, result.metrics
    assert trace is not None and metrics is not None and from_json(TrialResult, to_json(result)) == result
    assert len(trace.epochs) == 3 and len(trace.window_losses) == 12
    for index, epoch in enumerate(trace.epochs):
        windows = [w for w in trace.window_losses[4 * index : 4 * index + 4] if w is not None]
        assert epoch.loss is not None and min(windows) - 0.05 <= epoch.loss <= max(windows) + 0.05
        assert set(epoch.gradients) == {"conv_1", "dense_1", "output"}
        assert (epoch.churn_kappa is None) == (index == 0)
    assert trace.initial_loss == pytest.approx(math.log(10), abs=1.5)
    assert trace.chance_loss == pytest.approx(math.log(10), abs=1e-3)
    assert sum(g.n for g in trace.groups) == trace.val_n == metrics.val_n == 360
    assert sum(g.correct for g in trace.groups) == trace.val_correct
    assert all(value.value is not None for value in measure(trace).values())


def test_metrics_are_those_of_the_saved_model(data: TrialData, tmp_path: Path) -> None:
    result = train(data, tmp_path / "trial")
    model = load_model(tmp_path / "trial" / "model.keras")
    assert result.metrics is not None
    for part, accuracy in ((data.validation, result.metrics.val_accuracy), (data.test, result.metrics.test_accuracy)):
        probabilities = predict(model, part.images())
        assert accuracy == (probabilities.argmax(axis=1) == part.y).mean()
    stored = np.load(tmp_path / "trial" / "test_predictions.npy")
    assert stored.tobytes() == predict(model, data.test.images()).tobytes()


def test_early_stopping_restores_the_best_epoch(data: TrialData, tmp_path: Path) -> None:
    wild = CnnConfig(filters=(8,), dense_units=(16,), batch_size=128, optimizer="sgd", learning_rate=1.0)
    result = train(data, tmp_path / "trial", model=wild, epochs=30, patience=2)
    assert result.trace is not None and result.metrics is not None
    losses = [e.val_loss if e.val_loss is not None else math.inf for e in result.trace.epochs]
    assert len(losses) == losses.index(min(losses)) + 3 < 30
    assert result.metrics.val_loss == pytest.approx(min(losses), rel=1e-5)


def test_a_diverging_training_ends_early_with_health_zero(data: TrialData, tmp_path: Path) -> None:
    hot = CnnConfig(filters=(8,), dense_units=(16,), optimizer="sgd", learning_rate=1e30, batch_normalization=False)
    result = train(data, tmp_path / "trial", model=hot, epochs=20)
    assert result.status == "completed" and result.trace is not None and result.metrics is not None
    assert result.trace.diverged and len(result.trace.epochs) == 1 and None in result.trace.window_losses
    assert {m.status for m in measure(result.trace).values()} == {"diverged"}
    assert {m.value for m in measure(result.trace).values()} == {0.0}
    assert result.metrics.val_accuracy == 0.0 and result.metrics.val_loss is None


def test_rows_without_finite_probabilities_are_wrong() -> None:
    probabilities = np.array([[0.9, 0.1], [np.nan, np.nan], [0.2, 0.8]], np.float32)
    assert correct_rows(probabilities, np.array([0, 0, 1])).tolist() == [True, False, True]
    assert cross_entropy(probabilities, np.array([0, 0, 1])) is None
    assert cross_entropy(probabilities[[0, 2]], np.array([0, 1])) == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2)


def test_the_seed_decides(data: TrialData, tmp_path: Path) -> None:
    first, same, other = (train(data, tmp_path / str(i), epochs=1, seed=seed) for i, seed in enumerate((1, 1, 2)))
    assert first.trace is not None and same.trace is not None and other.trace is not None
    assert first.trace.window_losses == same.trace.window_losses != other.trace.window_losses
    assert first.trace.probe_hash == same.trace.probe_hash == other.trace.probe_hash


def test_a_text_trial_on_real_reuters(lab: Settings, mirror: Path, tmp_path: Path) -> None:
    data = open_parts(prepare_split(prepare("reuters", lab), 1, lab).folder)
    small = LstmConfig(vocabulary=2000, sequence_length=20, embedding_size=8, lstm_units=(8,), batch_size=256)
    result = train(data, tmp_path / "trial", model=small, epochs=2)
    trace = result.trace
    assert trace is not None
    assert {g.kind for g in trace.groups} == {"class", "length"}
    assert sum(g.n for g in trace.groups if g.kind == "length") == trace.val_n == len(data.validation)
    assert [(layer.name, layer.kind) for layer in trace.layers] == [("lstm_1", "lstm"), ("dense_1", "dense")]
    assert trace.parameters.embedding == 2000 * 8
    assert {"embedding/embeddings", "dense_1", "output"} < set(trace.epochs[0].gradients)
    assert trace.val_correct / trace.val_n > 0.2
