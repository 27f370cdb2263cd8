"""CIFAR: the official binary archives, rebuilt in small from real rows, and the copies in Keras's layout."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare, prepare_entry
from core.datasets.cifar import FINE_CLASSES, FINE_TO_COARSE, SUPERCLASSES
from core.errors import DataUnavailableError
from tests.datasets.conftest import FileServer

Stored = dict[str, NDArray[np.uint8]]
ROWS = 20  # of each member
MEMBERS = {
    "cifar10": [*(f"cifar-10-batches-bin/data_batch_{n}.bin" for n in (1, 2, 3, 4, 5)),
                "cifar-10-batches-bin/test_batch.bin"],
    "cifar100": ["cifar-100-binary/train.bin", "cifar-100-binary/test.bin"],
}  # fmt: skip


def _stored(mirror: Path, name: str) -> Stored:
    with np.load(mirror / name / f"{name}.npz") as stored:
        return dict(stored)


def _expected(stored: Stored, name: str, suffix: str = "") -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    train = ROWS * (len(MEMBERS[name]) - 1)
    x = np.concatenate([stored["x_train"][:train], stored["x_test"][:ROWS]])
    return x, np.concatenate([stored[f"y_train{suffix}"][:train, 0], stored[f"y_test{suffix}"][:ROWS, 0]])


def _records(stored: Stored, name: str) -> dict[str, bytes]:
    """The content of every official member: label bytes, then the planes of red, green and blue."""
    x, fine = _expected(stored, name)
    labels = [fine] if name == "cifar10" else [_expected(stored, name, "_coarse")[1], fine]
    rows = [bytes(int(own[row]) for own in labels) + x[row].transpose(2, 0, 1).tobytes() for row in range(len(x))]
    return {member: b"".join(rows[at * ROWS : (at + 1) * ROWS]) for at, member in enumerate(MEMBERS[name])}


def _archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def _mirror_of(folder: Path, name: str, content: bytes) -> Path:
    """Write an official archive where a mirror has it, and return the mirror."""
    path = folder / DATASETS[name].files[0].name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("name", "suffix"), [("cifar10", ""), ("cifar100", ""), ("cifar100_coarse", "_coarse")]
)  # fmt: skip
def test_official_archives_are_read_exactly(name: str, suffix: str, mirror: Path, tmp_path: Path) -> None:
    family = name.removesuffix("_coarse")
    stored = _stored(mirror, family)
    members = _records(stored, family)
    shuffled = dict(reversed(members.items())) | {"cifar/readme.html": b"a file that nobody asked for"}
    (tmp_path / "archive.tar.gz").write_bytes(_archive(shuffled))  # the order in the archive does not matter
    entry = DATASETS[name]
    arrays = entry.check(entry.read({entry.files[0].name: tmp_path / "archive.tar.gz"}))
    x, y = _expected(stored, family, suffix)
    assert arrays.x is not None and np.array_equal(arrays.x, x)
    assert np.array_equal(arrays.y, y) and arrays.groups is None


def test_records_beyond_one_block_are_read(mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.datasets.cifar._BLOCK_RECORDS", 7)
    stored = _stored(mirror, "cifar10")
    (tmp_path / "archive.tar.gz").write_bytes(_archive(_records(stored, "cifar10")))
    arrays = DATASETS["cifar10"].read({"cifar10/cifar-10-binary.tar.gz": tmp_path / "archive.tar.gz"})
    assert arrays.x is not None and np.array_equal(arrays.x, _expected(stored, "cifar10")[0])


def test_a_downloaded_archive_becomes_the_cache(mirror: Path, server: FileServer, settings: Settings) -> None:
    stored = _stored(mirror, "cifar100")
    content = _archive(_records(stored, "cifar100"))
    server.files["/cifar.tar.gz"] = content
    official = DATASETS["cifar100"].files[0]
    file = replace(official, url=f"{server.url}/cifar.tar.gz", known_hash=hashlib.sha256(content).hexdigest())
    dataset = prepare_entry(replace(DATASETS["cifar100"], files=(file,)), settings)
    x, y = _expected(stored, "cifar100")
    assert dataset.origin == "download" and server.asked == ["/cifar.tar.gz"]
    assert np.array_equal(dataset.arrays().x, x) and np.array_equal(dataset.labels(), y)  # type: ignore[arg-type]


def test_superclasses_are_the_real_ones(mirror: Path) -> None:
    stored, names = _stored(mirror, "cifar100"), json.loads((mirror / "cifar100/cifar100_label_names.json").read_text())
    assert tuple(name.replace("_", " ") for name in names["fine"]) == FINE_CLASSES
    assert tuple(name.replace("_", " ") for name in names["coarse"]) == SUPERCLASSES
    for part in ("train", "test"):
        fine, coarse = stored[f"y_{part}"][:, 0], stored[f"y_{part}_coarse"][:, 0]
        assert set(fine.tolist()) == set(range(100))
        assert np.array_equal(np.array(FINE_TO_COARSE)[fine], coarse)
    assert np.bincount(FINE_TO_COARSE).tolist() == [5] * 20


def test_both_labellings_show_the_same_photographs(mirror: Path, lab: Settings) -> None:
    fine, coarse = prepare("cifar100", lab), prepare("cifar100_coarse", lab)
    assert np.array_equal(fine.arrays().x, coarse.arrays().x)  # type: ignore[arg-type]
    assert np.array_equal(np.array(FINE_TO_COARSE)[fine.labels()], coarse.labels())
    assert coarse.class_counts == (250,) * 20


def test_the_copy_of_cifar10_starts_with_the_known_labels(mirror: Path, lab: Settings) -> None:
    stored, dataset = _stored(mirror, "cifar10"), prepare("cifar10", lab)
    assert dataset.rows == 6000 and dataset.class_counts == (600,) * 10
    assert np.array_equal(dataset.labels()[:5000], stored["y_train"][:, 0])
    assert np.array_equal(dataset.arrays().x[5000:], stored["x_test"])  # type: ignore[index]


@pytest.mark.parametrize("damage", ["cut off", "no archive", "half a record", "a member less", "a folder", "too few"])
def test_damaged_archives_are_named(damage: str, mirror: Path, settings: Settings, tmp_path: Path) -> None:
    members = _records(_stored(mirror, "cifar10"), "cifar10")
    last = MEMBERS["cifar10"][-1]
    if damage == "half a record":
        members[last] = members[last][:-1000]
    elif damage == "too few":
        members[last] = b""
    elif damage == "a member less":
        del members[last]
    content = _archive(members)
    if damage == "cut off":
        content = content[: len(content) // 2]
    elif damage == "no archive":
        content = b"<html>not found</html>"
    elif damage == "a folder":
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name in members:
                info = tarfile.TarInfo(name)
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
        content = stream.getvalue()
    folder = _mirror_of(tmp_path / "mirror", "cifar10", content)
    with pytest.raises(DataUnavailableError, match=r"cifar-10-binary\.tar\.gz: .*replace the file"):
        prepare_entry(DATASETS["cifar10"], replace(settings, dataset_mirror=folder))
    assert not (settings.data_dir / "cifar10/arrays").exists()


@pytest.mark.parametrize(("position", "value"), [(0, 0), (1, 200)])
def test_records_of_another_data_set_are_refused(
    position: int, value: int, mirror: Path, settings: Settings, tmp_path: Path
) -> None:
    """Class and superclass must fit, so that no other layout of 3,074 bytes passes for CIFAR-100."""
    members = _records(_stored(mirror, "cifar100"), "cifar100")
    first = bytearray(members["cifar-100-binary/train.bin"])
    assert first[position] != value
    first[position] = value
    members["cifar-100-binary/train.bin"] = bytes(first)
    folder = _mirror_of(tmp_path / "mirror", "cifar100", _archive(members))
    with pytest.raises(DataUnavailableError, match="do not belong together"):
        prepare_entry(DATASETS["cifar100"], replace(settings, dataset_mirror=folder))


def test_an_unknown_class_is_refused(mirror: Path, settings: Settings, tmp_path: Path) -> None:
    members = _records(_stored(mirror, "cifar10"), "cifar10")
    last = MEMBERS["cifar10"][-1]
    members[last] = bytes([10]) + members[last][1:]
    folder = _mirror_of(tmp_path / "mirror", "cifar10", _archive(members))
    with pytest.raises(DataUnavailableError, match="labels from 0 to 9"):
        prepare_entry(DATASETS["cifar10"], replace(settings, dataset_mirror=folder))
