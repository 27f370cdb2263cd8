"""Photographs of Tiny-ImageNet that show what seven of CIFAR-10's ten classes show."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from core.datasets.arrays import Arrays
from core.datasets.cifar import OBJECTS
from core.datasets.entry import DatasetEntry, RemoteFile
from core.errors import InvalidInputError
from core.foreign import FOREIGN, ForeignEntry, ForeignUse

_MIRROR = "tiny_imagenet_overlap/tiny_imagenet_overlap.npz"
_ARCHIVE = RemoteFile(
    name="tiny_imagenet_overlap/tiny-imagenet-200.zip",
    url="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
    known_hash="md5:90528d7ca1a48142e341f4ef8d21d0de",
)
_FOLDER = "tiny-imagenet-200/val"
# Our choice: a gondola counts as a ship and a moving van as a truck; buses, tractors and a gazelle are left out.
_SYNSETS = {
    "automobile": ("n02814533", "n03100240", "n03670208", "n04285008"),
    "bird": ("n01855672", "n02002724", "n02056570", "n02058221"),
    "cat": ("n02123045", "n02123394", "n02124075"),
    "dog": ("n02085620", "n02094433", "n02099601", "n02099712", "n02106662", "n02113799"),
    "frog": ("n01641577", "n01644900"),
    "ship": ("n03662601", "n03447447"),
    "truck": ("n03796401",),
}
CLASSES = tuple(_SYNSETS)


def _read(files: Mapping[str, Path]) -> Arrays:
    if _MIRROR in files:
        with np.load(files[_MIRROR], allow_pickle=False) as stored:
            images, numbers = stored["x_test"], stored["y_test"]
        if not set(np.unique(numbers).tolist()) <= {OBJECTS.index(name) for name in CLASSES}:
            raise InvalidInputError(f"labels {np.unique(numbers)} are not those of the overlapping classes")
        return Arrays(x=images, y=np.array([CLASSES.index(OBJECTS[number]) for number in numbers], np.int64))
    return _read_archive(files[_ARCHIVE.name])


def _read_archive(path: Path) -> Arrays:
    class_of = {synset: number for number, name in enumerate(CLASSES) for synset in _SYNSETS[name]}
    images, labels = [], []
    with zipfile.ZipFile(path) as archive:
        for line in archive.read(f"{_FOLDER}/val_annotations.txt").decode().splitlines():
            name, synset = line.split("\t")[:2]
            if synset in class_of:
                picture = Image.open(io.BytesIO(archive.read(f"{_FOLDER}/images/{name}")))
                images.append(np.asarray(picture.convert("RGB"), np.uint8))  # some are stored in grey
                labels.append(class_of[synset])
    return Arrays(x=np.stack(images), y=np.array(labels, np.int64))


FOREIGN.register(
    "tiny_imagenet",
    ForeignEntry(
        name="tiny_imagenet",
        data=DatasetEntry(
            name="foreign-tiny_imagenet",
            label="Tiny-ImageNet, seven classes",
            kind="image",
            shape=(64, 64, 3),
            class_names=CLASSES,
            default_batch_size=64,
            scale=255.0,
            description="Validation photographs of 22 of Tiny-ImageNet's classes: 1,100 in the official archive, 410 "
            "in the copy of the mirror.",
            licence="ImageNet terms: non-commercial research only",
            source="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
            files=(_ARCHIVE,),
            mirror_files=(_MIRROR,),
            read=_read,
        ),
        uses={
            "cifar10": ForeignUse(
                correspondence="subset",
                class_map=tuple(OBJECTS.index(name) for name in CLASSES),
                preprocessing="Reduced from 64×64 to 32×32 pixels by averaging; the network's probabilities are "
                "restricted to the seven classes.",
            )
        },
        download_mb=237,
        caveat="Airplane, deer and horse have no counterpart, so seven of the ten classes are tried. Which of "
        "Tiny-ImageNet's classes count as which is our choice.",
    ),
)
