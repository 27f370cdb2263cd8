"""A lab on temporary folders, and the app's page on it without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState
from streamlit.testing.v1 import AppTest

from app.state import run_service
from core.config import OptimizationConfig
from core.health import METRICS
from core.service import RunService
from core.store import Store
from tests.conftest import REPOSITORY

# The environment of a RunPod that is set up, though nobody answers there
ACCESS = {
    "RUNPOD_API_KEY": "rpa_NOBODY",
    "RUNPOD_ENDPOINT_ID": "nobody",
    "RUNPOD_API_URL": "http://127.0.0.1:9/v2",
    "BUCKET_NAME": "none",
    "BUCKET_ACCESS_KEY_ID": "user_NOBODY",
    "BUCKET_SECRET_ACCESS_KEY": "rps_NOBODY",
    "BUCKET_ENDPOINT_URL": "http://127.0.0.1:9",
}
REASON = "no hidden layer could be probed"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    """The run service that the page will use, with an empty store."""
    monkeypatch.setenv("MHL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MHL_RESULTS_DIR", str(tmp_path / "results"))
    for name in ("MHL_DATABASE_URL", "MHL_DATASET_MIRROR", "RUNPOD_API_KEY_FILE", *ACCESS):
        monkeypatch.delenv(name, raising=False)
    run_service.clear()
    opened = run_service()
    yield opened
    opened.close()
    run_service.clear()


@pytest.fixture
def page(service: RunService) -> AppTest:
    """The app, not yet run."""
    return AppTest.from_file(str(REPOSITORY / "app" / "main.py"), default_timeout=30)


def form_script() -> None:
    """The form alone."""
    from app.components.setup_view import setup_view
    from app.state import run_service

    setup_view(run_service(), busy=False)


@pytest.fixture
def form(service: RunService) -> AppTest:
    """The form, not yet drawn, on an empty lab."""
    return AppTest.from_function(form_script, default_timeout=30)


@pytest.fixture
def started(service: RunService, monkeypatch: pytest.MonkeyPatch) -> list[OptimizationConfig]:
    """What was started, without training anything."""
    configs: list[OptimizationConfig] = []

    def start(config: OptimizationConfig) -> str:
        configs.append(config)
        return "started"

    monkeypatch.setattr(service, "start", start)
    return configs


def add_run(store: Store, name: str, status: str = "completed", **config: Any) -> None:
    """Store a run of three trials without training anything: completed, pruned and failed."""
    store.create_run(name, OptimizationConfig(trials=3, run_name=name, **config))
    study = store.study(name)
    for trial in (_completed(), _pruned(), _failed()):
        study.add_trial(trial)
    facts = {"sizes": {"train": 1000, "validation": 100, "test": 200, "holdout": 100}}
    store.update_run(name, status=status, phase="finished", seconds=75.0, facts=facts)


def _completed() -> optuna.trial.FrozenTrial:
    health = {}
    for metric in METRICS:
        reading = {"value": 0.5, "n": 10, "status": "ok", "reason": None, "components": {}, "cost_s": None}
        if metric == "neuron_utilization":
            reading |= {"value": None, "n": 0, "status": "not measurable", "reason": REASON}
        health[metric] = reading | {"name": metric, "version": 1}
    attributes = {
        "metrics": {"val_accuracy": 0.9, "test_accuracy": 0.875},
        "health": health,
        "health_score": 0.512,
        "parameters": 12345,
        "seconds": 4.25,
    }
    params = {"conv_layers": 2, "filters_1": 11, "filters_2": 22, "filters_3": 33}  # the third layer is inactive
    return optuna.trial.create_trial(
        params=params,
        distributions={name: optuna.distributions.IntDistribution(1, 64) for name in params},
        value=0.7836,
        user_attrs=attributes,
        intermediate_values={1: 0.8, 2: 0.9},
    )


def _pruned() -> optuna.trial.FrozenTrial:
    note = {"note": "pruned after epoch 1: below the median of earlier trials"}
    return optuna.trial.create_trial(state=TrialState.PRUNED, user_attrs=note, intermediate_values={1: 0.25})


def _failed() -> optuna.trial.FrozenTrial:
    attributes = {"note": "out of memory", "traceback": "Traceback (most recent call last):\n  MemoryError"}
    return optuna.trial.create_trial(state=TrialState.FAIL, user_attrs=attributes)
