"""EMNIST digits: handwritten digits that are not in MNIST, prepared like it from the same source."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.arrays import Arrays
from core.datasets.entry import DatasetEntry, RemoteFile
from core.foreign import FOREIGN, ForeignEntry, ForeignUse
from core.foreign.idx import read_images, read_labels

_MIRROR = "emnist_digits/emnist_digits.npz"
_ARCHIVE = RemoteFile(
    name="emnist_digits/gzip.zip",
    url="https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
    known_hash="fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",  # as TensorFlow Datasets pins it
)
_MEMBER = "gzip/emnist-digits-test-{part}-ubyte.gz"


def _read(files: Mapping[str, Path]) -> Arrays:
    if _MIRROR in files:
        with np.load(files[_MIRROR], allow_pickle=False) as stored:
            return _arrays(stored["x_test"], stored["y_test"].astype(np.int64))
    with zipfile.ZipFile(files[_ARCHIVE.name]) as archive:
        images = read_images(archive.read(_MEMBER.format(part="images-idx3")))
        labels = read_labels(archive.read(_MEMBER.format(part="labels-idx1")))
    return _arrays(images.transpose(0, 2, 1), labels)  # the official files hold rows and columns swapped


def _arrays(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Arrays:
    return Arrays(x=np.ascontiguousarray(images)[..., None], y=labels)


FOREIGN.register(
    "emnist_digits",
    ForeignEntry(
        name="emnist_digits",
        data=DatasetEntry(
            name="foreign-emnist_digits",
            label="EMNIST digits",
            kind="image",
            shape=(28, 28, 1),
            class_names=tuple("0123456789"),
            default_batch_size=128,
            scale=255.0,
            description="The test part of EMNIST's digits: 40,000 in the official file, 600 in the copy of the mirror.",
            licence="none stated; its authors ask to be cited (Cohen et al., 2017)",
            source="https://www.nist.gov/itl/products-and-services/emnist-dataset",
            files=(_ARCHIVE,),
            mirror_files=(_MIRROR,),
            read=_read,
        ),
        uses={
            "mnist": ForeignUse(
                correspondence="same",
                class_map=tuple(range(10)),
                preprocessing="Turned upright as MNIST's digits (the official file is transposed); size and grey "
                "levels are the same.",
            ),
            "digits": ForeignUse(
                correspondence="same",
                class_map=tuple(range(10)),
                margin=2,
                preprocessing="Turned upright; the empty frame of 2 pixels is cut off, since digits of 8×8 pixels fill "
                "their image; the 24×24 pixels are averaged to 8×8, in grey levels from 0 to 16.",
            ),
        },
        download_mb=536,
        caveat="EMNIST and MNIST both stem from NIST's Special Database 19: to networks of MNIST this is a near "
        "neighbour rather than an independent collection.",
    ),
)
