"""Trials that train nothing and leave real files, and a service that works with them."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.config import OptimizationConfig, Settings
from core.executors.jobs import CountJob, DiagnoseJob, DiagnoseReport, OnEpoch, ParameterBounds, TrainJob
from core.records import to_json
from core.trial import RESULT_FILE, SPEC_FILE, Artifact, TrialResult
from tests.benchmarks.sleeping import sleeping_result


@dataclass
class ScriptedExecutor:
    """Answers at once, after `before(number)`. Files take `size` bytes a trial."""

    before: Callable[[int], None] = lambda number: None
    size: int = 1000
    trained: list[int] = field(default_factory=list)
    closed: int = 0

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """See Executor.train."""
        future: Future[TrialResult] = Future()
        number = job.spec.number
        self.before(number)
        self.trained.append(number)
        result = sleeping_result(job.spec, 0.01)
        accuracy = 0.5 + random.Random(number).random() / 4
        assert result.metrics is not None
        content = random.Random(number).randbytes(self.size)
        file = Artifact(path="model.keras", sha256=hashlib.sha256(content).hexdigest(), size=self.size)
        result = replace(
            result, artifacts=(file,), metrics=replace(result.metrics, val_accuracy=accuracy, test_accuracy=accuracy)
        )
        folder = Path(job.out_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SPEC_FILE).write_text(to_json(job.spec))
        (folder / "model.keras").write_bytes(content)
        (folder / RESULT_FILE).write_text(to_json(result))
        assert result.trace is not None
        for record in result.trace.epochs:
            on_epoch(record)
        future.set_result(result)
        return future

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """See Executor.count."""
        future: Future[ParameterBounds] = Future()
        future.set_result(ParameterBounds(smallest=10, largest=1000))
        return future

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """See Executor.diagnose."""
        future: Future[DiagnoseReport] = Future()
        future.set_result(DiagnoseReport(seconds=0.0, error="nothing was trained"))
        return future

    def cancel(self, number: int) -> None:
        """See Executor.cancel."""

    def close(self) -> None:
        """See Executor.close."""
        self.closed += 1


def own_results(lab: Settings, folder: Path, url: str | None = None) -> Settings:
    """The shared cache of data sets, and results of one's own."""
    return replace(
        lab, results_dir=folder, studies_dir=folder / "studies", database_url=url or f"sqlite:///{folder}/lab.sqlite3"
    )


def quick(name: str, trials: int, **changes: Any) -> OptimizationConfig:
    """One worker, one epoch, small networks."""
    values: dict[str, Any] = {"concurrent_workers": 1, "max_epochs_per_trial": 1, "plot_generation": "none"}
    space = {"conv_layers": 1, "dense_layers": 1, "batch_size": 128, "filters_1": {"high": 16}}
    return OptimizationConfig(run_name=name, trials=trials, search_space=space, **(values | changes))


def wait_for(condition: Callable[[], object], seconds: float = 120.0, what: str = "it") -> None:
    """Look ten times a second; raises AssertionError when `condition` does not hold in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds:g} s for {what} in vain"
        time.sleep(0.1)
