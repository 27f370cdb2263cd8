"""Every way a call to RunPod can fail becomes the exception that says what to do."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from core.errors import InvalidInputError
from core.executors.runpod_api import RunPodApi, RunPodConfig
from core.executors.runpod_errors import (
    DoubtfulError,
    EndpointError,
    KeyRefusedError,
    NotAcceptedError,
    RefusedError,
    UnansweredError,
    UnknownJobError,
)
from core.executors.runpod_views import Health, JobView, WorkerCounts, health_view
from tests.executors.scripted_runpod import DROP, Reply, Scripted, ScriptedRunPod, scripted_runpod, status

SECRET = "rpa_SECRET123"
POLICY = {"executionTimeout": 60_000, "ttl": 120_000}


@pytest.fixture
def runpod() -> Iterator[ScriptedRunPod]:
    with scripted_runpod() as made:
        yield made


@pytest.fixture
def api(runpod: ScriptedRunPod) -> RunPodApi:
    return RunPodApi(RunPodConfig(endpoint_id="ep1", api_key=lambda: SECRET, url=runpod.url))


def test_a_job_is_handed_over_with_its_policy(api: RunPodApi, runpod: ScriptedRunPod) -> None:
    runpod.add("run", Reply(200, {"id": "abc-u1", "status": "IN_QUEUE"}))
    assert api.run({"x": 1}, POLICY) == "abc-u1"
    [asked] = runpod.asked
    assert asked.body == {"input": {"x": 1}, "policy": POLICY} and asked.authorization == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(429, {}), NotAcceptedError),
        (Reply(503, {}), NotAcceptedError),
        (Reply(302, "", {"Location": "http://127.0.0.1:1/"}), NotAcceptedError),
        (Reply(500, {}), DoubtfulError),
        (Reply(502, "<html>bad gateway</html>"), DoubtfulError),
        (Reply(504, {}), DoubtfulError),
        (DROP, DoubtfulError),
        (Reply(200, {"status": "IN_QUEUE"}), DoubtfulError),
        (Reply(200, {"id": "../../x"}), DoubtfulError),
        (Reply(200, "<html>welcome</html>"), DoubtfulError),
        (Reply(200, {"id": "abc"}, cut=4), DoubtfulError),
        (Reply(400, {"error": "no input"}), RefusedError),
        (Reply(413, {}), RefusedError),
        (Reply(422, {}), RefusedError),
        (Reply(401, {}), KeyRefusedError),
        (Reply(403, {}), KeyRefusedError),
        (Reply(402, {}), KeyRefusedError),
        (Reply(404, {}), EndpointError),
    ],
)
def test_what_becomes_of_a_submission(
    api: RunPodApi, runpod: ScriptedRunPod, reply: Scripted, error: type[Exception]
) -> None:
    runpod.add("run", reply)
    with pytest.raises(error) as caught:
        api.run({"x": 1}, POLICY)
    assert type(caught.value) is error
    assert runpod.count("run") == 1  # nothing repeats a submission by itself


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(404, {}), UnknownJobError),
        (Reply(429, {}), UnansweredError),
        (Reply(500, {}), UnansweredError),
        (Reply(503, {}), UnansweredError),
        (Reply(302, ""), UnansweredError),
        (DROP, UnansweredError),
        (Reply(200, "<html>welcome</html>"), UnansweredError),
        (Reply(200, {"id": "j"}), UnansweredError),  # no status
        (Reply(200, {"id": "j", "status": "COMPLETED"}, cut=9), UnansweredError),
        (Reply(200, [1]), UnansweredError),
        (Reply(401, {}), KeyRefusedError),
    ],
)
def test_what_becomes_of_a_status(
    api: RunPodApi, runpod: ScriptedRunPod, reply: Scripted, error: type[Exception]
) -> None:
    runpod.add("status", reply)
    with pytest.raises(error) as caught:
        api.status("j")
    assert type(caught.value) is error


def test_a_status_is_read_whole(api: RunPodApi, runpod: ScriptedRunPod) -> None:
    runpod.add("status", status("j", "IN_PROGRESS", delayTime=1917, workerId="w1", output={"a": 1}, retries=1, new=3))
    view = api.status("j")
    assert view == JobView(id="j", status="IN_PROGRESS", delay_ms=1917, worker="w1", output={"a": 1}, retries=1)
    assert not view.final and JobView(id="j", status="TIMED_OUT").final
    assert not JobView(id="j", status="RUNNING_BACKWARDS").final


def test_the_reason_of_a_failure_is_found_in_every_form() -> None:
    wrapped = '{"error_type": "<class \'ValueError\'>", "error_message": "bad", "error_traceback": "Traceback"}'
    assert JobView(id="j", status="FAILED", error=wrapped).failure == "<class 'ValueError'>: bad"
    assert JobView(id="j", status="FAILED", error="job timed out\nafter 1 retries").failure == (
        "job timed out after 1 retries"
    )
    assert JobView(id="j", status="FAILED").failure == "no reason was given"
    assert JobView(id="j", status="FAILED", output={"error_code": "OOM"}).error_code == "OOM"
    assert JobView(id="j", status="FAILED", output=["OOM"]).error_code is None


def test_no_connection_is_told_from_a_broken_one(runpod: ScriptedRunPod) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/v2", "http://nowhere.invalid/v2"):
        api = RunPodApi(RunPodConfig(endpoint_id="ep1", api_key=lambda: SECRET, url=url))
        with pytest.raises(NotAcceptedError, match="no connection"):
            api.run({"x": 1}, POLICY)
        with pytest.raises(UnansweredError):
            api.health()


def test_the_service_says_how_long_to_wait(api: RunPodApi, runpod: ScriptedRunPod) -> None:
    later = {"Retry-After": formatdate(time.time() + 30, usegmt=True)}
    runpod.add("status", Reply(429, {}, {"Retry-After": "7"}), Reply(429, {}, {"Retry-After": "soon"}))
    runpod.add("status", Reply(503, {}, {"Retry-After": "99999"}))
    found = []
    for _ in range(3):
        with pytest.raises(UnansweredError) as caught:
            api.status("j")
        found.append(caught.value.retry_after)
    assert found == [7.0, None, 300.0]
    runpod.add("run", Reply(503, {}, later))
    with pytest.raises(NotAcceptedError) as refused:
        api.run({"x": 1}, POLICY)
    assert refused.value.retry_after is not None and 25 < refused.value.retry_after <= 31


def test_a_mended_key_is_used_at_once(runpod: ScriptedRunPod) -> None:
    keys = ["old", " new\n"]
    runpod.keys = {"new"}
    runpod.default["health"] = Reply(200, {"jobs": {}, "workers": {"idle": 2}})
    api = RunPodApi(RunPodConfig(endpoint_id="ep1", api_key=lambda: keys[0], url=runpod.url))
    with pytest.raises(KeyRefusedError, match="401"):
        api.health()
    keys.pop(0)
    assert api.health().workers.idle == 2


@pytest.mark.parametrize("key", ["", "  ", "two words", "a\x00b", "schlüssel"])
def test_a_key_that_is_none_never_leaves(runpod: ScriptedRunPod, key: str) -> None:
    api = RunPodApi(RunPodConfig(endpoint_id="ep1", api_key=lambda: key, url=runpod.url))
    with pytest.raises(KeyRefusedError) as caught:
        api.health()
    assert not runpod.asked and (not key.strip() or key not in str(caught.value))


def test_the_key_shows_nowhere(api: RunPodApi, runpod: ScriptedRunPod, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    config = RunPodConfig(endpoint_id="ep1", api_key=lambda: SECRET)
    assert SECRET not in repr(config)
    runpod.add("run", Reply(400, f"you sent Bearer {SECRET}"))
    with pytest.raises(RefusedError) as caught:
        api.run({"x": 1}, POLICY)
    assert SECRET not in str(caught.value) and "you sent Bearer ***" in str(caught.value)
    assert SECRET not in caplog.text


def test_netrc_does_not_replace_the_key(
    api: RunPodApi, runpod: ScriptedRunPod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    runpod.add("cancel", Reply(200, {"id": "j", "status": "CANCELLED"}))
    api.cancel("j")
    assert runpod.asked[0].authorization == f"Bearer {SECRET}"


def test_an_empty_input_is_never_sent(api: RunPodApi, runpod: ScriptedRunPod) -> None:
    with pytest.raises(InvalidInputError, match="empty"):
        api.run({}, POLICY)
    assert not runpod.asked


@pytest.mark.parametrize("bad", ["", "a/b", "x" * 200, "../v2"])
def test_an_endpoint_id_is_checked(bad: str) -> None:
    with pytest.raises(InvalidInputError, match="endpoint id"):
        RunPodConfig(endpoint_id=bad, api_key=lambda: SECRET)


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ({"unhealthy": 1, "throttled": 2}, "crash"),
        ({"throttled": 1}, r"no GPU of this kind is free \(throttled 1\)"),
        ({"initializing": 1}, "are starting"),
        ({"running": 3}, "all workers are busy"),
        ({"idle": 1}, "a worker is free"),
        ({}, "max workers"),
    ],
)
def test_health_explains_why_jobs_wait(workers: dict[str, int], words: str) -> None:
    health = health_view({"jobs": {"inQueue": 1}, "workers": workers | {"unheard_of": 3}})
    assert re.search(words, health.explain())
    assert Health(workers=WorkerCounts(**workers)).explain() == health.explain()
