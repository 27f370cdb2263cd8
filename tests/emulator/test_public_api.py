"""The contract of the public routes, with a worker made by hand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.emulator import Emulator
from tests.emulator.client import Client, HandWorker
from tests.emulator.limits import Limit, RateLimiter

ALL = [
    ("POST", "run"), ("POST", "runsync"), ("GET", "status/x"), ("GET", "stream/x"), ("POST", "cancel/x"),
    ("POST", "retry/x"), ("POST", "purge-queue"), ("GET", "health"),
]  # fmt: skip


def test_a_job_from_submission_to_answer(client: Client, worker: HandWorker) -> None:
    job = client.run({"a": 1})
    assert client.status(job) == {"id": job, "status": "IN_QUEUE"}
    assert worker.take() == {"id": job, "input": {"a": 1}}
    worker.progress(job, {"epoch": 1})
    view = client.status(job)
    assert (view["status"], view["workerId"], view["output"]) == ("IN_PROGRESS", "hand", {"epoch": 1})
    worker.post(job, {"output": {"score": 3}})
    view = client.ask("POST", f"status/{job}").json()  # either verb
    assert view == client.status(job)
    assert (view["status"], view["output"]) == ("COMPLETED", {"score": 3})
    assert view["delayTime"] >= 0 and view["executionTime"] >= 0


@pytest.mark.parametrize(("method", "path"), ALL)
def test_every_route_wants_the_key_and_the_right_endpoint(refusing: Emulator, method: str, path: str) -> None:
    client = Client(refusing)
    for key in ("", "Bearer wrong", f"Bearer {refusing.worker_key}"):
        assert client.ask(method, path, headers={"Authorization": key}).status_code == 401
    url = f"{refusing.url}/elsewhere/{path}"
    assert client.session.request(method, url, timeout=10).status_code == 404


def test_the_key_is_taken_without_the_word_bearer_too(emulator: Emulator, client: Client) -> None:
    assert client.ask("GET", "health", headers={"Authorization": emulator.api_key}).status_code == 200


@pytest.mark.parametrize("path", ["run", "runsync"])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"input": null}', b'{"input": 1, "policy": {"ttl": 1}}', b'{"input": 1, "webhook": 3}'],
)
def test_a_bad_submission_is_refused(refusing: Emulator, path: str, body: bytes) -> None:
    client = Client(refusing)
    answer = client.ask("POST", path, data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert client.health()["jobs"]["inQueue"] == 0


def test_a_submission_beyond_the_limit_is_refused(client: Client) -> None:
    assert client.ask("POST", "run", {"input": "x" * 9_900_000}).status_code == 200
    assert client.ask("POST", "run", {"input": "x" * 10_000_001}).status_code == 413


@pytest.mark.parametrize(("method", "path"), [row for row in ALL if row[1].endswith("/x")])
def test_unknown_jobs_are_not_found(refusing: Emulator, method: str, path: str) -> None:
    assert Client(refusing).ask(method, path).status_code == 404


def test_other_routes_and_verbs_do_not_exist(refusing: Emulator) -> None:
    client = Client(refusing)
    assert client.ask("GET", "nothing").status_code == 404
    assert client.ask("GET", "run").status_code == 405


def test_cancelling(client: Client, worker: HandWorker) -> None:
    queued, running, done = client.run(1), client.run(2), client.run(3)
    assert client.cancel(queued) == {"id": queued, "status": "CANCELLED"}
    assert worker.take()["id"] == running
    assert client.cancel(running) == {"id": running, "status": "CANCELLED"}
    assert worker.get("job-stop").json() == {"jobsToStop": [running]}
    assert worker.get("job-stop").status_code == 204
    assert worker.take()["id"] == done
    worker.post(done, {"output": 1})
    assert client.cancel(done) == {"id": done, "status": "COMPLETED"}


def test_retrying(client: Client, worker: HandWorker) -> None:
    job = client.run({"a": 1})
    assert client.ask("POST", f"retry/{job}").status_code == 400
    worker.take()
    worker.post(job, {"error": "no memory", "output": {"error_code": "OOM"}})
    view = client.status(job)
    assert (view["status"], view["error"], view["output"]) == ("FAILED", "no memory", {"error_code": "OOM"})
    assert client.ask("POST", f"retry/{job}").json() == {"id": job, "status": "IN_QUEUE"}
    assert client.status(job) == {"id": job, "status": "IN_QUEUE"}
    assert worker.take() == {"id": job, "input": {"a": 1}}


def test_purging(client: Client, worker: HandWorker) -> None:
    running, queued = client.run(1), client.run(2)
    worker.take()
    assert client.ask("POST", "purge-queue").json() == {"removed": 1, "status": "completed"}
    assert client.ask("GET", f"status/{queued}").status_code == 404
    assert client.status(running)["status"] == "IN_PROGRESS"


def test_health(emulator: Emulator, client: Client, worker: HandWorker) -> None:
    first, second = client.run(1), client.run(2)
    worker.take()
    worker.post(first, {"output": 1})
    worker.take()
    client.run(3)
    emulator.set(throttled=2, unhealthy=1, initializing=3)
    assert client.health() == {
        "jobs": {"completed": 1, "failed": 0, "inProgress": 1, "inQueue": 1, "retried": 0},
        "workers": {"idle": 0, "initializing": 3, "ready": 0, "running": 1, "throttled": 2, "unhealthy": 1},
    }
    worker.post(second, {"error": "no"})
    assert client.health()["jobs"]["failed"] == 1
    assert client.health()["workers"]["idle"] == 1


def test_streams_are_drained(client: Client, worker: HandWorker) -> None:
    job = client.run(1)
    worker.take()
    worker.post(job, {"output": "a"}, "job-stream")
    worker.post(job, {"output": "b"}, "job-stream")
    parts = [{"output": "a"}, {"output": "b"}]
    assert client.ask("GET", f"stream/{job}").json() == {"status": "IN_PROGRESS", "stream": parts}
    assert client.ask("GET", f"stream/{job}").json() == {"status": "IN_PROGRESS", "stream": []}


def test_runsync_waits_for_the_answer_or_tells_what_there_is(client: Client, worker: HandWorker) -> None:
    def work() -> None:
        while (answer := worker.get("job-take")).status_code == 204:
            pass
        worker.post(answer.json()["id"], {"output": 7})

    thread = threading.Thread(target=work)
    thread.start()
    view = client.ask("POST", "runsync", {"input": 1}).json()
    thread.join()
    assert view["id"].startswith("sync-")
    assert (view["status"], view["output"]) == ("COMPLETED", 7)
    started = time.monotonic()
    assert client.ask("POST", "runsync?wait=1000", {"input": 1}).json()["status"] == "IN_QUEUE"
    assert 0.9 < time.monotonic() - started < 10
    assert client.ask("POST", "runsync?wait=999", {"input": 1}).status_code == 400


def test_limits_of_time_go_by_the_emulator_s_clock(emulator: Emulator, client: Client, worker: HandWorker) -> None:
    slow = client.run(1, policy={"executionTimeout": 5000, "ttl": 10_000})
    worker.take()
    done = client.run(2)
    worker.take()
    worker.post(done, {"output": 1})
    emulator.advance(6)
    assert client.status(slow)["status"] == "TIMED_OUT"
    assert worker.get("job-stop").json() == {"jobsToStop": [slow]}
    emulator.advance(5)
    assert client.ask("GET", f"status/{slow}").status_code == 404
    assert client.status(done)["status"] == "COMPLETED"
    emulator.advance(30 * 60)
    assert client.ask("GET", f"status/{done}").status_code == 404


def test_too_many_calls_are_refused_until_the_window_has_passed(emulator: Emulator, client: Client) -> None:
    codes = [client.ask("POST", "purge-queue").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    emulator.advance(10)
    assert client.ask("POST", "purge-queue").status_code == 200
    emulator.set(rate_limits=False)
    assert {client.ask("POST", "purge-queue").status_code for _ in range(5)} == {200}


def test_too_many_calls_at_one_time_are_refused() -> None:
    limiter = RateLimiter(lambda: 0.0, {"run": Limit(calls=100, together=2)})
    assert [limiter.enter("run") for _ in range(3)] == [True, True, False]
    limiter.leave("run")
    assert limiter.enter("run")
    assert all(limiter.enter("health") for _ in range(500))


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    """Notes what it is told in `told`, and answers with the next of `codes`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.told.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(server.codes.pop(0) if server.codes else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    server.told, server.codes = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("codes", "told"), [([], 1), ([500, 500], 3), ([500, 500, 500], 3)])
def test_a_webhook_is_told_the_last_view_and_tried_again(
    emulator: Emulator, client: Client, worker: HandWorker, listener: Any, codes: list[int], told: int
) -> None:
    emulator.set(webhook_pause=0.05)
    listener.codes = list(codes)
    job = client.run(1, webhook=f"http://127.0.0.1:{listener.server_port}/done")
    worker.take()
    worker.post(job, {"output": 7})
    expected_loss = [job] if len(codes) == 3 else []
    deadline = time.monotonic() + 10
    while (len(listener.told) < told or emulator.state()["lost_webhooks"] != expected_loss) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.02)
    assert len(listener.told) == told
    assert emulator.state()["lost_webhooks"] == expected_loss
    assert json.loads(listener.told[-1]) == client.status(job)
