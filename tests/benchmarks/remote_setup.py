"""Everything remote on this machine, for benchmarks: an S3 server, an endpoint in a process, warm workers, a client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from core.executors.inline import InlineExecutor
from core.executors.ledger import Ledger
from core.executors.runpod import RunPodExecutor
from core.executors.runpod_api import RunPodApi, RunPodConfig
from core.object_store import ObjectStore
from tests.benchmarks.counting import CountingDoor
from tests.benchmarks.harness import ROOT
from tests.storage.rclone import RcloneServer, free_port

KEY, ENDPOINT = "rpa_EMULATED", "emulated"
_START_SECONDS = 600.0  # for all workers: each loads RunPod's library, for seconds, and there may be 32 on two cores


@dataclass(frozen=True, slots=True)
class RemoteSetup:
    """Where everything listens. The doors, where wanted, count what the client and the workers send and get."""

    folder: Path
    bucket: RcloneServer
    url: str  # of the endpoint's API
    client_s3: str  # where the client finds the bucket
    doors: Mapping[str, CountingDoor]  # api, client_s3, worker_s3

    @property
    def config(self) -> RunPodConfig:
        """What a client of the endpoint has to know."""
        return RunPodConfig(endpoint_id=ENDPOINT, api_key=lambda: KEY, url=self.url)

    @contextmanager
    def executor(self, api: RunPodApi) -> Iterator[RunPodExecutor]:
        """The product's own executor, which knows the endpoint and the bucket."""
        store = ObjectStore(replace(self.bucket.config, endpoint_url=self.client_s3))
        ledger = Ledger(self.folder / f"jobs-{time.time_ns()}.jsonl", time.time)
        executor = RunPodExecutor(api, store, ledger, InlineExecutor(), namespace=f"bench-{time.time_ns()}")
        try:
            yield executor
        finally:
            executor.close(cancel=True)

    def workers(self) -> dict[str, int]:
        """Workers by state, as the endpoint tells."""
        request = urllib.request.Request(f"{self.url}/{ENDPOINT}/health", headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, int] = json.load(answer)["workers"]
        return found


@contextmanager
def remote_setup(
    handler: Path, workers: int, env: Mapping[str, str], folder: Path, *, count: bool = False
) -> Iterator[RemoteSetup]:
    """Start all of it and wait until `workers` workers are ready for jobs. Counting bytes costs some time."""
    with ExitStack() as stack:
        bucket = RcloneServer(folder / "s3")
        stack.callback(bucket.close)
        port = free_port()
        targets = {"api": port, "client_s3": bucket.port, "worker_s3": bucket.port}
        doors = {name: CountingDoor(target) for name, target in targets.items()} if count else {}
        for door in doors.values():
            stack.callback(door.close)
        urls = {name: f"http://127.0.0.1:{doors[name].port if count else target}" for name, target in targets.items()}
        given = bucket.environ | {"BUCKET_ENDPOINT_URL": urls["worker_s3"]}
        given |= {"MHL_WORKER_CACHE": str(folder / "cache")} | dict(env)
        stack.enter_context(_endpoint(handler, workers, port, given, folder / "endpoint.log"))
        setup = RemoteSetup(folder, bucket, f"{urls['api']}/v2", urls["client_s3"], doors)
        _wait(lambda: setup.workers()["idle"] >= workers, folder / "endpoint.log")
        yield setup


@contextmanager
def _endpoint(handler: Path, workers: int, port: int, env: Mapping[str, str], log: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.emulator", "--handler", str(handler), "--port", str(port), "--key", KEY]
    command += ["--endpoint", ENDPOINT, "--workers", str(workers), "--min-workers", str(workers)]
    for name, value in env.items():
        command += ["--env", f"{name}={value}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, env=os.environ | {"TMPDIR": str(log.parent)}
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()  # its guard ends the workers
            process.wait()


def _wait(ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the workers did not start: {log.read_text(errors='replace')[-2000:]}")
