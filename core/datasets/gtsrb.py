"""GTSRB: German traffic signs, cut from video; a track shows one sign in many frames."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets import DATASETS, Arrays, DatasetEntry, RemoteFile
from core.errors import InvalidInputError

_BASE = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370"
# The complete official training set. (GTSRB-Training_fixed.zip, which torchvision fetches, holds the 26,640 images of
# the first round of the competition only.) The publisher gives no hashes; several projects pin these md5.
_TRAINING, _TEST_IMAGES, _TEST_LABELS = (
    "gtsrb/GTSRB_Final_Training_Images.zip", "gtsrb/GTSRB_Final_Test_Images.zip", "gtsrb/GTSRB_Final_Test_GT.zip",
)  # fmt: skip
_MD5 = {
    _TRAINING: "f33fd80ac59bff73c82d25ab499e03a3",
    _TEST_IMAGES: "c7e4e6327067d32654124b0fe9e82185",
    _TEST_LABELS: "fe31e9c9270bbcd7b84b7f21a9d9d9e5",
}
_NPZ = "gtsrb/gtsrb.npz"
_FRAME = re.compile(r"(?:.*/)?(\d{5})/(\d{5})_(\d{5})\.ppm")  # class / track _ frame
_TEST_FOLDER = "GTSRB/Final_Test/Images"
_LABELS_FILE = "GT-final_test.csv"
_SIDE = 32  # pixels
_MOST_BYTES = 1 << 20  # of one unpacked frame; the largest official one has 250 x 250 pixels

SIGNS = (
    "Speed limit (20km/h)", "Speed limit (30km/h)", "Speed limit (50km/h)", "Speed limit (60km/h)",
    "Speed limit (70km/h)", "Speed limit (80km/h)", "End of speed limit (80km/h)", "Speed limit (100km/h)",
    "Speed limit (120km/h)", "No passing", "No passing for vehicles over 3.5 metric tons",
    "Right-of-way at the next intersection", "Priority road", "Yield", "Stop", "No vehicles",
    "Vehicles over 3.5 metric tons prohibited", "No entry", "General caution", "Dangerous curve to the left",
    "Dangerous curve to the right", "Double curve", "Bumpy road", "Slippery road", "Road narrows on the right",
    "Road work", "Traffic signals", "Pedestrians", "Children crossing", "Bicycles crossing", "Beware of ice/snow",
    "Wild animals crossing", "End of all speed and passing limits", "Turn right ahead", "Turn left ahead",
    "Ahead only", "Go straight or right", "Go straight or left", "Keep right", "Keep left", "Roundabout mandatory",
    "End of no passing", "End of no passing by vehicles over 3.5 metric tons",
)  # fmt: skip


def _frame(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[np.uint8]:
    """Return one frame as (32, 32, 3): the whole image, resized bilinearly."""
    from PIL import Image  # imported here: only reading the official archives needs it

    if member.file_size > _MOST_BYTES:
        raise InvalidInputError(f"{member.filename} holds {member.file_size} bytes; a frame holds less than 1 MB")
    try:
        with Image.open(io.BytesIO(archive.read(member)), formats=("PPM",)) as image:
            return np.asarray(image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR))
    except Image.DecompressionBombError as error:
        raise InvalidInputError(f"{member.filename} is no frame: {error}") from error


def _training_members(archive: zipfile.ZipFile) -> list[tuple[int, int, int, zipfile.ZipInfo]]:
    """Return class, track within the class, frame and member of every training image, in this order."""
    found = []
    for member in archive.infolist():
        match = _FRAME.fullmatch(member.filename)
        if match:
            label, track, frame = (int(group) for group in match.groups())
            found.append((label, track, frame, member))
    if not found:
        raise InvalidInputError("the training archive holds no frames named class/track_frame.ppm")
    return sorted(found, key=lambda row: row[:3])


def _test_labels(path: Path) -> dict[str, int]:
    """Return the class number of every test image by its file name."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(_LABELS_FILE).decode("utf-8")
    return {row["Filename"]: int(row["ClassId"]) for row in csv.DictReader(io.StringIO(text), delimiter=";")}


def _read_official(files: Mapping[str, Path]) -> Arrays:
    test = sorted(_test_labels(files[_TEST_LABELS]).items())
    with zipfile.ZipFile(files[_TRAINING]) as training, zipfile.ZipFile(files[_TEST_IMAGES]) as test_images:
        rows = _training_members(training)
        x = np.empty((len(rows) + len(test), _SIDE, _SIDE, 3), np.uint8)
        for number, (_label, _track, _number, member) in enumerate(rows):
            x[number] = _frame(training, member)
        for number, (name, _label) in enumerate(test, len(rows)):
            x[number] = _frame(test_images, test_images.getinfo(f"{_TEST_FOLDER}/{name}"))
    y = np.array([row[0] for row in rows] + [label for _name, label in test], np.int64)
    return Arrays(x=x, y=y, groups=_groups([row[:2] for row in rows], len(test)))


def _groups(tracks: list[tuple[int, int]], test: int) -> NDArray[np.int64]:
    """Number the tracks, then every test image by itself: the official test set does not tell its tracks."""
    _unique, number = np.unique(np.array(tracks, np.int64), axis=0, return_inverse=True)
    number = number.reshape(-1).astype(np.int64)
    return np.concatenate([number, number.max() + 1 + np.arange(test, dtype=np.int64)])


def _read_npz(path: Path) -> Arrays:
    """Read a copy that lost the names of its files, and with them the tracks."""
    with np.load(path, allow_pickle=False) as stored:
        y = np.concatenate([stored["y_train"], stored["y_test"]]).reshape(-1).astype(np.int64)
        return Arrays(x=np.concatenate([stored["x_train"], stored["x_test"]]), y=y)


def _read(files: Mapping[str, Path]) -> Arrays:
    if _NPZ in files:
        return _read_npz(files[_NPZ])
    try:
        return _read_official(files)
    except RuntimeError as error:  # zipfile's word for an encrypted member or an unknown compression
        raise InvalidInputError(f"a member of the archives cannot be unpacked ({error})") from error


DATASETS.register(
    "gtsrb",
    DatasetEntry(
        name="gtsrb",
        label="GTSRB traffic signs",
        kind="image",
        shape=(_SIDE, _SIDE, 3),
        class_names=SIGNS,
        default_batch_size=64,
        scale=255.0,
        description="German traffic signs in 43 classes of very unequal size, cut from video and resized to 32×32 "
        "pixels. A track shows one sign in 30 frames that look much alike; the official test images do not tell "
        "which of them belong to one track.",
        licence="none stated; its authors ask to be cited (Stallkamp et al., 2012)",
        source="https://benchmark.ini.rub.de/gtsrb_news.html",
        files=tuple(
            RemoteFile(name=name, url=f"{_BASE}/{Path(name).name}", known_hash=f"md5:{md5}")
            for name, md5 in _MD5.items()
        ),
        mirror_files=(_NPZ,),
        read=_read,
        group_noun="track",
    ),
)
