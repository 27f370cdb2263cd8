"""Memory over many trials stays flat: in the process of the run, and in the process that starts workers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from core.config import Settings
from core.datasets.split import SplitParts
from core.executors.local import LocalExecutor
from tests.conftest import REPOSITORY
from tests.executors.test_contract import make_job

MOST_GROWTH = 8.0  # MB


@pytest.mark.slow
def test_two_hundred_trials_in_the_process_of_a_run(lab: Settings, digits: SplitParts, tmp_path: Path) -> None:
    shared = "/dev/shm" if Path("/dev/shm").is_dir() else None  # 10,000 commits need not wait for a disk
    with tempfile.TemporaryDirectory(prefix="mhl-memory-", dir=shared) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.hardening.memory_run", folder, "50", "150"],
            cwd=REPOSITORY,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)} | lab.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    sizes = json.loads(done.stdout)
    growth = sizes["after"] - sizes["before"]
    print(f"{sizes['before']:.1f} MB after 50 trials, {growth:+.1f} MB in 150 more")
    assert growth < MOST_GROWTH, sizes


@pytest.mark.slow
@pytest.mark.training
@pytest.mark.xdist_group("optimizer")
def test_the_host_of_real_workers(digits: SplitParts, tmp_path: Path) -> None:
    executor = LocalExecutor(tmp_path / "log")
    sizes, children = [], set()
    try:
        for number in range(8):
            job = make_job(digits, tmp_path / str(number), number=number, epochs=1, store_plots=False)
            result = executor.train(job, lambda _: None).result(120)
            assert result.status == "completed", result.traceback
            host = psutil.Process(executor.host_pid)
            server = [process for process in host.children() if process.is_running()]
            sizes.append(sum(process.memory_info().rss for process in (host, *server)) / 2**20)
            children |= {child.pid for process in server for child in process.children()}
        psutil.wait_procs([psutil.Process(pid) for pid in children if psutil.pid_exists(pid)], timeout=10)
        left = [child for process in psutil.Process(executor.host_pid).children() for child in process.children()]
        assert left == [], "every worker ends with its trial"
        print(f"host and fork server: {sizes[2]:.0f} MB after 3 trials, {sizes[-1] - sizes[2]:+.1f} MB in 5 more")
        assert sizes[-1] - sizes[2] < MOST_GROWTH, sizes
    finally:
        executor.close()
