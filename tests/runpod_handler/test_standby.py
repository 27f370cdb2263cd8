"""The child that waits for a job: it is used once, replaced when it is no good, and never outlives its worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.datasets.split import SplitParts
from core.executors.jobs import TrainJob
from runpod_handler import training
from runpod_handler.standby import StandBy
from runpod_handler.trainee import Trainee
from runpod_handler.training import Trained, TrainingLostError
from tests.runpod_handler.conftest import LONG, Caller, children, make_spec, make_task, until

# A child without TensorFlow. It tells its process in the result; its faults are those that are not marked as used.
FAKE = """
import json, os, sys, time
def fault(name):
    path = os.path.join(os.environ["FAULTS"], name)
    if os.path.exists(path):
        os.remove(path)
        return True
if fault("hang_loading"):
    time.sleep(600)
if fault("die_loading"):
    sys.exit(3)
print('{"type":"ready"}', flush=True)
job = json.loads(sys.stdin.readline())
if fault("die_taking"):
    os.kill(os.getpid(), 9)
if fault("hang_taking"):
    time.sleep(600)
print('{"type":"started"}', flush=True)
if fault("die_training"):
    sys.exit(4)
if job["spec"]["epochs"] == 1:
    record = {"epoch": 1, "loss": 1, "accuracy": 1, "val_loss": 1, "val_accuracy": 1, "learning_rate": 1, "seconds": 1}
    record |= {"probe_seconds": 0, "churn_kappa": None, "gradients": {}}
    print(json.dumps({"type": "epoch", "record": record}), flush=True)
time.sleep(float(job["spec"]["run"]))
result = {"number": job["spec"]["number"], "status": "failed", "seconds": 0.0, "error": str(os.getpid())}
print(json.dumps({"type": "result", "archive": None, "size": None, "sha256": None, "result": result}), flush=True)
"""


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let children be fakes, of which the next one has the fault that is named."""
    monkeypatch.setattr(Trainee, "command", (sys.executable, "-S", "-u", "-c", FAKE))
    monkeypatch.setenv("FAULTS", str(tmp_path))
    return lambda name: (tmp_path / name).touch()


@pytest.fixture
def standby(fault: Callable[[str], None]) -> Iterator[StandBy]:
    made = StandBy()
    yield made
    made.close()
    assert fakes() == []
    made.prepare()
    assert fakes() == []  # closed is closed


def fakes() -> list[int]:
    """The processes of children that run."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            command = process.cmdline()  # empty for a moment when it has just started
            if process.status() != psutil.STATUS_ZOMBIE and (FAKE in command or not command):
                found.append(process.pid)
    return found


def end(pid: int, number: signal.Signals) -> None:
    """End a child and wait until it has; nobody else learns of it."""
    os.kill(pid, number)
    while pid in fakes():
        time.sleep(0.01)


def make_job(digits: SplitParts, seconds: float = 0.0) -> TrainJob:
    return TrainJob(spec=make_spec(digits, run=str(seconds)), parts_folder="p", out_dir="o")


async def train(standby: StandBy, job: TrainJob) -> int:
    """Train and return the process that did it."""
    done: Trained = await standby.train(job, lambda _: None)
    return int(done.result.error or 0)


def test_a_job_takes_the_child_that_waits_and_another_waits_then(standby: StandBy, digits: SplitParts) -> None:
    async def run() -> None:
        assert standby.keep(1) == 1
        (first,) = fakes()
        assert standby.keep(1) == 1 and fakes() == [first]
        assert os.getpgid(first) == first
        assert await train(standby, make_job(digits)) == first
        (second,) = fakes()
        assert second != first and await train(standby, make_job(digits)) == second

    asyncio.run(run())


def test_without_a_waiting_child_a_fresh_one_trains(standby: StandBy, digits: SplitParts) -> None:
    assert asyncio.run(train(standby, make_job(digits))) not in fakes()
    assert len(fakes()) == 1


def test_jobs_at_one_time(standby: StandBy, digits: SplitParts) -> None:
    async def run() -> None:
        standby.prepare()
        (waiting,) = fakes()
        tasks = [asyncio.create_task(train(standby, make_job(digits, 1.5))) for _ in range(3)]
        await until(lambda: len(fakes()) == 3)
        standby.keep(3)
        assert len(fakes()) == 3, "none is started beside trainings"
        pids = await asyncio.gather(*tasks)
        assert pids[0] == waiting and len(set(pids)) == 3
        assert len(fakes()) == 1, "one waits, however many there were"

    asyncio.run(run())


def test_the_next_child_loads_while_one_trains(standby: StandBy, digits: SplitParts) -> None:
    async def run() -> None:
        job = make_job(digits, 2.0)
        task = asyncio.create_task(train(standby, replace(job, spec=replace(job.spec, epochs=1))))
        await until(lambda: len(fakes()) == 2)
        pids = fakes()
        (following,) = set(pids) - {await task}
        assert await train(standby, make_job(digits)) == following

    asyncio.run(run())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_dead_child_is_replaced(standby: StandBy, digits: SplitParts, number: signal.Signals) -> None:
    standby.prepare()
    (dead,) = fakes()
    end(dead, number)
    standby.keep(1)
    (second,) = fakes()
    assert second != dead
    end(second, number)
    assert asyncio.run(train(standby, make_job(digits))) not in (dead, second)


@pytest.mark.parametrize("name", ["die_loading", "die_taking"])
def test_a_child_that_dies_before_it_begins_costs_nothing(
    standby: StandBy, digits: SplitParts, fault: Callable[[str], None], name: str
) -> None:
    fault(name)
    standby.prepare()
    bad = fakes()
    assert asyncio.run(train(standby, make_job(digits))) not in bad
    assert not set(bad) & set(fakes())


@pytest.mark.parametrize("name", ["hang_loading", "hang_taking", "stopped"])
def test_a_child_that_hangs_is_replaced(
    standby: StandBy, digits: SplitParts, fault: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(training, "ANSWER_SECONDS", 0.3)
    fault(name)
    standby.prepare()
    (bad,) = fakes()
    if name == "stopped":
        os.kill(bad, signal.SIGSTOP)
    assert standby._waiting is not None
    standby._waiting._born -= training.START_SECONDS  # it had its time to load
    assert asyncio.run(train(standby, make_job(digits))) != bad
    assert bad not in fakes()


def test_an_old_child_that_is_well_is_used(standby: StandBy, digits: SplitParts) -> None:
    standby.prepare()
    (waiting,) = fakes()
    assert standby._waiting is not None
    standby._waiting._born -= 100_000
    assert asyncio.run(train(standby, make_job(digits))) == waiting


def test_a_fresh_child_that_hangs_while_it_loads_is_stopped(
    standby: StandBy, digits: SplitParts, fault: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "START_SECONDS", 0.3)
    fault("hang_loading")
    with pytest.raises(TrainingLostError, match=r"no sign of life for 0\.3 s") as caught:
        asyncio.run(train(standby, make_job(digits)))
    assert caught.value.code == "TRAINING"


def test_a_child_that_began_is_not_replaced(standby: StandBy, digits: SplitParts, fault: Callable[[str], None]) -> None:
    fault("die_training")
    standby.prepare()
    with pytest.raises(TrainingLostError, match="exit code 4") as caught:
        asyncio.run(train(standby, make_job(digits)))
    assert caught.value.code == "CRASH" and len(fakes()) == 1


def test_a_cancelled_job_s_child_is_killed_and_the_next_one_waits(standby: StandBy, digits: SplitParts) -> None:
    async def run() -> None:
        standby.prepare()
        (first,) = fakes()
        task = asyncio.create_task(train(standby, make_job(digits, 60.0)))
        await asyncio.sleep(0.3)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 1.0 and first not in fakes()
        (second,) = fakes()
        assert await train(standby, make_job(digits)) == second

    asyncio.run(run())


async def idle(process: psutil.Process) -> None:
    """Wait until a process has worked for a while and now works no more."""
    before, now = -1.0, 0.0
    while now < 1.0 or now - before > 0.02:
        await asyncio.sleep(0.5)
        before, now = now, process.cpu_times().user


@pytest.mark.training
def test_a_real_training_finds_tensorflow_loaded(
    caller: Caller, digits: SplitParts, parts: tuple[str, int, str]
) -> None:
    standby = StandBy()
    caller.train = standby.train
    task = make_task(make_spec(digits, seed=21, number=80, epochs=LONG, patience=LONG), parts)

    async def cancel() -> None:
        standby.prepare()
        (waiting,) = children()
        await idle(waiting)
        started = time.monotonic()
        job = caller.start(task)
        while not any(message["epochs"] for message in caller.posted):
            assert not job.done(), job.result()
            await asyncio.sleep(0.02)
        assert waiting in children(), json.dumps(caller.posted[-1])
        assert waiting.cpu_times().user > 1.0 and time.monotonic() - started < 8.0
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        (following,) = children()  # it loads since the first epoch
        assert following.pid != waiting.pid

    try:
        asyncio.run(cancel())
    finally:
        standby.close()
