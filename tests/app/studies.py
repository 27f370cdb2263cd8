"""Studies with results in the store, made up in milliseconds: nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from core.analyses import generalization
from core.analyses.evaluation import Predictions
from core.executors.sharing import SHARED
from core.service import RunService
from core.stats import RunTrials
from core.study_config import STUDY_MODES, StudyConfig, StudyMode
from core.study_networks import Networks, StudyNetwork

ROWS = 1000  # of the holdout
CLEAR = (0.020, 0.022, 0.018, 0.021, 0.019, 0.020, 0.021, 0.019)  # also as one of five claims
BETTER = (0.020, 0.022, 0.018, 0.021, 0.019, 0.020)
WORSE = tuple(-gain for gain in BETTER)
NOTHING = (0.020, -0.025, 0.010, -0.012, 0.015, -0.020)
EQUAL = (0.001, -0.001, 0.0, 0.001, -0.001, 0.0)
PARAMS = {"conv_layers": 1, "filters_1": 16, "dense_layers": 0}


def add_study(service: RunService, name: str = "mine", status: str = "completed", **config: Any) -> StudyConfig:
    """Store a study whose runs have not begun."""
    made = StudyConfig(study_name=name, **{"runs": 6, "trials": 5, "epochs": 3, "concurrent_workers": 2} | config)
    service.studies.create(name, made)
    service.studies.update(name, status=status, phase="1 of 12 runs done", seconds=75.0, started=None)
    return made


def add_result(service: RunService, name: str, gains: Sequence[float], **changes: Any) -> None:
    """Give a study the result of runs whose health-aware half is better by `gains` on the holdout."""
    result = analysed(gains) | {
        "trainings": {"trained": 40, "taken_over": 20},
        "opening": {"at": 1.8e9, "code": "0.1.0+abc", "networks": "f00"},
        "reused_holdout": None,
    }
    service.studies.note_opening(name, result["opening"])
    service.studies.set_result(name, "generalization", result | changes)


def add_runs(service: RunService, config: StudyConfig, mode: StudyMode, count: int, status: str = "completed") -> None:
    """Store the first `count` runs of a mode with two ended trials each; the health-aware half took one over."""
    for pair in range(count):
        run = config.run_config(mode, pair)
        assert run.run_name is not None
        service.store.create_run(run.run_name, run)
        study = service.store.study(run.run_name)
        for number in range(2):
            shared = SHARED if mode == "health_aware" and number == 0 else "cpu"
            study.add_trial(_trial(0.90 + 0.01 * pair + 0.001 * number, shared))
        facts = {"sizes": {"train": 1000, "validation": 100, "test": 200, "holdout": 100}}
        service.store.update_run(run.run_name, status=status, phase="finished", seconds=30.0, facts=facts)


def _trial(accuracy: float, device: str) -> optuna.trial.FrozenTrial:
    attributes = {
        "metrics": {"val_accuracy": accuracy, "test_accuracy": accuracy - 0.01},
        "health_score": 0.8,
        "parameters": 12345,
        "seconds": 4.0,
        "device": device,
    }
    return optuna.trial.create_trial(
        params=dict(PARAMS),
        distributions={name: optuna.distributions.IntDistribution(0, 64) for name in PARAMS},
        value=accuracy,
        user_attrs=attributes,
        intermediate_values={1: accuracy - 0.1, 3: accuracy},
    )


def analysed(gains: Sequence[float]) -> dict[str, Any]:
    """Return what module 1 says of them."""
    networks: Networks = {mode: [] for mode in STUDY_MODES}
    predictions: dict[str, Predictions] = {}
    for pair, gain in enumerate(gains):
        base = 0.93 + 0.003 * pair
        for mode in STUDY_MODES:
            right = round(ROWS * (base + (gain if mode == "health_aware" else 0.0)))
            network = _network(mode, pair, base)
            networks[mode].append(network)
            predictions[network.name] = _predictions(right, shift=0 if gain == 0 or mode == "accuracy_only" else 30)
    pools = [RunTrials(accuracy=[0.90, 0.92], health=[0.8, 0.6], outcome=[0.89 + gain, 0.90]) for gain in gains]
    return generalization.analyse(networks, predictions, pools, sesoi=0.005, seed=0)


def _network(mode: StudyMode, pair: int, base: float) -> StudyNetwork:
    return StudyNetwork(
        mode=mode,
        pair=pair,
        run=f"mine.{mode}.{pair}",
        trial=1 if mode == "accuracy_only" else 0,
        validation=base + 0.01,
        test=base + 0.002,
        train=base + 0.03,
        total=base,
        health=0.8,
        parameters=12345,
        params=dict(PARAMS),
        folder=Path(),
    )


def _predictions(right: int, shift: int) -> Predictions:
    """Return predictions of two classes of which `right` rows are right, beginning at row `shift`."""
    hit = np.roll(np.arange(ROWS) < right, shift)
    probabilities = np.stack([hit, ~hit], axis=1).astype(np.float32)
    return Predictions(probabilities=probabilities, labels=np.zeros(ROWS, dtype=np.int64), rows=np.arange(ROWS))
