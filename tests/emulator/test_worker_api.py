"""The contract of the routes that RunPod's library calls."""

from __future__ import annotations

import threading
import time

import pytest

from tests.emulator import Emulator
from tests.emulator.client import Client, HandWorker


@pytest.mark.parametrize("operation", ["job-take", "job-take-batch", "job-stop", "ping"])
def test_workers_need_their_key(refusing: Emulator, operation: str) -> None:
    worker = HandWorker(refusing)
    worker.session.headers["Authorization"] = "wrong"
    assert worker.get(operation).status_code == 401


def test_a_poll_without_job_is_held_and_then_empty(worker: HandWorker) -> None:
    started = time.monotonic()
    assert worker.get("job-take").status_code == 204
    assert time.monotonic() - started >= 0.15


def test_a_held_poll_gets_a_job_at_once(emulator: Emulator, client: Client, worker: HandWorker) -> None:
    emulator.set(poll_hold=20)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(worker.take()))
    thread.start()
    time.sleep(0.2)
    job = client.run(1)
    thread.join(timeout=5)
    assert [answer["id"] for answer in answers] == [job]


def test_a_batch_is_a_list_of_as_many_as_there_are(client: Client, worker: HandWorker) -> None:
    jobs = [client.run(n) for n in range(3)]
    taken = worker.get("job-take-batch", "gpu=CPU&batch_size=2").json()
    assert [(job["id"], job["input"]) for job in taken] == [(jobs[0], 0), (jobs[1], 1)]
    assert len(worker.get("job-take-batch", "batch_size=2").json()) == 1
    assert worker.get("job-take-batch", "batch_size=2").status_code == 204
    assert worker.get("job-take-batch", "batch_size=many").status_code == 400


def test_the_webhook_is_handed_on(client: Client, worker: HandWorker) -> None:
    client.run(1, webhook="http://127.0.0.1:9/nobody")
    assert worker.take()["webhook"] == "http://127.0.0.1:9/nobody"


def test_late_posts_are_accepted_counted_and_without_effect(
    emulator: Emulator, client: Client, worker: HandWorker
) -> None:
    job = client.run(1)
    worker.take()
    worker.post(job, {"output": 7})
    worker.progress(job, "late")
    HandWorker(emulator, "other").post(job, {"output": 8})
    assert client.status(job)["output"] == 7
    assert [(post.worker, post.kind) for post in emulator.late_posts()] == [("hand", "progress"), ("other", "result")]
    assert len(emulator.late_posts("COMPLETED")) == 1
    assert len(emulator.late_posts("REASSIGNED")) == 1
    assert emulator.late_posts("FAILED") == []


def test_late_progress_wins_when_asked_for(emulator: Emulator, client: Client, worker: HandWorker) -> None:
    emulator.set(late_progress_wins=True)
    job = client.run(1)
    worker.take()
    worker.post(job, {"output": 7})
    worker.progress(job, "late")
    view = client.status(job)
    assert (view["status"], view["output"]) == ("IN_PROGRESS", "late")


def test_a_killed_worker_s_job_goes_to_another_and_the_first_gets_no_more(
    emulator: Emulator, client: Client, worker: HandWorker
) -> None:
    job = client.run(1)
    worker.take()
    emulator.set(crash_detection=1000)
    emulator.kill_worker("hand")
    assert worker.get("job-take").status_code == 400
    assert client.status(job)["status"] == "IN_PROGRESS"
    emulator.set(crash_detection=0)
    view = client.wait(job, "IN_QUEUE", seconds=5)
    assert view["retries"] == 1
    assert HandWorker(emulator, "other").take()["id"] == job
    worker.post(job, {"output": "of the dead"})
    assert client.status(job)["status"] == "IN_PROGRESS"
    assert emulator.late_posts("REASSIGNED")


def test_a_worker_may_ask_to_be_stopped(emulator: Emulator, client: Client, worker: HandWorker) -> None:
    job = client.run(1)
    worker.take()
    worker.post(job, {"output": 7, "stopPod": True})
    assert client.status(job)["status"] == "COMPLETED"
    assert emulator.workers() == []


def test_what_is_no_document_is_refused(client: Client, worker: HandWorker) -> None:
    job = client.run(1)
    worker.take()
    with pytest.raises(AssertionError, match="JSON"):
        worker.post(job, [1])
    assert client.status(job)["status"] == "IN_PROGRESS"
