"""Jobs without the platform: the handler's function, a real bucket, real rows and real trainings."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.bundles import pack, unpack
from core.datasets.split import SplitParts
from core.executors.jobs import TrainJob
from core.executors.local import LocalExecutor
from core.model_config import LstmConfig
from core.object_store import ObjectStore, StorageConfig
from core.records import from_dict, from_json, to_dict
from core.remote_job import RemoteOutcome, RemoteProgress
from core.trial import TrialResult
from runpod_handler import training
from tests.runpod_handler.conftest import LONG, Caller, children, make_spec, make_task, until
from tests.storage.rclone import RcloneServer

Parts = tuple[str, int, str]


def while_training(caller: Caller, task: Any, act: Callable[[asyncio.Task[Any]], Awaitable[Any]]) -> Any:
    """Start a job and do something once its first epoch has been told."""

    async def run() -> Any:
        job = caller.start(task)
        await until(lambda: job.done() or any(message["epochs"] for message in caller.posted))
        assert not job.done(), job.result()
        return await act(job)

    return asyncio.run(run())


@pytest.mark.training
def test_a_job_gives_what_a_local_training_gives(
    caller: Caller, store: ObjectStore, digits: SplitParts, parts: Parts, tmp_path: Path
) -> None:
    task = make_task(make_spec(digits), parts)
    answer = caller.call(task)
    assert "error" not in answer, answer
    outcome = from_dict(RemoteOutcome, json.loads(json.dumps(answer)))
    assert (outcome.worker, outcome.bucket, outcome.region, outcome.reused) == ("w1", "vol0test", "EU-RO-1", False)
    assert outcome.result.status == "completed" and outcome.result.trace is None

    local = LocalExecutor(tmp_path / "log")  # a fresh process, as the worker's child is
    try:
        job = TrainJob(spec=task.spec, parts_folder=str(digits.folder), out_dir=str(tmp_path / "local"))
        direct = local.train(job, lambda _: None).result(120)
    finally:
        local.close()
    assert outcome.result.metrics == direct.metrics and outcome.result.parameters == direct.parameters

    stored = from_json(RemoteOutcome, (store.get_bytes(task.prefix + "result.json") or b"").decode())
    assert stored.result.trace is not None and direct.trace is not None
    assert stored.result.trace.window_losses == direct.trace.window_losses
    assert stored == replace(outcome, result=replace(outcome.result, trace=stored.result.trace))
    assert outcome.artifacts_key == task.prefix + "artifacts.zip"

    archive, back = tmp_path / "artifacts.zip", tmp_path / "back"
    store.download(outcome.artifacts_key, archive, outcome.artifacts_size or 0, outcome.artifacts_sha256 or "")
    unpack(archive, back)
    for artifact in outcome.result.artifacts:
        assert hashlib.sha256((back / artifact.path).read_bytes()).hexdigest() == artifact.sha256
    names = {path.relative_to(back).as_posix() for path in back.rglob("*") if path.is_file()}
    there = {path.relative_to(tmp_path / "local").as_posix() for path in (tmp_path / "local").rglob("*")}
    assert {n for n in names if "tfevents" not in n} <= there and {"result.json", "model.keras"} <= names
    assert any(name.startswith("plots/") for name in names)

    check_progress(caller.posted, stored.result)


def check_progress(posted: list[dict[str, Any]], result: TrialResult) -> None:
    messages = [from_dict(RemoteProgress, json.loads(json.dumps(message))) for message in posted]
    sequences = [message.sequence for message in messages]
    assert sequences == sorted(set(sequences)) and {message.worker for message in messages} == {"w1"}
    assert result.trace is not None
    assert messages[-1].phase == "uploading" and messages[-1].epochs == result.trace.epochs


async def never(*_: Any) -> Any:
    raise AssertionError("it trained again")


@pytest.mark.training
def test_a_second_delivery_trains_nothing(
    caller: Caller, digits: SplitParts, parts: Parts, monkeypatch: pytest.MonkeyPatch, store: ObjectStore
) -> None:
    task = make_task(make_spec(digits, seed=8, store_plots=False), parts)
    first = caller.call(task)

    caller.train = never
    again = caller.call(task)
    assert again == first | {"reused": True}
    store.put_bytes(task.prefix + "artifacts.zip", b"cut")
    with pytest.raises(AssertionError, match="trained again"):  # what is not whole does not count
        caller.call(task)


@pytest.mark.training
def test_over_budget_is_an_answer_without_files(
    caller: Caller, digits: SplitParts, parts: Parts, store: ObjectStore
) -> None:
    task = make_task(make_spec(digits, max_parameters=10), parts)
    answer = caller.call(task)
    assert answer["result"]["status"] == "over_budget" and answer["artifacts_key"] is None
    assert [one.key for one in store.list(task.prefix)] == [task.prefix + "result.json"]
    assert caller.call(task)["reused"]


@pytest.mark.training
def test_a_failed_training_is_a_result_and_is_tried_again(
    caller: Caller, digits: SplitParts, parts: Parts, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make_task(make_spec(digits, model=LstmConfig()), parts)  # a network for texts
    answer = caller.call(task)
    assert answer["result"]["status"] == "failed" and "texts" in answer["result"]["error"], answer
    assert answer["artifacts_key"] is None and not answer["reused"]
    assert [one.key for one in store.list(task.prefix)] == [task.prefix + "result.json"]
    caller.train = never
    with pytest.raises(AssertionError, match="trained again"):
        caller.call(task)


@pytest.mark.training
def test_cancelling_kills_the_training_within_a_second(
    caller: Caller, digits: SplitParts, parts: Parts, bucket: RcloneServer
) -> None:
    task = make_task(make_spec(digits, epochs=LONG, patience=LONG), parts)

    async def cancel(job: asyncio.Task[Any]) -> tuple[float, dict[str, str]]:
        (child,) = children()
        environ = child.environ()
        assert os.getpgid(child.pid) == child.pid
        started = time.monotonic()
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        return time.monotonic() - started, environ

    seconds, environ = while_training(caller, task, cancel)
    assert seconds < 1.0 and children() == []
    # the training had no keys, the worker has
    assert os.environ["BUCKET_SECRET_ACCESS_KEY"] == bucket.config.secret_key not in environ.values()
    assert not [name for name in environ if name.startswith(("BUCKET_", "RUNPOD_"))]


@pytest.mark.training
def test_a_child_that_the_system_kills_ran_out_of_memory(
    caller: Caller, digits: SplitParts, parts: Parts, store: ObjectStore
) -> None:
    task = make_task(make_spec(digits, epochs=LONG, patience=LONG, number=50), parts)

    async def kill(job: asyncio.Task[Any]) -> Any:
        children()[0].kill()
        return await job

    answer = while_training(caller, task, kill)
    assert answer["error_code"] == "OOM" and "memory runs out" in answer["error"], answer
    assert answer["last"]["epochs"][-1]["epoch"] >= 1
    assert store.list(task.prefix) == ()
    json.dumps(answer)


@pytest.mark.parametrize(
    ("code", "text"), [(-signal.SIGSEGV, "killed by SIGSEGV"), (1, "exit code 1"), (0, "exit code 0")]
)
def test_other_deaths_are_crashes(code: int, text: str) -> None:
    error = training._lost(code)
    assert error.code == "CRASH" and text in str(error)


@pytest.mark.training
@pytest.mark.parametrize(("start", "silence", "said"), [(0.2, None, "0.2"), (300.0, 0.01, "0.01")])
def test_a_silent_child_is_stopped(
    caller: Caller,
    digits: SplitParts,
    parts: Parts,
    monkeypatch: pytest.MonkeyPatch,
    start: float,
    silence: float | None,
    said: str,
) -> None:
    """Loading TensorFlow takes longer than the first limit, the first epoch longer than the second."""
    monkeypatch.setattr(training, "START_SECONDS", start)
    answer = caller.call(make_task(make_spec(digits, number=60, epochs=LONG), parts, silence_limit=silence))
    assert answer["error_code"] == "TRAINING" and f"no sign of life for {said} s" in answer["error"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"prefix": "lab/x"}, "prefix must end with a slash"),
        ({"prefix": "../x/"}, "no name for an object"),
        ({"parts_sha256": "../../etc"}, "parts_sha256 must be 64 hex digits"),
        ({"version": 99}, "build the worker's image"),
        ({"silence_limit": 0.0}, "silence_limit must be above 0"),
        ({"extra": 1}, "extra"),
        ({"parts_size": "many"}, "parts_size"),
        (None, "RemoteInput"),
    ],
)
def test_bad_input_is_said_at_once(
    caller: Caller, digits: SplitParts, parts: Parts, change: dict[str, Any] | None, text: str
) -> None:
    data: Any = None if change is None else to_dict(make_task(make_spec(digits), parts)) | change
    answer = caller.call(data)
    assert answer["error_code"] == "BAD_INPUT" and text in answer["error"], answer


def test_a_wrong_secret_is_said_without_it(caller: Caller, digits: SplitParts, parts: Parts) -> None:
    storage = caller.surroundings.storage
    assert storage is not None
    caller.surroundings = replace(caller.surroundings, storage=replace(storage, secret_key="rps_WRONG"))
    answer = caller.call(make_task(make_spec(digits), parts))
    assert answer["error_code"] == "STORAGE" and "BUCKET_SECRET_ACCESS_KEY" in answer["error"]
    assert "rps_WRONG" not in json.dumps(answer)


def test_a_worker_without_a_bucket_says_so(caller: Caller, digits: SplitParts, parts: Parts) -> None:
    caller.surroundings = replace(caller.surroundings, storage=None)
    answer = caller.call(make_task(make_spec(digits), parts))
    assert answer["error_code"] == "STORAGE" and "knows no bucket" in answer["error"]


def test_storage_out_of_reach_may_be_tried_again(
    caller: Caller, digits: SplitParts, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.storage.faults import dead_url

    quick = StorageConfig(bucket="b", access_key="k", secret_key="s", endpoint_url=dead_url())
    caller.surroundings = replace(caller.surroundings, storage=quick)
    monkeypatch.setattr(
        "runpod_handler.delivery.ObjectStore", lambda c: ObjectStore(c, attempts=1, sleep=lambda _: None)
    )
    assert caller.call(make_task(make_spec(digits), parts))["error_code"] == "TRANSIENT"


def test_a_damaged_archive_of_rows_never_trains(
    caller: Caller, digits: SplitParts, parts: Parts, store: ObjectStore, tmp_path: Path
) -> None:
    key, size, _ = parts
    data = store.get_bytes(key) or b""
    flipped = data[: size // 2] + bytes([data[size // 2] ^ 1]) + data[size // 2 + 1 :]
    for number, broken in enumerate((flipped, data[:-100], None)):
        bad = f"lab/parts/bad{number}.zip"
        if broken is not None:
            store.put_bytes(bad, broken)
        answer = caller.call(make_task(make_spec(digits, number=70), parts, parts_key=bad))
        assert answer["error_code"] == "STORAGE" and bad in answer["error"]
    # vouched for by its SHA-256, but no rows of a split in it
    store.put_bytes("lab/parts/odd.zip", flipped)
    digest = hashlib.sha256(flipped).hexdigest()
    odd = make_task(
        make_spec(digits, number=70), parts, parts_key="lab/parts/odd.zip", parts_sha256=digest, parts_size=size
    )
    answer = caller.call(odd)
    assert answer["error_code"] == "BAD_INPUT" and "damaged" in answer["error"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("x")
    other_size, other_sha = pack(tmp_path / "other", tmp_path / "other.zip")
    store.put_file("lab/parts/other.zip", tmp_path / "other.zip")
    other = replace(odd, parts_key="lab/parts/other.zip", parts_sha256=other_sha, parts_size=other_size)
    assert "parts.json is missing" in caller.call(other)["error"]
    assert list((caller.surroundings.cache / "parts").iterdir()) == []
