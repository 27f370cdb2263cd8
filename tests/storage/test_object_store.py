"""Objects against a real S3 server: what arrives, what is sent, and what is said when it fails."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core import object_store, storage_errors
from core.errors import InvalidInputError, LabError
from core.object_store import ObjectStore, StorageConfig, StorageError
from tests.storage.faults import AnsweringServer, CuttingProxy, dead_url
from tests.storage.rclone import ACCESS_KEY, SECRET_KEY, RcloneServer

# What RunPod's S3 API offers; anything else would fail there only.
RUNPOD = {
    "PutObject", "GetObject", "HeadObject", "DeleteObject", "ListObjectsV2", "HeadBucket", "CreateMultipartUpload",
    "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload",
}  # fmt: skip


def spy(store: ObjectStore) -> tuple[set[str], list[dict[str, str]]]:
    """Collect the names of all operations and the headers of all requests from now on."""
    names: set[str] = set()
    headers: list[dict[str, str]] = []

    def called(model: Any, **_: object) -> None:
        names.add(model.name)

    def sent(request: Any, **_: object) -> None:
        headers.append({key.lower(): str(value) for key, value in request.headers.items()})

    store._client.meta.events.register("before-call.s3", called)
    store._client.meta.events.register("before-send.s3", sent)
    return names, headers


def write(path: Path, size: int) -> tuple[bytes, str]:
    data = os.urandom(size)
    path.write_bytes(data)
    return data, hashlib.sha256(data).hexdigest()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def use_everything(store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Call every method, with a large and a small file; return the operations that were used."""
    names, headers = spy(store)
    monkeypatch.setattr(object_store, "_MULTIPART_THRESHOLD", 6 * 2**20)
    monkeypatch.setattr(object_store, "_PART", 5 * 2**20)
    data, digest = write(tmp_path / "large", 11 * 2**20)
    small, _ = write(tmp_path / "small", 1000)
    store.put_file("runs/a/large.bin", tmp_path / "large")
    store.put_file("runs/a/small.bin", tmp_path / "small")
    store.put_bytes("runs/b/note.json", b"{}")
    assert store.size("runs/a/large.bin") == len(data) and store.size("runs/a/none") is None
    assert store.get_bytes("runs/a/small.bin") == small and store.get_bytes("runs/none") is None
    store.download("runs/a/large.bin", tmp_path / "back" / "large", len(data), digest)
    assert (tmp_path / "back" / "large").read_bytes() == data
    assert names_in(tmp_path / "back") == ["large"]
    assert [(one.key, one.size) for one in store.list("runs/a/")] == [
        ("runs/a/large.bin", len(data)),
        ("runs/a/small.bin", 1000),
    ]
    for one in store.list("runs/"):
        store.delete(one.key)
    store.delete("runs/a/large.bin")  # again: fine
    assert store.list("runs/") == ()
    assert headers and not any("aws-chunked" in h.get("content-encoding", "") for h in headers)
    assert not any(key.startswith(("x-amz-checksum", "x-amz-trailer")) for h in headers for key in h)
    return names


def test_only_operations_of_runpods_list_are_used(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = use_everything(store, tmp_path, monkeypatch)
    assert names <= RUNPOD
    assert names >= {"PutObject", "GetObject", "HeadObject", "DeleteObject", "ListObjectsV2", "CompleteMultipartUpload"}


def test_the_spy_sees_an_operation_that_runpod_lacks(store: ObjectStore) -> None:
    names, _ = spy(store)
    store._client.delete_objects(Bucket=store.config.bucket, Delete={"Objects": [{"Key": "x"}]})
    assert names - RUNPOD == {"DeleteObjects"}


def test_https_without_trailers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = RcloneServer(tmp_path, tls=True)
    try:
        store = ObjectStore(server.config)
        assert use_everything(store, tmp_path, monkeypatch) <= RUNPOD
        stranger = ObjectStore(replace(server.config, ca_bundle=None), attempts=1)
        with pytest.raises(StorageError, match="certificate of https://127") as caught:
            stranger.size("x")
        assert not caught.value.transient
    finally:
        server.close()


def test_the_client_is_set_up_as_runpod_needs_it(store: ObjectStore) -> None:
    config = store._client.meta.config
    assert config.request_checksum_calculation == config.response_checksum_validation == "when_required"
    assert config.s3["addressing_style"] == "path" and config.signature_version == "s3v4"
    assert config.region_name == "EU-RO-1" and config.retries["mode"] == "standard"


def test_check_leaves_nothing_behind(store: ObjectStore, rclone: RcloneServer) -> None:
    store.check()
    assert not [name for name in names_in(rclone.root) if "check" in name]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"access_key": "user_WRONG"}, "does not know the access key; set BUCKET_ACCESS_KEY_ID"),
        ({"secret_key": "rps_WRONG"}, "secret key does not fit the access key; set BUCKET_SECRET_ACCESS_KEY"),
        ({"bucket": "elsewhere"}, "has no bucket 'elsewhere'; set BUCKET_NAME"),
    ],
)
def test_wrong_settings_are_named(rclone: RcloneServer, change: dict[str, str], text: str) -> None:
    store = ObjectStore(replace(rclone.config, **change))
    for attempt in (store.check, lambda: store.put_bytes("x/y", b"1")):
        with pytest.raises(StorageError, match=text) as caught:
            attempt()
        assert not caught.value.transient
        assert "rps_" not in str(caught.value) and "user_" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_wrong_key_is_an_error_for_every_method(rclone: RcloneServer, tmp_path: Path) -> None:
    store = ObjectStore(replace(rclone.config, secret_key="rps_WRONG"))
    write(tmp_path / "file", 10)
    calls = [
        lambda: store.size("a"),
        lambda: store.get_bytes("a"),
        lambda: store.list("a"),
        lambda: store.delete("a"),
        lambda: store.put_file("a", tmp_path / "file"),
        lambda: store.download("a", tmp_path / "b", 10, "0" * 64),
    ]
    for call in calls:
        with pytest.raises(StorageError, match="BUCKET_SECRET_ACCESS_KEY"):
            call()
    assert not (tmp_path / "b").exists()


def test_a_wrong_clock_is_named(rclone: RcloneServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    late = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=5)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: late)
    monkeypatch.setattr(storage_errors, "_now", lambda: time.time() - 5 * 3600)
    with pytest.raises(StorageError, match="clock of this machine") as caught:
        ObjectStore(rclone.config, attempts=1).put_bytes("x", b"1")
    assert not caught.value.transient


@pytest.fixture
def answering() -> Iterator[Any]:
    made = []

    def start(status: int, code: str) -> tuple[AnsweringServer, ObjectStore]:
        made.append(AnsweringServer(lambda *_: (status, code)))
        config = StorageConfig(bucket="b", access_key="k", secret_key="s", endpoint_url=made[-1].url, region="r")
        return made[-1], ObjectStore(config, attempts=2, sleep=lambda _: None)

    yield start
    for server in made:
        server.close()


@pytest.mark.parametrize(
    ("status", "code", "text", "transient"),
    [
        (507, "InsufficientStorage", "no room left", False),
        (507, "", "no room left", False),
        (403, "AccessDenied", "refuses these keys", False),
        (400, "AuthorizationHeaderMalformed", "another region than 'r'", False),
        (403, "RequestTimeTooSkewed", "clock of this machine", False),
        (502, "", "may pass: try again", True),
        (524, "", "may pass: try again", True),
        (503, "SlowDown", "may pass: try again", True),
        (418, "Teapot", "answered Teapot .HTTP 418.; check", False),
    ],
)
def test_answers_are_translated(answering: Any, status: int, code: str, text: str, transient: bool) -> None:
    server, store = answering(status, code)
    with pytest.raises(StorageError, match=text) as caught:
        store.put_bytes("x", b"1")
    assert caught.value.transient is transient
    assert server.count[0] == (2 if status in (502, 503) else 1)


def test_nobody_listens() -> None:
    config = StorageConfig(bucket="b", access_key="k", secret_key="s", endpoint_url=dead_url())
    started = time.monotonic()
    with pytest.raises(StorageError, match="no connection to http://127") as caught:
        ObjectStore(config, sleep=lambda _: None).check()
    assert caught.value.transient and time.monotonic() - started < 5


def test_a_cut_download_goes_on_where_it_ended(rclone: RcloneServer, store: ObjectStore, tmp_path: Path) -> None:
    data, digest = write(tmp_path / "file", 5_000_000)
    store.put_file("cut/file", tmp_path / "file")
    proxy = CuttingProxy(rclone.port, [2_000_000, 700, 1_500_000])
    try:
        pauses: list[float] = []
        through = ObjectStore(replace(rclone.config, endpoint_url=proxy.url), attempts=1, sleep=pauses.append)
        through.download("cut/file", tmp_path / "back", len(data), digest)
    finally:
        proxy.close()
    assert (tmp_path / "back").read_bytes() == data and not (tmp_path / "back.part").exists()
    starts = [int(h.lower().partition("range: bytes=")[2].split("-")[0] or 0) for h in proxy.requests]
    assert len(starts) == 4 and starts == sorted(starts) and starts[1] > 1_000_000 and starts[3] > 2_400_000
    assert pauses == [1.0, 1.0, 1.0] or pauses == [1.0, 2.0, 1.0]


def test_a_download_that_never_comes_gives_up(rclone: RcloneServer, store: ObjectStore, tmp_path: Path) -> None:
    data, digest = write(tmp_path / "file", 100_000)
    store.put_file("never/file", tmp_path / "file")
    proxy = CuttingProxy(rclone.port, [10] * 50)
    try:
        through = ObjectStore(replace(rclone.config, endpoint_url=proxy.url), attempts=1, sleep=lambda _: None)
        with pytest.raises(StorageError, match="broke") as caught:
            through.download("never/file", tmp_path / "back", len(data), digest)
    finally:
        proxy.close()
    assert caught.value.transient and not (tmp_path / "back").exists() and len(proxy.requests) < 10


def test_what_an_earlier_call_left_is_used_or_dropped(store: ObjectStore, tmp_path: Path) -> None:
    data, digest = write(tmp_path / "file", 300_000)
    store.put_file("left/file", tmp_path / "file")
    for left in (data[:100_000], os.urandom(100_000), data + b"more", data):
        (tmp_path / "back.part").write_bytes(left)
        store.download("left/file", tmp_path / "back", len(data), digest)
        assert (tmp_path / "back").read_bytes() == data
        (tmp_path / "back").unlink()


@pytest.mark.parametrize("stored", [b"x" * 999, b"x" * 1001, b"y" * 1000, b"", None])
def test_a_damaged_object_never_arrives(stored: bytes | None, store: ObjectStore, tmp_path: Path) -> None:
    if stored is None:
        store.delete("damaged")
    else:
        store.put_bytes("damaged", stored)
    with pytest.raises(StorageError, match=r"is not in the bucket|bytes instead of 1,000|another SHA-256") as caught:
        store.download("damaged", tmp_path / "back", 1000, hashlib.sha256(b"x" * 1000).hexdigest())
    assert not caught.value.transient and names_in(tmp_path) == []


def test_an_empty_object_can_be_fetched(store: ObjectStore, tmp_path: Path) -> None:
    store.put_bytes("empty", b"")
    store.download("empty", tmp_path / "empty", 0, hashlib.sha256(b"").hexdigest())
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_small_object_that_is_large_is_not_read(store: ObjectStore) -> None:
    store.put_bytes("large", b"1" * 2000)
    assert store.get_bytes("large", limit=2000) == b"1" * 2000
    with pytest.raises(StorageError, match="2,000 bytes, expected are at most 1,999"):
        store.get_bytes("large", limit=1999)


def test_a_disk_that_refuses_is_named(store: ObjectStore, tmp_path: Path) -> None:
    store.put_bytes("disk", b"1")
    (tmp_path / "blocked").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot write to"):
        store.download("disk", tmp_path / "blocked" / "file", 1, hashlib.sha256(b"1").hexdigest())


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a#b", "a\\b", "a\nb", "./a"])
def test_keys_are_clean_paths(store: ObjectStore, key: str) -> None:
    with pytest.raises(InvalidInputError, match="no name for an object"):
        store.put_bytes(key, b"1")


def test_a_large_upload_whose_end_was_not_heard_counts(
    rclone: RcloneServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CompleteMultipartUpload may succeed although a proxy answers 524."""
    from botocore.exceptions import ClientError

    monkeypatch.setattr(object_store, "_MULTIPART_THRESHOLD", 6 * 2**20)
    store = ObjectStore(rclone.config, attempts=1)
    data, digest = write(tmp_path / "large", 7 * 2**20)
    complete = store._client.upload_file
    answer = {"Error": {"Code": "524"}, "ResponseMetadata": {"HTTPStatusCode": 524}}

    def done_but_unheard(*args: Any, **kwargs: Any) -> None:
        complete(*args, **kwargs)
        raise ClientError(answer, "CompleteMultipartUpload")

    def not_done(*_: Any, **__: Any) -> None:
        raise ClientError(answer, "CompleteMultipartUpload")

    monkeypatch.setattr(store._client, "upload_file", not_done)
    with pytest.raises(StorageError, match="524"):
        store.put_file("unheard", tmp_path / "large")
    monkeypatch.setattr(store._client, "upload_file", done_but_unheard)
    store.put_file("unheard", tmp_path / "large")
    store.download("unheard", tmp_path / "back", len(data), digest)
    monkeypatch.setattr(store._client, "upload_file", not_done)
    with pytest.raises(StorageError, match="524"):  # what lies there is of the first upload
        store.put_file("unheard", tmp_path / "large")


def test_settings_from_the_environment(rclone: RcloneServer) -> None:
    assert StorageConfig.from_environment(rclone.environ) == rclone.config
    assert StorageConfig.from_environment({"BUCKET_ENDPOINT_URL": "https://x"}) is None
    with pytest.raises(InvalidInputError, match="set BUCKET_SECRET_ACCESS_KEY too"):
        StorageConfig.from_environment({"BUCKET_NAME": "b", "BUCKET_ACCESS_KEY_ID": "k"})
    runpod = {"BUCKET_NAME": "b", "BUCKET_ACCESS_KEY_ID": "k", "BUCKET_SECRET_ACCESS_KEY": "s"}
    runpod["BUCKET_ENDPOINT_URL"] = "https://s3api-eu-ro-1.runpod.io/"
    found = StorageConfig.from_environment(runpod)
    assert found is not None and found.region == "EU-RO-1"
    for name, value in (("BUCKET_ENDPOINT_URL", "ftp://x"), ("BUCKET_ADDRESSING_STYLE", "odd"), ("BUCKET_NAME", "a/b")):
        with pytest.raises(InvalidInputError):
            StorageConfig.from_environment(runpod | {name: value})


def test_no_secret_in_any_text(rclone: RcloneServer) -> None:
    assert SECRET_KEY not in repr(rclone.config) and ACCESS_KEY not in repr(rclone.config)
    assert issubclass(StorageError, LabError)


def test_importing_it_loads_no_boto3() -> None:
    code = "import core.object_store, sys; sys.exit(any(m in sys.modules for m in ('boto3', 'botocore', 'urllib3')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
