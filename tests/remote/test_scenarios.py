"""The ways in which a run can be spread, each to its files: locally, on one worker, on two, on two devices each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.artifacts import RunFolder
from core.diagnostics import load_diagnostics
from core.outcome import OptimizationResult
from tests.remote.lab import RemoteLab, check_finished

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("emulator")]

SCENARIOS: dict[str, dict[str, Any]] = {
    "local": {"use_runpod_service": False},
    "one worker": {"concurrent_workers": 1},
    "two workers": {},
    "2 workers x 2 devices": {"target_gpus_per_worker": 2},
    "sequential x 2 devices": {"concurrent": False, "target_gpus_per_worker": 2},
    "4 trials on 2 workers": {"trials": 4},
    "10 epochs": {"trials": 1, "max_epochs_per_trial": 10, "early_stopping_patience": 10},
}


def check_files(folder: RunFolder, trials: int) -> None:
    """`plots/trial_{n}/` of every trial, and `optimized_model/` with the network and its diagnostics."""
    assert sorted(path.name for path in folder.plots.iterdir()) == [f"trial_{number}" for number in range(trials)]
    assert all(load_diagnostics(folder.trial_plots(number)) is not None for number in range(trials))
    published = {path.name for path in folder.optimized_model.iterdir()}
    assert {"plots", "model_card.json", "architecture.json", "spec.json"} <= published
    assert load_diagnostics(folder.optimized_model / "plots") is not None
    (network,) = folder.optimized_model.glob("optimized_digits_acc_*.keras")
    assert network.stat().st_size > 1000


RARELY = {"one worker", "2 workers x 2 devices", "4 trials on 2 workers"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in RARELY else name for name in SCENARIOS]
)
def test_a_run_leaves_its_files(lab: RemoteLab, name: str) -> None:
    wanted = {"trials": 2, "plot_generation": "all"} | SCENARIOS[name]
    result = lab.optimizer(**wanted).optimize_model()
    check_finished(lab, result, wanted["trials"])
    check_files(lab.folder(result.run_name), wanted["trials"])
    if name == "local":
        assert {trial.device for trial in result.trials} == {"cpu"}
        assert lab.jobs(result.run_name) == ()
        return
    _check_devices(lab, result, wanted)
    assert lab.trained(result.run_name) == dict.fromkeys(range(wanted["trials"]), 1)
    assert [job.cost is not None and job.cost > 0 for job in lab.jobs(result.run_name)] == [True] * wanted["trials"]


def _check_devices(lab: RemoteLab, result: OptimizationResult, wanted: dict[str, Any]) -> None:
    device = "2 x cpu" if wanted.get("target_gpus_per_worker") == 2 else "cpu"
    assert all((trial.device or "").startswith(f"{device} on RunPod worker w") for trial in result.trials)
    used = {job.worker for job in lab.jobs(result.run_name)}
    one_at_a_time = wanted.get("concurrent_workers") == 1 or wanted.get("concurrent") is False or wanted["trials"] == 1
    assert len(used) >= (1 if one_at_a_time else 2)
    if wanted.get("max_epochs_per_trial") == 10:
        assert set(result.trials[0].accuracies) == set(range(1, 11))


PROGRAM = """
import json
from core.config import OptimizationConfig
from core.optimizer import ModelOptimizer
config = OptimizationConfig(dataset_name="digits", trials=2, max_epochs_per_trial=2, use_runpod_service=True,
                            concurrent_workers=2, plot_generation="all", search_space=SPACE)
result = ModelOptimizer(config).optimize_model()
print(json.dumps([result.run_name, result.best_accuracy, result.best_model_path, [t.device for t in result.trials]]))
"""


def test_a_direct_python_call(lab: RemoteLab) -> None:
    """As in a notebook: nothing but the environment and a few lines."""
    program = PROGRAM.replace("SPACE", repr({"conv_layers": 1, "filters_1": 8, "batch_size": 128}))
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | lab.environ, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    name, accuracy, model, devices = json.loads(done.stdout.splitlines()[-1])
    assert 0 < accuracy <= 1 and Path(model).is_file()
    assert all(" on RunPod worker " in device for device in devices)
    check_files(lab.folder(name), 2)
