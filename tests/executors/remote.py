"""An executor without threads on a clock that jumps, before a scripted service and an object store in memory."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.executors.inline import InlineExecutor
from core.executors.jobs import TrainJob
from core.executors.ledger import Ledger
from core.executors.runpod import RunPodExecutor
from core.executors.runpod_api import RunPodApi, RunPodConfig
from core.executors.runpod_pace import Limits
from core.model_config import CnnConfig
from core.records import to_dict, to_json
from core.remote_job import RemoteOutcome, RemoteProgress, trial_uid
from core.trial import Artifact, EpochRecord, ParameterCount, Trace, TrialMetrics, TrialResult, TrialSpec
from tests.executors.memory_store import MemoryStore
from tests.executors.scripted_runpod import ScriptedRunPod

PRICE = 0.0002
HALF = 0.5  # the "random" part of every pause


class InlinePool(Pool):
    """Does its work in `submit`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def make_spec(number: int = 0, **changes: Any) -> TrialSpec:
    spec = TrialSpec(
        run="r", number=number, dataset="digits", split_hash="s1", seed=1, model=CnnConfig(filters=(8,)), epochs=3,
        patience=3, store_plots=False,
    )  # fmt: skip
    return replace(spec, **changes)


def epoch(number: int) -> EpochRecord:
    return EpochRecord(
        epoch=number, loss=1.0, accuracy=0.5, val_loss=1.0, val_accuracy=0.5 + number / 100, learning_rate=0.1,
        seconds=1.0, probe_seconds=0.1, churn_kappa=None, gradients={},
    )  # fmt: skip


def make_result(number: int = 0, epochs: int = 3, files: dict[str, bytes] | None = None) -> TrialResult:
    trace = Trace(
        classes=10, majority_rate=0.1, chance_loss=2.3, initial_loss=2.3, window_losses=(1.0,) * 4 * epochs,
        epochs=tuple(epoch(n + 1) for n in range(epochs)), layers=(), groups=(),
        parameters=ParameterCount(total=10, trainable=10, embedding=0), val_n=10, val_correct=5, probe_hash="p",
    )  # fmt: skip
    metrics = TrialMetrics(
        train_accuracy=0.6, val_accuracy=0.5, val_loss=1.0, test_accuracy=0.5, test_loss=1.0, train_n=20, val_n=10,
        test_n=10,
    )  # fmt: skip
    artifacts = tuple(
        Artifact(path=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        for name, data in (files or {}).items()
    )
    return TrialResult(
        number=number, status="completed", seconds=3.0, metrics=metrics, trace=trace, artifacts=artifacts,
        parameters=10, device="cpu",
    )  # fmt: skip


def progress(sequence: int, epochs: range, **changes: Any) -> dict[str, Any]:
    told = RemoteProgress(sequence=sequence, phase="training", epochs=tuple(epoch(n) for n in epochs), worker="w1")
    return to_dict(replace(told, **changes))


@dataclass
class Remote:
    """Everything around one executor. `drive` lets time pass until something is true."""

    folder: Path
    runpod: ScriptedRunPod
    limits: Limits = field(default_factory=Limits)
    store: MemoryStore = field(default_factory=MemoryStore)
    now: float = 1000.0
    key: str = "key"
    notes: list[str | None] = field(default_factory=list)
    executor: RunPodExecutor = field(init=False)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "parts").mkdir(parents=True, exist_ok=True)
        (self.folder / "parts" / "train.npy").write_bytes(b"rows")
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is known but what is on disk."""
        self.ledger = Ledger(self.folder / "remote_jobs.jsonl", lambda: self.now)
        self.api = RunPodApi(RunPodConfig(endpoint_id="ep1", api_key=lambda: self.key, url=self.runpod.url))
        self.executor = RunPodExecutor(
            self.api, self.store, self.ledger, InlineExecutor(), namespace="run-1", price_per_second=PRICE,
            on_note=self.notes.append, limits=self.limits, clock=lambda: self.now, jitter=lambda: HALF,
            pool=InlinePool(), threaded=False,
        )  # fmt: skip

    def job(self, number: int = 0, **changes: Any) -> TrainJob:
        return TrainJob(
            spec=make_spec(number, **changes),
            parts_folder=str(self.folder / "parts"),
            out_dir=str(self.folder / "trials" / f"trial_{number}"),
        )

    def train(self, number: int = 0, **changes: Any) -> tuple[Future[TrialResult], list[int]]:
        epochs: list[int] = []
        future = self.executor.train(self.job(number, **changes), lambda record: epochs.append(record.epoch))
        return future, epochs

    def drive(self, until: Callable[[], object], seconds: float = 10 * 86_400.0) -> None:
        end = self.now + seconds
        while not until():
            assert self.now < end, "waited in vain"
            pause = self.executor.step()
            assert pause is not None, "the executor has closed"
            self.now += pause

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        self.drive(lambda: self.now >= end)

    def prefix(self, number: int = 0) -> str:
        return f"model-health-lab/runs/run-1/trial_{number}-{trial_uid(make_spec(number))}/"

    def commit(self, number: int = 0, spoil: bool = False) -> RemoteOutcome:
        """Store what a worker leaves; return its answer, which has no trace."""
        files = {"model.keras": b"the network", "tensorboard/events": b"curves"}
        result = make_result(number, files=files)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in (files | {"result.json": to_json(result).encode()}).items():
                archive.writestr(name, data)
        data = stream.getvalue()
        outcome = RemoteOutcome(
            trial_uid=trial_uid(make_spec(number)), result=result, worker="w1", bucket="b", region=None,
            artifacts_key=self.prefix(number) + "artifacts.zip", artifacts_size=len(data),
            artifacts_sha256=hashlib.sha256(data).hexdigest(),
        )  # fmt: skip
        self.store.objects[self.prefix(number) + "artifacts.zip"] = data[:-1] if spoil else data
        self.store.objects[self.prefix(number) + "result.json"] = to_json(outcome).encode()
        return replace(outcome, result=replace(result, trace=None))
