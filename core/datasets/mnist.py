"""MNIST and Fashion-MNIST: 70,000 grey images of 28 x 28 pixels in ten classes each."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets import DATASETS, Arrays, DatasetEntry, RemoteFile

_MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_FASHION_BASE = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141"
    "/data/fashion"
)
_CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_FASHION_IDX = {
    # sha256 as published for these files of the authors' repository (torchvision pins the same ones). Keras pins
    # no hash for its own copy of them, so that copy is not used.
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}


def _pooled(images: list[NDArray[np.uint8]], labels: list[NDArray[np.uint8]]) -> Arrays:
    x = np.concatenate(images).reshape(-1, 28, 28, 1).astype(np.uint8, copy=False)
    return Arrays(x=x, y=np.concatenate(labels).astype(np.int64))


def _read_npz(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as stored:
        return _pooled([stored["x_train"], stored["x_test"]], [stored["y_train"], stored["y_test"]])


def _read_idx(path: Path, header_bytes: int) -> NDArray[np.uint8]:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header_bytes)


def _read_mnist(files: Mapping[str, Path]) -> Arrays:
    return _read_npz(files["mnist/mnist.npz"])


def _read_fashion(files: Mapping[str, Path]) -> Arrays:
    if "fashion_mnist/fashion_mnist.npz" in files:
        return _read_npz(files["fashion_mnist/fashion_mnist.npz"])
    by_part = {name.removeprefix("fashion_mnist/"): path for name, path in files.items()}
    return _pooled(
        [_read_idx(by_part[f"{part}-images-idx3-ubyte.gz"], 16) for part in ("train", "t10k")],
        [_read_idx(by_part[f"{part}-labels-idx1-ubyte.gz"], 8) for part in ("train", "t10k")],
    )


DATASETS.register(
    "mnist",
    DatasetEntry(
        name="mnist",
        label="MNIST",
        kind="image",
        shape=(28, 28, 1),
        class_names=tuple("0123456789"),
        default_batch_size=128,
        scale=255.0,
        description="70,000 handwritten digits of 28×28 pixels, the classic first test of an image classifier. "
        "Small networks reach 99 %.",
        licence="CC BY-SA 3.0 (Y. LeCun and C. Cortes)",
        source="https://yann.lecun.com/exdb/mnist/",
        files=(
            RemoteFile(
                name="mnist/mnist.npz",
                url=_MNIST_URL,
                known_hash="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
        read=_read_mnist,
    ),
)

DATASETS.register(
    "fashion_mnist",
    DatasetEntry(
        name="fashion_mnist",
        label="Fashion-MNIST",
        kind="image",
        shape=(28, 28, 1),
        class_names=_CLOTHES,
        default_batch_size=128,
        scale=255.0,
        description="70,000 photographs of clothing of 28×28 pixels in ten classes. Laid out like MNIST, but "
        "distinctly harder.",
        licence="MIT (Zalando SE)",
        source="https://github.com/zalandoresearch/fashion-mnist",
        files=tuple(
            RemoteFile(name=f"fashion_mnist/{name}", url=f"{_FASHION_BASE}/{name}", known_hash=known_hash)
            for name, known_hash in _FASHION_IDX.items()
        ),
        mirror_files=("fashion_mnist/fashion_mnist.npz",),
        read=_read_fashion,
    ),
)
