"""Everything that a run on RunPod needs, on this machine: endpoint, workers, bucket and a lab of its own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings
from core.executors.ledger import Ledger, RemoteJob
from core.optimizer import ModelOptimizer
from core.outcome import OptimizationResult
from core.store import Store
from tests.conftest import REPOSITORY
from tests.emulator import Emulator
from tests.storage.rclone import RcloneServer

HANDLER = REPOSITORY / "runpod_handler" / "handler.py"
SMALL = {"conv_layers": 1, "filters_1": 8, "dense_layers": 1, "dense_units_1": 16, "batch_size": 128}
_PATIENCE = 120.0  # seconds


@dataclass(frozen=True)
class RemoteLab:
    """`environ` is what a person would set; `settings` are of a lab of its own."""

    emulator: Emulator
    bucket: RcloneServer
    settings: Settings
    environ: dict[str, str]

    def optimizer(self, **config: Any) -> ModelOptimizer:
        """A run of two small networks for two epochs on two workers, unless `config` says otherwise."""
        wanted: dict[str, Any] = {
            "use_runpod_service": True,
            "trials": 2,
            "max_epochs_per_trial": 2,
            "concurrent_workers": 2,
            "search_space": SMALL,
            "pruning": False,
            "plot_generation": "none",
            "when_runpod_fails": "wait",
        }
        return ModelOptimizer(OptimizationConfig(**wanted | config), settings=self.settings)

    def folder(self, run: str) -> RunFolder:
        return RunFolder(self.settings, run)

    def jobs(self, run: str) -> tuple[RemoteJob, ...]:
        """What the run's ledger says."""
        return Ledger(self.folder(run).remote_jobs, time.time).jobs()

    def phase(self, run: str) -> str:
        """What the page says of the run."""
        return Store(self.settings).run(run).phase

    def trained(self, run: str) -> Counter[int]:
        """How often each trial was really trained to its end on a worker, whatever the program made of it."""
        outputs = [job.get("output") for job in self.emulator.state()["jobs"] if job["status"] == "COMPLETED"]
        own = f"/runs/{run}-"  # in the keys of its files: a job whose id nobody told is in no ledger
        found = [
            o for o in outputs if isinstance(o, dict) and own in (o.get("artifacts_key") or "") and not o["reused"]
        ]
        return Counter(output["result"]["number"] for output in found)


def check_finished(lab: RemoteLab, result: OptimizationResult, trials: int) -> None:
    """No trial is lost, none counts twice, each has its files, and every job is booked."""
    assert result.status == "completed"
    assert [trial.number for trial in result.trials] == list(range(trials))
    assert {trial.state for trial in result.trials} == {"completed"}, [trial.note for trial in result.trials]
    assert result.best_model_path is not None and Path(result.best_model_path).is_file()
    folder = lab.folder(result.run_name)
    assert all((folder.trial(number) / "model.keras").is_file() for number in range(trials))
    assert all(job.ended is not None for job in lab.jobs(result.run_name))


def wait_for(true: Callable[[], Any], what: str, seconds: float = _PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"waited {seconds:g} s for {what}"
        time.sleep(0.05)


@contextmanager
def remote_lab(folder: Path, bucket: RcloneServer, data: Path, **knobs: Any) -> Iterator[RemoteLab]:
    """Workers start with the first job; they can cut their CPU into two devices for a job that wants several."""
    cache = {"MHL_WORKER_CACHE": str(folder / "volume"), "MHL_LOGICAL_CPUS": "2"}
    with Emulator(HANDLER, env=bucket.environ | cache, **{"workers": 2, "idle_timeout": 600.0} | knobs) as emulator:
        environ = bucket.environ | {
            "RUNPOD_API_KEY": emulator.api_key,
            "RUNPOD_ENDPOINT_ID": emulator.endpoint_id,
            "RUNPOD_API_URL": emulator.url,
            "MHL_RESULTS_DIR": str(folder / "results"),
            "MHL_DATA_DIR": str(data),
        }
        yield RemoteLab(emulator, bucket, replace(Settings.from_environment(environ), data_dir=data), environ)
