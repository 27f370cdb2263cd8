"""The network path, against a server on this machine: good bytes, wrong bytes, no answer."""

from __future__ import annotations

import hashlib
import io
import shutil
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import Settings
from core.datasets import DATASETS, Arrays, DatasetEntry, RemoteFile
from core.datasets.cache import prepare, prepare_entry
from core.errors import DataUnavailableError
from tests.datasets.conftest import FileServer


def _read(files: Mapping[str, Path]) -> Arrays:
    with np.load(files["copy/digits.npz"]) as stored:
        return Arrays(x=stored["x"], y=stored["y"])


@pytest.fixture
def entry(server: FileServer, lab: Settings) -> DatasetEntry:
    """The digits as a data set that has to be downloaded."""
    arrays, stream = prepare("digits", lab).arrays(), io.BytesIO()
    np.savez(stream, **arrays.fields())
    server.files["/digits.npz"] = stream.getvalue()
    known_hash = hashlib.sha256(stream.getvalue()).hexdigest()
    file = RemoteFile(name="copy/digits.npz", url=f"{server.url}/digits.npz", known_hash=known_hash)
    return replace(DATASETS["digits"], name="copy", files=(file,), read=_read)


def test_download_checks_reports_and_caches(entry: DatasetEntry, server: FileServer, settings: Settings) -> None:
    seen: list[tuple[int, int, str]] = []
    dataset = prepare_entry(entry, settings, lambda done, total, name: seen.append((done, total, name)))
    size = len(server.files["/digits.npz"])
    assert dataset.origin == "download" and dataset.rows == 1797
    assert seen[-1] == (size, size, "copy/digits.npz") and all(done <= total for done, total, _ in seen)
    assert not (settings.data_dir / "copy/downloads").exists()
    assert prepare_entry(entry, settings) == dataset
    assert server.asked == ["/digits.npz"]  # the second call did not ask again


def test_wrong_bytes_are_refused_and_not_kept(entry: DatasetEntry, server: FileServer, settings: Settings) -> None:
    good = server.files["/digits.npz"]
    server.files["/digits.npz"] = good[:-1] + b"x"
    with pytest.raises(DataUnavailableError, match="pinned hash") as caught:
        prepare_entry(entry, settings)
    assert entry.files[0].url in str(caught.value) and "MHL_DATASET_MIRROR" in str(caught.value)
    assert [path for path in (settings.data_dir / "copy").rglob("*") if path.name.endswith(".npz")] == []
    server.files["/digits.npz"] = good
    assert prepare_entry(entry, settings).rows == 1797


def test_missing_network_is_one_clear_error(entry: DatasetEntry, settings: Settings, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/digits.npz"
    offline = replace(entry, files=(replace(entry.files[0], url=url),))
    with pytest.raises(DataUnavailableError) as caught:
        prepare_entry(offline, replace(settings, dataset_mirror=tmp_path / "mirror"))
    message = str(caught.value)
    place = str(tmp_path / "mirror/copy/digits.npz")
    for part in ("copy/digits.npz", url, place, f"MHL_DATASET_MIRROR={tmp_path / 'mirror'}"):
        assert part in message
    with pytest.raises(DataUnavailableError, match="no mirror is set"):
        prepare_entry(offline, settings)


def test_an_answer_that_is_not_found_is_reported(entry: DatasetEntry, server: FileServer, settings: Settings) -> None:
    server.files.clear()
    with pytest.raises(DataUnavailableError, match="HTTPError"):
        prepare_entry(entry, settings)


def test_a_mirror_goes_before_the_network(
    entry: DatasetEntry, server: FileServer, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "mirror/copy").mkdir(parents=True)
    (tmp_path / "mirror/copy/digits.npz").write_bytes(server.files["/digits.npz"])
    dataset = prepare_entry(entry, replace(settings, dataset_mirror=tmp_path / "mirror"))
    assert dataset.origin == "mirror" and server.asked == []
    elsewhere = replace(settings, data_dir=tmp_path / "other")
    assert prepare_entry(entry, elsewhere).content_hash == dataset.content_hash  # the place does not change the data


def test_tokens_and_word_index_never_come_from_two_places(
    mirror: Path, server: FileServer, settings: Settings, tmp_path: Path
) -> None:
    """A mirror with the texts but without their index is not completed from the network."""
    files = []
    for file in DATASETS["reuters"].files:
        content = (mirror / file.name).read_bytes()
        url = "/" + Path(file.name).name
        server.files[url] = content
        known_hash = hashlib.sha256(content).hexdigest()
        files.append(RemoteFile(name=file.name, url=server.url + url, known_hash=known_hash))
    (tmp_path / "half/reuters").mkdir(parents=True)
    shutil.copy(mirror / "reuters/reuters.npz", tmp_path / "half/reuters/reuters.npz")
    entry = replace(DATASETS["reuters"], files=tuple(files))
    dataset = prepare_entry(entry, replace(settings, dataset_mirror=tmp_path / "half"))
    assert dataset.origin == "download"
    assert server.asked == ["/reuters.npz", "/reuters_word_index.json"]
