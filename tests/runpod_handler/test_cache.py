"""Rows are fetched once, however many workers want them, and old ones make room."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core.datasets.parts import open_parts
from core.datasets.split import SplitParts
from core.errors import LabError
from core.object_store import ObjectStore
from core.remote_job import RemoteInput
from runpod_handler import cache
from tests.runpod_handler.conftest import make_spec, make_task

Parts = tuple[str, int, str]


@pytest.fixture
def task(digits: SplitParts, parts: Parts) -> RemoteInput:
    return make_task(make_spec(digits), parts)


def counted(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    fetched: list[str] = []
    download = store.download

    def spy(key: str, *rest: Any) -> None:
        fetched.append(key)
        time.sleep(0.1)
        download(key, *rest)

    monkeypatch.setattr(store, "download", spy)
    return fetched


def fetch_together(store: ObjectStore, task: RemoteInput, folder: Path) -> list[Path]:
    found: list[Path] = []
    workers = [threading.Thread(target=lambda: found.append(cache.fetch_parts(store, task, folder))) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def test_workers_that_race_fetch_once(
    store: ObjectStore, task: RemoteInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = counted(store, monkeypatch)
    found = fetch_together(store, task, tmp_path)
    assert len(found) == 6 and len(set(found)) == 1 and fetched == [task.parts_key]
    assert len(open_parts(found[0]).train) > 1000
    assert [path.name for path in (tmp_path / "parts").iterdir()] == [task.parts_sha256]


def test_a_disk_without_locks_works_too(
    store: ObjectStore, task: RemoteInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(cache.fcntl, "flock", refuse)
    fetched = counted(store, monkeypatch)
    found = fetch_together(store, task, tmp_path)
    assert len(found) == 6 and len(set(found)) == 1 and len(fetched) > 1
    assert [path.name for path in (tmp_path / "parts").iterdir()] == [task.parts_sha256]


def test_only_what_is_old_and_unused_goes(store: ObjectStore, task: RemoteInput, tmp_path: Path) -> None:
    now, day = time.time(), 86_400.0
    ages = {f"split{number}": number * day for number in range(12)} | {"new-dead": 2 * day, "new-busy": 60.0}
    for name, age in ages.items():
        (tmp_path / "parts" / name).mkdir(parents=True)
        os.utime(tmp_path / "parts" / name, (now - age,) * 2)
    cache.fetch_parts(store, task, tmp_path)
    kept = {path.name for path in (tmp_path / "parts").iterdir()}
    assert kept == {f"split{number}" for number in range(8)} | {"new-busy", task.parts_sha256}


def test_a_full_or_closed_disk_is_named(store: ObjectStore, task: RemoteInput, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(LabError, match="cannot write to the cache"):
        cache.fetch_parts(store, task, tmp_path / "cache")
