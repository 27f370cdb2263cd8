"""Injected trouble, as a client sees it."""

from __future__ import annotations

import time

import pytest
import requests

from core.errors import InvalidInputError
from tests.emulator import Emulator
from tests.emulator.client import Client, HandWorker


def admin(emulator: Emulator, path: str, document: object, method: str = "POST") -> requests.Response:
    return requests.request(method, f"{emulator.admin_url}/{path}", json=document, timeout=10)


def test_codes_come_as_often_as_asked_and_only_where_they_match(emulator: Emulator, client: Client) -> None:
    document = {"match": "status", "http": 502, "times": 2, "skip": 1}
    assert admin(emulator, "fault", document).json() == {"waiting": 1}
    job = client.run(1)
    codes = [client.ask("GET", f"status/{job}").status_code for _ in range(4)]
    assert codes == [200, 502, 502, 200]
    assert emulator.faults_waiting == 0


def test_a_code_may_have_headers_and_a_body(emulator: Emulator, client: Client) -> None:
    emulator.fault({"match": "run", "http": 429, "headers": {"Retry-After": "3"}, "body": "slow down"})
    answer = client.ask("POST", "run", {"input": 1})
    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (429, "3", "slow down")
    assert client.health()["jobs"]["inQueue"] == 0


@pytest.mark.parametrize("after", [False, True])
def test_a_dropped_submission_is_queued_only_when_it_was_accepted(
    emulator: Emulator, client: Client, after: bool
) -> None:
    emulator.fault({"match": "run", "drop": True, "after_accept": after})
    with pytest.raises(requests.ConnectionError):
        client.run(1)
    assert client.health()["jobs"]["inQueue"] == int(after)
    client.run(2)  # the service goes on


def test_a_lost_answer_may_also_be_a_gateway_s_page(emulator: Emulator, client: Client) -> None:
    emulator.fault({"match": "run", "http": 504, "after_accept": True})
    assert client.ask("POST", "run", {"input": 1}).status_code == 504
    emulator.fault({"match": "run", "html": True, "after_accept": True})
    answer = client.ask("POST", "run", {"input": 1})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert client.health()["jobs"]["inQueue"] == 2


def test_html_with_200_without_acting(emulator: Emulator, client: Client) -> None:
    emulator.fault({"match": "*", "html": True})
    answer = client.ask("GET", "health")
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert client.health()["jobs"]["inQueue"] == 0


def test_truncated_json_is_half_a_document(emulator: Emulator, client: Client) -> None:
    emulator.fault({"match": "health", "truncate": True})
    answer = client.ask("GET", "health")
    assert answer.status_code == 200 and answer.text.startswith('{"jobs"')
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_slow_body_is_complete_in_the_end(emulator: Emulator, client: Client) -> None:
    emulator.fault({"match": "health", "slow": 1.0})
    started = time.monotonic()
    answer = client.ask("GET", "health", stream=True)
    headers_after = time.monotonic() - started
    assert answer.json()["jobs"]["inQueue"] == 0
    assert time.monotonic() - started >= 1.0 > headers_after


def test_a_delay_makes_the_client_give_up_though_the_job_is_queued(emulator: Emulator, client: Client) -> None:
    emulator.fault({"match": "run", "delay": 1.0})
    url = f"{emulator.url}/{emulator.endpoint_id}/run"
    with pytest.raises(requests.ReadTimeout):
        client.session.post(url, json={"input": 1}, timeout=0.5)
    assert client.health()["jobs"]["inQueue"] == 1


def test_the_worker_s_side_can_be_disturbed_too(emulator: Emulator, client: Client, worker: HandWorker) -> None:
    emulator.fault({"match": "job-take", "http": 429})
    emulator.fault({"match": "*", "http": 500})  # of the public API only
    job = client.ask("POST", "run", {"input": 1})
    assert job.status_code == 500
    client.run(1)
    assert worker.get("job-take").status_code == 429
    assert worker.get("job-take").status_code == 200


def test_faults_without_end_last_until_they_are_cleared(emulator: Emulator, client: Client) -> None:
    emulator.fault({"match": "health", "http": 503, "times": None})
    assert {client.ask("GET", "health").status_code for _ in range(5)} == {503}
    assert admin(emulator, "fault", None, "DELETE").json() == {"waiting": 0}
    assert client.ask("GET", "health").status_code == 200


@pytest.mark.parametrize(
    "document",
    [
        {}, {"match": "statsu", "http": 500}, {"match": "status"}, {"match": "run", "http": 500, "drop": True},
        {"match": "run", "http": 500, "times": 0}, {"match": "run", "htp": 500},
    ],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_refused(refusing: Emulator, document: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        refusing.fault(document)
    assert admin(refusing, "fault", document).status_code == 400


def test_knobs_clock_and_state_can_be_reached_from_outside(emulator: Emulator, client: Client) -> None:
    assert admin(emulator, "knobs", {"throttled": 2}).json()["throttled"] == 2
    assert client.health()["workers"]["throttled"] == 2
    assert admin(emulator, "knobs", {"throtled": 2}).status_code == 400
    assert admin(emulator, "knobs", {"throttled": -1}).status_code == 400
    job = client.run(1, policy={"ttl": 10_000})
    state = requests.get(f"{emulator.admin_url}/state", timeout=10).json()
    assert state["jobs"] == [{"id": job, "status": "IN_QUEUE"}]
    admin(emulator, "clock", {"advance": 11})
    assert client.ask("GET", f"status/{job}").status_code == 404
    assert admin(emulator, "clock", {"advance": -1}).status_code == 400
    assert admin(emulator, "kill/nobody", None).status_code == 404
