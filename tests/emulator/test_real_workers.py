"""Workers as they are: processes in which RunPod's own library polls, runs a handler, and reports."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.emulator import Clock, Emulator
from tests.emulator.client import Client

HANDLER = Path(__file__).with_name("echo_handler.py")
REPOSITORY = HANDLER.parents[2]
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("runpod") is None, reason="runpod, the workers' library, is missing"),
    pytest.mark.xdist_group("emulator"),  # its workers take seconds to start: once is enough
]


def eventually(true: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def count(to: int = 600, pause: float = 0.1) -> dict[str, object]:
    return {"do": "count", "to": to, "pause": pause}


@pytest.fixture(scope="module")
def live() -> Iterator[Emulator]:
    """Two workers, kept warm."""
    with Emulator(HANDLER, workers=2, min_workers=2, env={"BUCKET_NAME": "b"}) as emulator:
        yield emulator


@pytest.fixture
def jobs(live: Emulator) -> Iterator[Client]:
    """Submits; afterwards both workers are there, without work, for the next test."""
    client = Client(live)
    yield client
    live.clear_faults()
    assert eventually(lambda: client.health()["workers"]["idle"] == 2), (client.health(), live.logs())


def test_a_job_runs_with_progress_to_its_answer(live: Emulator, jobs: Client) -> None:
    job = jobs.run(count(to=5, pause=0.2))
    view = jobs.wait(job, "IN_PROGRESS", output=True)
    assert view["output"]["type"] == "progress" and view["workerId"] in live.workers()
    view = jobs.wait(job)
    assert (view["status"], view["output"]["counted"]) == ("COMPLETED", 5)
    assert view["executionTime"] >= 1000
    assert live.late_posts("COMPLETED", "FAILED") == []


def test_a_worker_knows_nothing_of_this_machine_but_what_it_is_given(
    jobs: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "1")
    seen = jobs.wait(jobs.run({"do": "echo", "text": "grüße"}))["output"]
    assert seen["echo"] == "grüße"
    assert {"BUCKET_NAME", "RUNPOD_POD_ID"} <= set(seen["seen"])
    assert not {"A_SECRET", "PYTHONPATH"} & set(seen["seen"])


def test_two_workers_take_two_jobs_at_one_time(jobs: Client) -> None:
    names = [jobs.run(count()) for _ in range(2)]
    views = [jobs.wait(name, "IN_PROGRESS", output=True) for name in names]
    assert len({view["workerId"] for view in views}) == 2
    assert jobs.health()["workers"]["running"] == 2
    for name in names:
        jobs.cancel(name)


def test_an_exception_fails_the_job_with_a_document(jobs: Client) -> None:
    view = jobs.wait(jobs.run({"do": "raise"}))
    assert view["status"] == "FAILED" and "output" not in view
    error = json.loads(view["error"])
    assert error["error_message"] == "this input is wrong" and "ValueError" in error["error_type"]
    assert error["worker_id"] == view["workerId"]


def test_an_error_that_the_handler_answers_keeps_its_details(jobs: Client) -> None:
    view = jobs.wait(jobs.run({"do": "error"}))
    assert (view["status"], view["error"]) == ("FAILED", "out of memory")
    assert view["output"] == {"error_code": "OOM", "last": {"epoch": 3}}


def test_cancelling_stops_the_handler_s_child_and_frees_the_worker(
    live: Emulator, jobs: Client, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    job = jobs.run(count() | {"note": str(note)})
    pids = jobs.wait(job, "IN_PROGRESS", output=True)["output"]["pids"]
    assert all(alive(pid) for pid in pids)
    assert jobs.cancel(job)["status"] == "CANCELLED"
    assert eventually(lambda: note.exists() and not alive(pids[1]))
    assert jobs.status(job)["status"] == "CANCELLED"
    assert alive(pids[0])  # the worker goes on
    assert jobs.wait(jobs.run({"do": "echo"}))["status"] == "COMPLETED"


def test_the_execution_timeout_stops_a_job_with_its_last_progress(live: Emulator, jobs: Client) -> None:
    job = jobs.run(count(), policy={"executionTimeout": 30_000})
    pids = jobs.wait(job, "IN_PROGRESS", output=True)["output"]["pids"]
    live.advance(30)
    view = jobs.status(job)
    assert view["status"] == "TIMED_OUT" and view["output"]["type"] == "progress"
    assert view["executionTime"] >= 30_000
    assert eventually(lambda: not alive(pids[1]))


def test_the_time_to_live_takes_the_record_while_the_job_runs(live: Emulator, jobs: Client) -> None:
    job = jobs.run(count(), policy={"ttl": 60_000})
    pids = jobs.wait(job, "IN_PROGRESS", output=True)["output"]["pids"]
    live.advance(60)
    assert jobs.ask("GET", f"status/{job}").status_code == 404
    assert eventually(lambda: not alive(pids[1]))


def test_purged_jobs_never_run(jobs: Client) -> None:
    busy = [jobs.run(count()) for _ in range(2)]
    for job in busy:
        jobs.wait(job, "IN_PROGRESS")
    waiting = jobs.run({"do": "echo"})
    assert jobs.ask("POST", "purge-queue").json()["removed"] == 1
    assert jobs.ask("GET", f"status/{waiting}").status_code == 404
    for job in busy:
        jobs.cancel(job)


def test_an_answer_gets_through_though_the_service_stumbles(live: Emulator, jobs: Client) -> None:
    """The library sends an answer again after trouble; when the first got through, the second counts as late."""
    before = len(live.late_posts("COMPLETED"))
    live.fault({"match": "job-done", "http": 502})
    view = jobs.wait(jobs.run({"do": "echo", "text": "a"}))
    assert (view["status"], view["output"]["echo"]) == ("COMPLETED", "a")
    assert len(live.late_posts("COMPLETED")) == before
    live.fault({"match": "job-done", "http": 502, "after_accept": True})
    view = jobs.wait(jobs.run({"do": "echo", "text": "b"}))
    assert (view["status"], view["output"]["echo"]) == ("COMPLETED", "b")
    assert eventually(lambda: len(live.late_posts("COMPLETED")) == before + 1)


def test_a_lost_machine_takes_all_its_processes_with_it_and_the_job_runs_again(live: Emulator) -> None:
    jobs = Client(live)  # nobody waits until the lost worker is replaced: it takes seconds
    job = jobs.run(count())
    view = jobs.wait(job, "IN_PROGRESS", output=True)
    live.kill_worker(view["workerId"])
    assert not any(alive(pid) for pid in view["output"]["pids"])
    assert eventually(lambda: jobs.status(job).get("retries") == 1)
    again = jobs.wait(job, "IN_QUEUE", "IN_PROGRESS", output=True)
    assert again["retries"] == 1 and again["workerId"] != view["workerId"]
    jobs.cancel(job)


def test_a_crash_is_tried_on_another_worker_and_then_fails(live: Emulator) -> None:
    jobs = Client(live)
    before = jobs.health()["jobs"]["retried"]
    view = jobs.wait(jobs.run({"do": "crash"}))
    assert (view["status"], view["error"], view["retries"]) == ("FAILED", "job timed out after 1 retries", 1)
    assert "output" not in view
    assert jobs.health()["jobs"]["retried"] == before + 1
    assert view["workerId"] not in live.workers()


def test_workers_start_with_the_first_job_and_all_processes_end_with_the_emulator(tmp_path: Path) -> None:
    clock = Clock(100.0)  # 30 s take 0.3 s
    with Emulator(HANDLER, clock=clock, cold_start=30, start_timeout=6000, folder=tmp_path) as emulator:
        client = Client(emulator)
        assert emulator.workers() == []
        job = client.run(count())
        assert eventually(lambda: client.health()["workers"]["initializing"] == 1)
        view = client.wait(job, "IN_PROGRESS", output=True)
        assert view["delayTime"] >= 30_000
        pids = view["output"]["pids"]
        group = os.getpgid(pids[0])
        assert group == pids[0] != os.getpgid(0)
    assert not any(alive(pid) for pid in pids)
    assert not [p for p in psutil.process_iter() if alive(p.pid) and _group(p.pid) == group]  # no heartbeat left
    assert (tmp_path / view["workerId"] / "worker.log").stat().st_size > 0


def test_a_handler_that_cannot_start_shows_as_unhealthy(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no GPU here')")
    with Emulator(broken) as emulator:
        client = Client(emulator)
        job = client.run(1)
        assert eventually(lambda: client.health()["workers"]["unhealthy"] == 1)
        assert client.status(job)["status"] == "IN_QUEUE"
        assert "no GPU here" in "".join(emulator.logs().values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_program_serves_until_it_is_told_to_end_or_is_killed(number: signal.Signals, tmp_path: Path) -> None:
    """Even SIGKILL leaves no worker behind, which would poll for ever."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.emulator", "--port", "0", "--handler", str(HANDLER), "--min-workers", "1"],
        cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    try:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("emulated RunPod: http://127.0.0.1:")
        assert eventually(lambda: bool(_workers_of(program.pid)))
        workers = _workers_of(program.pid)
        program.send_signal(number)
        assert program.wait(timeout=20) == (0 if number == signal.SIGTERM else -number)
        assert eventually(lambda: not any(alive(pid) for pid in workers))
    finally:
        program.kill()
        program.wait()


def _workers_of(pid: int) -> list[int]:
    children = psutil.Process(pid).children()
    return [child.pid for child in children if any(str(HANDLER) in part for part in child.cmdline())]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
