"""Trouble of every kind in the middle of a run: it ends finished, no trial is lost, and none counts twice."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import RunStateError
from core.executors import runpod_http, runpod_pace
from core.executors.runpod_pace import Limits
from core.optimizer import ModelOptimizer
from core.outcome import OptimizationResult
from core.records import from_json, to_json
from core.remote_job import RemoteOutcome
from core.store import Store
from tests.remote.forwarder import Forwarder
from tests.remote.lab import SMALL, RemoteLab, check_finished, wait_for

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("emulator")]

ANSWERS: dict[str, list[dict[str, Any]]] = {
    # what certainly was not taken
    "429 with a pause, 503": [
        {"match": "run", "http": 429, "headers": {"Retry-After": "1"}, "times": 2},
        {"match": "run", "http": 503},
    ],
    # what may have been
    "acceptance that is not heard of: 502 before and after it, reset": [
        {"match": "run", "http": 502},
        {"match": "run", "http": 502, "after_accept": True},
        {"match": "run", "drop": True, "after_accept": True},
    ],
    "read timeout after acceptance": [{"match": "run", "delay": 3.0}],
    "acceptance that cannot be read: no id, a page, truncated": [
        {"match": "run", "http": 200, "body": "{}"},
        {"match": "run", "html": True, "after_accept": True},
        {"match": "run", "truncate": True},
    ],
    # while the job runs
    "status 502, page, half of it, reset, 429": [
        {"match": "status", "http": 502, "times": 2},
        {"match": "status", "html": True, "times": 2},
        {"match": "status", "truncate": True, "times": 2},
        {"match": "status", "drop": True, "times": 2},
        {"match": "status", "http": 429},
    ],
    "an answer too late and one that drips": [
        {"match": "status", "delay": 3.0},
        {"match": "status", "slow": 2.0},
    ],
    "a worker's answer that is not taken at first": [{"match": "job-done", "http": 500, "times": 2}],
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits 2 s for an answer instead of 30."""
    monkeypatch.setattr(runpod_http, "_TIMEOUT", (2.0, 2.0))


class Running:
    """A run in a thread of its own."""

    def __init__(self, optimizer: ModelOptimizer) -> None:
        self.optimizer = optimizer
        self.result: OptimizationResult | None = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return self.optimizer.run_name

    def end(self, seconds: float = 120.0) -> OptimizationResult:
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"the run did not end in {seconds:g} s"
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result

    def _work(self) -> None:
        try:
            self.result = self.optimizer.optimize_model()
        except Exception as error:
            self.error = error


def training(lab: RemoteLab, number: int = 1) -> bool:
    """Whether so many jobs are being trained: they have told an epoch."""
    jobs = [job for job in lab.emulator.state()["jobs"] if job["status"] == "IN_PROGRESS"]
    return sum(bool((job.get("output") or {}).get("epochs")) for job in jobs) >= number


def places(lab: RemoteLab, run: str) -> list[str]:
    """Where the page says that the trials are."""
    return [progress.place or "" for progress in Store(lab.settings).progress(run)]


# The others are told apart by tests of the client alone (tests/executors), in no time.
OFTEN = {
    "acceptance that is not heard of: 502 before and after it, reset",
    "status 502, page, half of it, reset, 429",
    "a worker's answer that is not taken at first",
}


@pytest.mark.parametrize(
    "name", [name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in ANSWERS]
)
def test_wrong_answers(quick: RemoteLab, name: str) -> None:
    for fault in ANSWERS[name]:
        quick.emulator.fault(fault)
    result = quick.optimizer().optimize_model()
    assert quick.emulator.faults_waiting == 0
    check_finished(quick, result, 2)
    trained = quick.trained(result.run_name)
    assert set(trained) == {0, 1}
    if "accept" not in name:  # nothing is paid twice where it can be known that it was accepted
        assert trained == {0: 1, 1: 1} and len(quick.jobs(result.run_name)) == 2


def test_connections_that_are_refused(quick: RemoteLab, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(quick.emulator.url.split(":")[2].split("/")[0])
    door = Forwarder(port)
    monkeypatch.setenv("RUNPOD_API_URL", f"http://127.0.0.1:{door.port}/v2")
    run = Running(quick.optimizer())
    wait_for(lambda: "RunPod cannot be reached: no connection" in quick.phase(run.name), "the page to say so")
    door.open()
    try:
        result = run.end()
    finally:
        door.close()
    check_finished(quick, result, 2)
    assert quick.trained(result.run_name) == {0: 1, 1: 1}


def test_a_wrong_key_pauses_and_a_mended_one_goes_on(
    quick: RemoteLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    key.write_text("rpa_WRONG")
    monkeypatch.setenv("RUNPOD_API_KEY_FILE", str(key))
    monkeypatch.delenv("RUNPOD_API_KEY")
    run = Running(quick.optimizer())
    wait_for(lambda: "refuses the API key (HTTP 401)" in quick.phase(run.name), "the page to say so")
    assert "2 trials wait" in quick.phase(run.name) and "rpa_WRONG" not in quick.phase(run.name)
    key.write_text(quick.emulator.api_key)
    check_finished(quick, run.end(), 2)
    assert quick.trained(run.name) == {0: 1, 1: 1}


def test_a_lost_worker_is_replaced(quick: RemoteLab) -> None:
    run = Running(quick.optimizer(max_epochs_per_trial=60, early_stopping_patience=60))
    wait_for(lambda: training(quick), "a training")
    wait_for(lambda: any("on worker w" in place for place in places(quick, run.name)), "the page to say where")
    busy = {job["workerId"] for job in quick.emulator.state()["jobs"] if job["status"] == "IN_PROGRESS"}
    quick.emulator.kill_worker(busy.pop())
    check_finished(quick, run.end(), 2)
    assert quick.trained(run.name) == {0: 1, 1: 1}
    jobs = {job.job_id for job in quick.jobs(run.name)}
    assert any(job.get("retries") == 1 for job in quick.emulator.state()["jobs"] if job["id"] in jobs)


@pytest.mark.slow
def test_a_job_that_runpod_gives_up_is_handed_over_again(quick: RemoteLab) -> None:
    """Two lost workers in a row, which is where RunPod ends a job: FAILED, and nothing said."""
    run = Running(quick.optimizer(trials=1, max_epochs_per_trial=60, early_stopping_patience=60))
    for _ in range(2):
        wait_for(lambda: training(quick), "a training")
        (worker,) = (j["workerId"] for j in quick.emulator.state()["jobs"] if j["status"] == "IN_PROGRESS")
        quick.emulator.kill_worker(worker)
        wait_for(lambda: not training(quick), "the loss to be noticed")
    check_finished(quick, run.end(), 1)
    assert [job.status for job in quick.jobs(run.name)] == ["FAILED", "COMPLETED"]
    assert quick.trained(run.name) == {0: 1}


def test_a_training_beyond_its_time_fails_alone(quick: RemoteLab) -> None:
    """The endpoint ends it; the run goes on, and says which limit it was."""
    run = Running(quick.optimizer(max_epochs_per_trial=1000, early_stopping_patience=1000, remote_time_limit=600.0))
    wait_for(lambda: training(quick, 2), "two trainings")
    quick.emulator.advance(700.0)
    result = run.end()
    assert result.status == "completed" and [trial.state for trial in result.trials] == ["failed"] * 2
    assert all("after 600 s of execution" in (trial.attempts or (trial.note,))[-1] for trial in result.trials)
    assert [job.status for job in quick.jobs(run.name)] == ["TIMED_OUT"] * 2


def test_a_stop_calls_the_jobs_back_and_a_resume_finishes(quick: RemoteLab) -> None:
    run = Running(quick.optimizer(max_epochs_per_trial=80, early_stopping_patience=80))
    wait_for(lambda: training(quick, 2), "two trainings")
    run.optimizer.stop()
    stopped = run.end()
    assert stopped.status == "stopped"
    jobs = quick.jobs(run.name)
    assert [job.status for job in jobs] == ["CANCELLED"] * 2 and all(job.cost is not None for job in jobs)
    ids = {job.job_id for job in jobs}
    states = {job["status"] for job in quick.emulator.state()["jobs"] if job["id"] in ids}
    assert states == {"CANCELLED"}
    again = ModelOptimizer.resume(run.name, settings=quick.settings).optimize_model()
    check_finished(quick, again, 2)
    # One that had committed its result in the moment of the stop is not trained again.
    assert max(quick.trained(run.name).values(), default=1) == 1


def test_a_record_that_expired_is_replaced_by_the_stored_result(quick: RemoteLab) -> None:
    run = Running(quick.optimizer(trials=1))
    wait_for(lambda: quick.jobs(run.name), "the submission")
    quick.emulator.fault({"match": "status", "http": 502, "times": None})
    job = quick.jobs(run.name)[0].job_id
    wait_for(lambda: _state(quick, job) == "COMPLETED", "the training's end")
    quick.emulator.advance(12_000.0)  # longer than records are kept
    assert _state(quick, job) is None
    quick.emulator.clear_faults()
    check_finished(quick, run.end(), 1)
    assert [job.status for job in quick.jobs(run.name)] == ["LOST"]


def _state(lab: RemoteLab, job: str) -> str | None:
    return next((found["status"] for found in lab.emulator.state()["jobs"] if found["id"] == job), None)


def test_a_queue_that_stands_still_is_explained_and_this_machine_takes_over(
    lab: RemoteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_notes = Limits(queue=8.0, wait_before_note=1.0, health_interval=1.0, cancel_watch=2.0)
    monkeypatch.setattr(runpod_pace, "Limits", lambda **_: quick_notes)
    lab.emulator.set(throttled=2)
    for worker in lab.emulator.workers():
        with suppress(KeyError):  # it has ended by itself
            lab.emulator.kill_worker(worker)
    wait_for(lambda: not lab.emulator.workers(), "the workers to end")
    run = Running(lab.optimizer(when_runpod_fails="fall_back"))
    wait_for(lambda: "no GPU of this kind is free (throttled 2)" in lab.phase(run.name), "the explanation")
    result = run.end()
    check_finished(lab, result, 2)
    assert [trial.number for trial in result.trials] == [0, 1]
    assert all("cpu (RunPod unavailable: no RunPod worker took the job" in (t.device or "") for t in result.trials)
    assert {job.status for job in lab.jobs(run.name)} == {"CANCELLED"}
    assert lab.trained(run.name) == {}


@pytest.mark.parametrize("policy", [pytest.param("fall_back", marks=pytest.mark.slow), "stop"])
def test_wrong_keys_of_the_bucket(lab: RemoteLab, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKET_SECRET_ACCESS_KEY", "rps_WRONG")
    run = Running(lab.optimizer(when_runpod_fails=policy))
    if policy == "fall_back":
        result = run.end()
        check_finished(lab, result, 2)
        assert all("object storage cannot be used" in (trial.device or "") for trial in result.trials)
    else:
        with pytest.raises(RunStateError, match=r"object storage cannot be used.*The run stops here"):
            run.end()
        run = Store(lab.settings).run(run.name)
        assert run.status == "failed" and run.resumable and "BUCKET_SECRET_ACCESS_KEY" in run.phase
        monkeypatch.setenv("BUCKET_SECRET_ACCESS_KEY", lab.environ["BUCKET_SECRET_ACCESS_KEY"])
        check_finished(lab, ModelOptimizer.resume(run.name, settings=lab.settings).optimize_model(), 2)
    assert "rps_WRONG" not in run.phase if policy == "stop" else True


@pytest.mark.slow
def test_a_machine_without_access_trains_itself(lab: RemoteLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNPOD_ENDPOINT_ID")
    result = lab.optimizer(when_runpod_fails="fall_back").optimize_model()
    check_finished(lab, result, 2)
    assert all("RunPod is not set up: set RUNPOD_ENDPOINT_ID" in (trial.device or "") for trial in result.trials)


Spoil = Callable[[Path], None]


def corrupt(archive: Path) -> None:
    """A bit rots."""
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 0xFF
    archive.write_bytes(bytes(data))


def hostile(archive: Path) -> None:
    """Somebody who can write to the bucket sends a file that would land elsewhere, with a seal that fits."""
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("../../../escaped.txt", "out")
        opened.writestr("model.keras", "in")


@pytest.mark.parametrize("spoil", [pytest.param(corrupt, marks=pytest.mark.slow), hostile])
def test_spoilt_archives_cost_the_files_and_nothing_else(
    quick: RemoteLab, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Running(quick.optimizer(concurrent_workers=1))
    wait_for(lambda: quick.jobs(run.name), "the first submission")
    quick.emulator.fault({"match": "status", "http": 502, "times": None})
    folder = quick.bucket.root / "model-health-lab" / "runs"
    pattern = f"{run.name}-*/trial_0-*/result.json"
    wait_for(lambda: list(folder.glob(pattern)), "the first result")
    (record,) = folder.glob(pattern)
    _respoil(record, spoil)
    quick.emulator.clear_faults()
    result = run.end()
    assert result.status == "completed" and [trial.state for trial in result.trials] == ["completed"] * 2
    assert result.best_trial == 1 and Path(result.best_model_path or "").is_file()
    first = result.trials[0]
    assert first.accuracy is not None and first.health is not None and not first.feasible
    assert "files could not be fetched" in (first.note or "")
    assert list(quick.settings.results_dir.parent.rglob("escaped.txt")) == []
    assert quick.trained(run.name) == {0: 1, 1: 1}


def _respoil(record: Path, spoil: Spoil) -> None:
    archive = record.with_name("artifacts.zip")
    spoil(archive)
    if spoil is hostile:
        outcome = from_json(RemoteOutcome, record.read_text(encoding="utf-8"))
        data = archive.read_bytes()
        sealed = replace(outcome, artifacts_size=len(data), artifacts_sha256=hashlib.sha256(data).hexdigest())
        record.write_text(to_json(sealed), encoding="utf-8")


def test_a_budget_ends_the_run_before_it_is_spent(quick: RemoteLab) -> None:
    """At a dollar a second the first trial uses it up."""
    result = quick.optimizer(
        trials=20, concurrent_workers=1, gpu_price_per_hour=3600.0, max_run_cost=1.0
    ).optimize_model()
    check_finished(quick, result, 1)
    assert "cost budget used up; 19 trials were not started" in quick.phase(result.run_name)


PROGRAM = """
from core.config import OptimizationConfig
from core.optimizer import ModelOptimizer
ModelOptimizer(OptimizationConfig(use_runpod_service=True, trials=3, max_epochs_per_trial=120, concurrent_workers=2,
    early_stopping_patience=120, plot_generation="none", pruning=False, search_space=SPACE, run_name="killed")
).optimize_model()
"""


def test_a_program_killed_in_mid_run_goes_on_where_it_was(lab: RemoteLab) -> None:
    """kill -9 with two jobs under way: they go on, are taken up again, and nothing is paid twice."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("SPACE", repr(SMALL))],
        env=os.environ | lab.environ,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: training(lab, 2), "two trainings")
    finally:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    before = lab.jobs("killed")
    assert [job.ended for job in before] == [None, None]
    result = ModelOptimizer.resume("killed", settings=lab.settings).optimize_model()
    check_finished(lab, result, 3)
    after = lab.jobs("killed")
    assert [job.job_id for job in after[:2]] == [job.job_id for job in before]
    assert sorted((job.number, job.status) for job in after) == [(n, "COMPLETED") for n in range(3)]
    assert lab.trained("killed") == {0: 1, 1: 1, 2: 1}
