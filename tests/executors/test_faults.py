"""Killed, hung and starved workers, a killed host and a killed program: a reason each, and no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.datasets.split import SplitParts
from core.errors import WorkerError
from core.executors.local import LocalExecutor
from core.model_config import CnnConfig
from core.records import to_json
from tests.executors.test_contract import make_job

pytestmark = pytest.mark.training
LONG = {"epochs": 100_000, "patience": 100_000}


@pytest.fixture
def executor(tmp_path: Path) -> Iterator[LocalExecutor]:
    made = LocalExecutor(tmp_path / "workers.log")
    yield made
    made.close()


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def workers(executor: LocalExecutor) -> list[psutil.Process]:
    """The forked children: their parent is the fork server, not the host."""
    assert executor.host_pid is not None
    host = psutil.Process(executor.host_pid)
    return [child for server in host.children() for child in server.children()]


def group(pid: int) -> list[psutil.Process]:
    """Everything alive in the host's process group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def start_long(executor: LocalExecutor, digits: SplitParts, folder: Path, number: int = 0, **changes: object):  # type: ignore[no-untyped-def]
    """Start a training that would take hours and wait until it has done an epoch."""
    epochs: list[int] = []
    job = replace(make_job(digits, folder / f"trial_{number}", number=number, **LONG), **changes)  # type: ignore[arg-type]
    future = executor.train(job, lambda record: epochs.append(record.epoch))
    wait_for(lambda: epochs or future.done())
    assert not future.done(), future.exception()
    return future


def test_a_killed_worker_is_lost_and_the_others_go_on(
    executor: LocalExecutor, digits: SplitParts, tmp_path: Path
) -> None:
    victim = start_long(executor, digits, tmp_path, 0)
    [process] = workers(executor)
    other = executor.train(make_job(digits, tmp_path / "trial_1", number=1), lambda _: None)
    process.send_signal(signal.SIGKILL)
    with pytest.raises(WorkerError, match="killed by SIGKILL") as caught:
        victim.result(30)
    assert caught.value.retry
    assert other.result(120).status == "completed"
    assert executor.train(make_job(digits, tmp_path / "trial_2"), lambda _: None).result(120).status == "completed"


def test_a_hung_worker_is_stopped_by_its_time_limit(
    executor: LocalExecutor, digits: SplitParts, tmp_path: Path
) -> None:
    future = start_long(executor, digits, tmp_path, silence_limit=20.0)
    [process] = workers(executor)
    process.suspend()
    with pytest.raises(WorkerError, match=r"no sign of life for 20 s.*time limit") as caught:
        future.result(60)
    assert not caught.value.retry
    wait_for(lambda: not process.is_running())


def test_cancel_kills_the_worker_at_once(executor: LocalExecutor, digits: SplitParts, tmp_path: Path) -> None:
    future = start_long(executor, digits, tmp_path)
    [process] = workers(executor)
    started = time.monotonic()
    executor.cancel(0)
    with pytest.raises(CancelledError):
        future.result(10)
    wait_for(lambda: not process.is_running())
    assert time.monotonic() - started < 5


def test_a_killed_host_takes_its_workers_with_it_and_is_replaced(
    executor: LocalExecutor, digits: SplitParts, tmp_path: Path
) -> None:
    future = start_long(executor, digits, tmp_path)
    first = executor.host_pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    with pytest.raises(WorkerError, match="worker host ended") as caught:
        future.result(30)
    assert caught.value.retry
    wait_for(lambda: not group(first), 10)
    result = executor.train(make_job(digits, tmp_path / "next"), lambda _: None).result(120)
    assert result.status == "completed" and executor.host_pid != first


def test_close_leaves_nothing_behind(digits: SplitParts, tmp_path: Path) -> None:
    executor = LocalExecutor(tmp_path / "workers.log")
    future = start_long(executor, digits, tmp_path)
    pid = executor.host_pid
    assert pid is not None
    executor.close()
    with pytest.raises(CancelledError):
        future.result(10)
    wait_for(lambda: not group(pid), 10)
    with pytest.raises(WorkerError, match="closed"):
        executor.train(make_job(digits, tmp_path / "late"), lambda _: None)


PROGRAM = """
import sys, threading
from pathlib import Path
from core.executors.jobs import TrainJob
from core.executors.local import LocalExecutor
from core.records import from_json
executor = LocalExecutor(Path(sys.argv[2]))
job = from_json(TrainJob, Path(sys.argv[1]).read_text())
executor.train(job, lambda record: print(executor.host_pid, flush=True))
threading.Event().wait()
"""


def test_a_killed_program_leaves_no_process(digits: SplitParts, tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(to_json(make_job(digits, tmp_path / "trial", **LONG)))
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(job), str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    host = int(program.stdout.readline())
    assert len(group(host)) >= 3  # host, fork server, worker
    program.kill()
    program.wait()
    program.stdout.close()
    wait_for(lambda: not group(host), 10)


def test_a_worker_out_of_memory_fails_its_trial_only(digits: SplitParts, tmp_path: Path) -> None:
    executor = LocalExecutor(tmp_path / "workers.log", memory_mb=4000)
    try:
        huge = CnnConfig(filters=(8,), dense_units=(8_000_000,), batch_size=128)  # its dense layer alone takes 4 GB
        future = executor.train(make_job(digits, tmp_path / "huge", model=huge), lambda _: None)
        try:
            result = future.result(120)
        except WorkerError as error:
            assert "memory" in str(error)
        else:
            assert result.status == "failed" and result.error is not None
            assert any(word in result.error for word in ("memory", "Memory", "OOM", "ResourceExhausted", "alloc"))
        assert executor.train(make_job(digits, tmp_path / "next"), lambda _: None).result(120).status == "completed"
    finally:
        executor.close()
