"""GTSRB: the official archives, rebuilt in small from real rows, and the copy without tracks."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.config import Settings
from core.datasets import DATASETS, DatasetEntry
from core.datasets.cache import prepare, prepare_entry
from core.datasets.gtsrb import SIGNS
from core.datasets.split import first_occurrences, prepare_split, read_indices, split_remarks, units
from core.errors import DataUnavailableError
from tests.datasets.conftest import FileServer
from tests.datasets.test_split import check_parts

FRAMES, TRACKS, CLASSES, TEST = 3, 10, 4, 12
TRAINING, IMAGES, LABELS = (file.name for file in DATASETS["gtsrb"].files)


@dataclass(frozen=True)
class Official:
    """Three archives in the official layout, and the arrays that they hold."""

    archives: dict[str, bytes]
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    groups: NDArray[np.int64]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write the archives where a mirror has them and return their paths by name."""
        for name, content in self.archives.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return {name: folder / name for name in self.archives}


def _ppm(image: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PPM")
    return stream.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture(scope="module")
def stored(mirror: Path) -> dict[str, NDArray[np.uint8]]:
    with np.load(mirror / "gtsrb/gtsrb.npz") as found:
        return dict(found)


@pytest.fixture(scope="module")
def official(stored: dict[str, NDArray[np.uint8]]) -> Official:
    """Tracks of three real images; the members stand in another order than the rows that they become."""
    training: dict[str, bytes] = {"GTSRB/Readme-Images.txt": b"about the images"}
    rows: list[tuple[NDArray[np.uint8], int]] = []
    for label in range(CLASSES):
        images = stored["x_train"][stored["y_train"] == label][: TRACKS * FRAMES]
        folder = f"GTSRB/Final_Training/Images/{label:05d}"
        training[f"{folder}/GT-{label:05d}.csv"] = b"Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"
        for at, image in enumerate(images):
            training[f"{folder}/{at // FRAMES:05d}_{at % FRAMES:05d}.ppm"] = _ppm(image)
            rows.append((image, label))
    groups = np.repeat(np.arange(CLASSES * TRACKS), FRAMES)
    lines, images = ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"], {}
    for number in range(TEST):
        image, label = stored["x_test"][number], int(stored["y_test"][number])
        lines.insert(1, f"{number:05d}.ppm;32;32;3;3;29;29;{label}")  # the file's order does not matter either
        images[f"GTSRB/Final_Test/Images/{number:05d}.ppm"] = _ppm(image)
        rows.append((image, label))
    archives = {
        TRAINING: _zip(dict(reversed(training.items()))),
        IMAGES: _zip({"GTSRB/Final_Test/Images/GT-final_test.test.csv": b"no classes here"} | images),
        LABELS: _zip({"GT-final_test.csv": "\r\n".join(lines).encode()}),
    }
    return Official(
        archives=archives,
        x=np.stack([image for image, _label in rows]),
        y=np.array([label for _image, label in rows]),
        groups=np.concatenate([groups, len(groups) // FRAMES + np.arange(TEST)]),
    )


def _served(official: Official, server: FileServer) -> DatasetEntry:
    """The data set with these archives as its official files."""
    files = []
    for file in DATASETS["gtsrb"].files:
        content = official.archives[file.name]
        server.files[f"/{Path(file.name).name}"] = content
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        files.append(replace(file, url=f"{server.url}/{Path(file.name).name}", known_hash=f"md5:{md5}"))
    return replace(DATASETS["gtsrb"], files=tuple(files))


def test_official_archives_are_read_exactly(official: Official, tmp_path: Path) -> None:
    entry = DATASETS["gtsrb"]
    arrays = entry.check(entry.read(official.write(tmp_path)))
    assert arrays.x is not None and np.array_equal(arrays.x, official.x)
    assert np.array_equal(arrays.y, official.y)
    assert arrays.groups is not None and np.array_equal(arrays.groups, official.groups)


def test_download_keeps_tracks_together(official: Official, server: FileServer, settings: Settings) -> None:
    """From the server to the split: the tracks reach the cache, and no part shares one with another."""
    dataset = prepare_entry(_served(official, server), settings)
    arrays = dataset.arrays()
    assert dataset.origin == "download" and len(server.asked) == 3
    assert arrays.x is not None and np.array_equal(arrays.x, official.x)
    assert arrays.groups is not None and np.array_equal(arrays.groups, official.groups)
    split = prepare_split(dataset, 3, settings)
    _, indices = read_indices(split.indices_path)
    first = first_occurrences(arrays)
    check_parts(arrays.y, first, units(first, arrays.groups), indices)
    tracks = [set(official.groups[rows].tolist()) for rows in indices.values()]
    assert sum(len(own) for own in tracks) == len(np.unique(official.groups)) == split.groups
    assert "known to show the same track are in one part" in split_remarks(dataset.entry, split)[0]


def test_larger_images_are_resized_as_a_whole(official: Official, tmp_path: Path) -> None:
    """Left half black, right half white: still so at 32 x 32, with nothing cut off; grey files become colour."""
    wide = np.zeros((40, 128, 3), np.uint8)
    wide[:, 64:] = 255
    grey = np.full((15, 20), 77, np.uint8)
    members = {"Training/00001/00000_00000.ppm": _ppm(wide), "Training/00001/00000_00001.ppm": _ppm(grey)}
    paths = official.write(tmp_path)
    paths[TRAINING].write_bytes(_zip(members))
    x = DATASETS["gtsrb"].read(paths).x
    assert x is not None and x.shape == (2 + TEST, 32, 32, 3)
    assert (x[0, :, :15] == 0).all() and (x[0, :, 17:] == 255).all()
    assert (np.diff(x[0, 5, 14:18, 0].astype(int)) >= 0).all() and 0 < x[0, 5, 16, 0] <= 255
    assert (x[1] == 77).all()
    real = Image.fromarray(np.repeat(np.repeat(official.x[0], 3, 0), 2, 1))
    paths[TRAINING].write_bytes(_zip({"Training/00001/00000_00000.ppm": _ppm(np.asarray(real))}))
    again = DATASETS["gtsrb"].read(paths).x
    assert again is not None and np.array_equal(again[0], np.asarray(real.resize((32, 32), Image.Resampling.BILINEAR)))


def test_the_same_number_in_two_classes_is_two_tracks(official: Official, tmp_path: Path) -> None:
    paths = official.write(tmp_path)
    names = ["00002/00007_00001", "00002/00007_00000", "00001/00007_00000", "00001/00003_00002"]
    paths[TRAINING].write_bytes(_zip({f"Training/{name}.ppm": _ppm(official.x[0]) for name in names}))
    arrays = DATASETS["gtsrb"].read(paths)
    assert arrays.groups is not None and arrays.groups.tolist() == [0, 1, 2, 2, *range(3, 3 + TEST)]
    assert arrays.y[:4].tolist() == [1, 1, 2, 2]


def test_class_names_are_those_of_the_reference(mirror: Path) -> None:
    assert list(SIGNS) == json.loads((mirror / "gtsrb/gtsrb_label_names.json").read_text())


def test_the_copy_has_no_tracks_and_says_so(stored: dict[str, NDArray[np.uint8]], mirror: Path, lab: Settings) -> None:
    dataset = prepare("gtsrb", lab)
    arrays = dataset.arrays()
    assert arrays.x is not None and arrays.groups is None
    train = len(stored["y_train"])
    assert np.array_equal(arrays.x[:train], stored["x_train"]) and np.array_equal(arrays.y[train:], stored["y_test"])
    split = prepare_split(dataset, 7, lab)
    remarks = split_remarks(dataset.entry, split)
    assert split.groups is None and "this copy does not say which" in remarks[0] and "track" in remarks[0]


@pytest.mark.parametrize(
    "damage", ["cut off", "no archive", "no frames", "damaged frame", "other format", "missing image", "no labels",
               "not a number", "unknown class", "huge frame", "huge header"],
)  # fmt: skip
def test_damaged_archives_are_named(damage: str, official: Official, settings: Settings, tmp_path: Path) -> None:
    good, frame = official.archives, "Training/00001/00000_00000.ppm"
    png = io.BytesIO()
    Image.fromarray(official.x[0]).save(png, format="PNG")
    header = b"Filename;ClassId\n"
    changed = {
        "cut off": {TRAINING: good[TRAINING][: len(good[TRAINING]) // 2]},
        "no archive": {IMAGES: b"<html>not found</html>"},
        "no frames": {TRAINING: _zip({"Training/readme.txt": b"nothing"})},
        "damaged frame": {TRAINING: _zip({frame: _ppm(official.x[0])[:-500]})},
        "other format": {TRAINING: _zip({frame: png.getvalue()})},
        "missing image": {LABELS: _zip({"GT-final_test.csv": header + b"99999.ppm;1"})},
        "no labels": {LABELS: _zip({"GT-final_test.csv": b"Filename;Width\n00000.ppm;32"})},
        "not a number": {LABELS: _zip({"GT-final_test.csv": header + b"00000.ppm;stop"})},
        "unknown class": {LABELS: _zip({"GT-final_test.csv": header + b"00000.ppm;43"})},
        "huge frame": {TRAINING: _zip({frame: b"P6 1000 1000 255\n" + bytes(3_000_000)})},
        "huge header": {TRAINING: _zip({frame: b"P6 90000 90000 255\n" + bytes(1000)})},
    }
    replace(official, archives=good | changed[damage]).write(tmp_path / "mirror")
    with pytest.raises(DataUnavailableError, match=r"GTSRB_Final_Training_Images\.zip.*replace the file"):
        prepare_entry(DATASETS["gtsrb"], replace(settings, dataset_mirror=tmp_path / "mirror"))
    assert not (settings.data_dir / "gtsrb/arrays").exists()
