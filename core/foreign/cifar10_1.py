"""CIFAR-10.1: new photographs for CIFAR-10's classes, collected by its recipe years later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.datasets.arrays import Arrays
from core.datasets.cifar import OBJECTS
from core.datasets.entry import DatasetEntry, RemoteFile
from core.foreign import FOREIGN, ForeignEntry, ForeignUse

_BASE = "https://github.com/modestyachts/CIFAR-10.1/raw/master/datasets"
# sha256 as TensorFlow Datasets pins them
_IMAGES = RemoteFile(
    name="cifar10_1/cifar10.1_v6_data.npy",
    url=f"{_BASE}/cifar10.1_v6_data.npy",
    known_hash="2997188e5816f5bd545dc77771b6227828c28146049fcecf3fa10775474cacc6",
)
_LABELS = RemoteFile(
    name="cifar10_1/cifar10.1_v6_labels.npy",
    url=f"{_BASE}/cifar10.1_v6_labels.npy",
    known_hash="ae40beda001693674edc94d925ee8268cfe68905f8f9aff800c8dcdfcd6c9448",
)


def _read(files: Mapping[str, Path]) -> Arrays:
    images, labels = (np.load(files[file.name], allow_pickle=False) for file in (_IMAGES, _LABELS))
    return Arrays(x=images, y=labels.astype(np.int64))


FOREIGN.register(
    "cifar10_1",
    ForeignEntry(
        name="cifar10_1",
        data=DatasetEntry(
            name="foreign-cifar10_1",
            label="CIFAR-10.1",
            kind="image",
            shape=(32, 32, 3),
            class_names=OBJECTS,
            default_batch_size=64,
            scale=255.0,
            description="Version 6: 2,000 photographs, 200 per class, chosen like CIFAR-10's own test set.",
            licence="MIT for the collection; the images are from Tiny Images (Recht et al., 2018)",
            source="https://github.com/modestyachts/CIFAR-10.1",
            files=(_IMAGES, _LABELS),
            read=_read,
        ),
        uses={
            "cifar10": ForeignUse(
                correspondence="same",
                class_map=tuple(range(10)),
                preprocessing="Taken as they are: same size and colours.",
            )
        },
        caveat="Networks lose 3 to 15 points on it (Recht et al., 2018), the less, the better they are on CIFAR-10: "
        "compare what is lost beyond that. With 2,000 images an accuracy near 78 % is known to 1.8 points only.",
    ),
)
