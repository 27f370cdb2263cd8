"""KMNIST: Japanese characters in the format of MNIST."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.datasets.arrays import Arrays
from core.datasets.entry import DatasetEntry, RemoteFile
from core.foreign import FOREIGN, ForeignEntry, ForeignUse
from core.foreign.idx import read_images, read_labels

_MIRROR = "kmnist/kmnist.npz"
_BASE = "http://codh.rois.ac.jp/kmnist/dataset/kmnist"
# sha256 as TensorFlow Datasets pins them
_IMAGES = RemoteFile(
    name="kmnist/t10k-images-idx3-ubyte.gz",
    url=f"{_BASE}/t10k-images-idx3-ubyte.gz",
    known_hash="edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
)
_LABELS = RemoteFile(
    name="kmnist/t10k-labels-idx1-ubyte.gz",
    url=f"{_BASE}/t10k-labels-idx1-ubyte.gz",
    known_hash="20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
)


def _read(files: Mapping[str, Path]) -> Arrays:
    if _MIRROR in files:
        with np.load(files[_MIRROR], allow_pickle=False) as stored:
            return Arrays(x=stored["x_test"][..., None], y=stored["y_test"].astype(np.int64))
    images, labels = (files[file.name].read_bytes() for file in (_IMAGES, _LABELS))
    return Arrays(x=read_images(images)[..., None].copy(), y=read_labels(labels))


_NOTHING = ForeignUse(
    correspondence="none", class_map=(None,) * 10, preprocessing="Taken as they are: same size and grey levels."
)

FOREIGN.register(
    "kmnist",
    ForeignEntry(
        name="kmnist",
        data=DatasetEntry(
            name="foreign-kmnist",
            label="KMNIST",
            kind="image",
            shape=(28, 28, 1),
            class_names=("お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を"),
            default_batch_size=128,
            scale=255.0,
            description="The test part of Kuzushiji-MNIST: 10,000 cursive Japanese characters in ten classes.",
            licence='CC BY-SA 4.0; "KMNIST Dataset" (created by CODH), adapted from "Kuzushiji Dataset" (created by '
            "NIJL and others), doi:10.20676/00000341",
            source="https://github.com/rois-codh/kmnist",
            files=(_IMAGES, _LABELS),
            mirror_files=(_MIRROR,),
            read=_read,
        ),
        uses={"mnist": _NOTHING, "fashion_mnist": _NOTHING},
        caveat="Its classes have nothing to do with those of the network: only a probe on the features is meaningful.",
    ),
)
