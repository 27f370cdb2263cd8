"""CIFAR-10 and CIFAR-100: small colour photographs; CIFAR-100 also by its twenty superclasses."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets import DATASETS, Arrays, DatasetEntry, RemoteFile
from core.errors import InvalidInputError

Reader = Callable[[Mapping[str, Path]], Arrays]

_HOME = "https://www.cs.toronto.edu/~kriz"
# The binary form of the official archives: plain records, so that nothing has to be unpickled. The sha256 are those
# that TensorFlow Datasets pins for the same files; their md5 are on the official page.
_ARCHIVE_10 = RemoteFile(
    name="cifar10/cifar-10-binary.tar.gz",
    url=f"{_HOME}/cifar-10-binary.tar.gz",
    known_hash="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)
_ARCHIVE_100 = RemoteFile(
    name="cifar100/cifar-100-binary.tar.gz",
    url=f"{_HOME}/cifar-100-binary.tar.gz",
    known_hash="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
)
_MEMBERS_10 = (
    *(f"cifar-10-batches-bin/data_batch_{n}.bin" for n in range(1, 6)),
    "cifar-10-batches-bin/test_batch.bin",
)
_MEMBERS_100 = ("cifar-100-binary/train.bin", "cifar-100-binary/test.bin")
_NPZ_10, _NPZ_100 = "cifar10/cifar10.npz", "cifar100/cifar100.npz"
_SHAPE = (32, 32, 3)
_PIXELS = 32 * 32 * 3
_BLOCK_RECORDS = 4096  # read at a time, which bounds the memory beside the result

OBJECTS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

FINE_CLASSES = (
    "apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish",
    "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn mower", "leopard", "lion",
    "lizard", "lobster", "man", "maple", "motorcycle", "mountain", "mouse", "mushroom", "oak", "orange", "orchid",
    "otter", "palm", "pear", "pickup truck", "pine", "plain", "plate", "poppy", "porcupine", "possum", "rabbit",
    "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail",
    "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow", "wolf",
    "woman", "worm",
)  # fmt: skip

SUPERCLASSES = (
    "aquatic mammals", "fish", "flowers", "food containers", "fruit and vegetables", "household electrical devices",
    "household furniture", "insects", "large carnivores", "large man-made outdoor things",
    "large natural outdoor scenes", "large omnivores and herbivores", "medium mammals", "non-insect invertebrates",
    "people", "reptiles", "small mammals", "trees", "vehicles 1", "vehicles 2",
)  # fmt: skip

# The superclass of every fine class: FINE_TO_COARSE[5] == 6 says that a bed is household furniture.
FINE_TO_COARSE = (
    4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11, 6, 11, 5, 10, 7, 6, 13, 15, 3, 15, 0, 11, 1, 10,
    12, 14, 16, 9, 11, 5, 5, 19, 8, 8, 15, 13, 14, 17, 18, 10, 16, 4, 17, 4, 2, 0, 17, 4, 18, 17, 10, 3, 2, 12, 12,
    16, 12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13, 15, 13, 16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8,
    14, 13,
)  # fmt: skip


def _read_records(path: Path, members: Sequence[str], label_bytes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images (N, 32, 32, 3) and label bytes (N, label_bytes) of the archive's members, in their order.

    A record is `label_bytes` labels, then the red, green and blue plane. Nothing is unpacked to the disk.
    """
    size = label_bytes + _PIXELS
    with tarfile.open(path, "r:gz") as archive:
        found = [archive.getmember(name) for name in members]
        for member in found:
            if member.size == 0 or member.size % size:
                raise InvalidInputError(
                    f"{member.name} holds {member.size} bytes, but must hold whole records of {size} bytes"
                )
        starts = np.concatenate([[0], np.cumsum([member.size // size for member in found])])
        x = np.empty((int(starts[-1]), *_SHAPE), np.uint8)
        labels = np.empty((len(x), label_bytes), np.uint8)
        # By place in the archive: going back in it means to unpack it from its beginning.
        for member, first in sorted(zip(found, starts, strict=False), key=lambda pair: pair[0].offset_data):
            stream = archive.extractfile(member)
            if stream is None:
                raise InvalidInputError(f"{member.name} is not a regular file in the archive")
            last = int(first) + member.size // size
            for start in range(int(first), last, _BLOCK_RECORDS):
                end = min(start + _BLOCK_RECORDS, last)
                block = np.frombuffer(stream.read((end - start) * size), np.uint8).reshape(end - start, size)
                labels[start:end] = block[:, :label_bytes]
                x[start:end] = block[:, label_bytes:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return x, labels


def _read_archive(path: Path, members: Sequence[str], label_bytes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    try:
        return _read_records(path, members, label_bytes)
    except tarfile.TarError as error:
        raise InvalidInputError(f"it is not an intact .tar.gz archive ({error})") from error


def _read_npz(path: Path, labels: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images and the labels called `labels` ("", "_coarse") of a copy in Keras's layout."""
    with np.load(path, allow_pickle=False) as stored:
        x = np.concatenate([stored["x_train"], stored["x_test"]])
        return x, np.concatenate([stored[f"y_train{labels}"], stored[f"y_test{labels}"]])


def _arrays(x: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Arrays:
    return Arrays(x=x, y=labels.reshape(-1).astype(np.int64))


def _read_10(files: Mapping[str, Path]) -> Arrays:
    if _NPZ_10 in files:
        return _arrays(*_read_npz(files[_NPZ_10], ""))
    return _arrays(*_read_archive(files[_ARCHIVE_10.name], _MEMBERS_10, label_bytes=1))


def _read_100(files: Mapping[str, Path], *, coarse: bool) -> Arrays:
    if _NPZ_100 in files:
        return _arrays(*_read_npz(files[_NPZ_100], "_coarse" if coarse else ""))
    x, labels = _read_archive(files[_ARCHIVE_100.name], _MEMBERS_100, label_bytes=2)  # superclass, then class
    expected = np.array([*FINE_TO_COARSE, *[-1] * (256 - len(FINE_TO_COARSE))])[labels[:, 1]]
    if not np.array_equal(labels[:, 0], expected):
        raise InvalidInputError("classes and superclasses of its records do not belong together as in CIFAR-100")
    return _arrays(x, labels[:, 0] if coarse else labels[:, 1])


def _read_fine(files: Mapping[str, Path]) -> Arrays:
    return _read_100(files, coarse=False)


def _read_coarse(files: Mapping[str, Path]) -> Arrays:
    return _read_100(files, coarse=True)


def _entry(
    name: str, label: str, class_names: tuple[str, ...], description: str, archive: RemoteFile, npz: str, read: Reader
) -> DatasetEntry:
    return DatasetEntry(
        name=name,
        label=label,
        kind="image",
        shape=_SHAPE,
        class_names=class_names,
        default_batch_size=64,
        scale=255.0,
        description=description,
        licence="none stated; its author asks to be cited (A. Krizhevsky, 2009)",
        source=f"{_HOME}/cifar.html",
        files=(archive,),
        mirror_files=(npz,),
        read=read,
    )


DATASETS.register(
    "cifar10",
    _entry(
        "cifar10",
        "CIFAR-10",
        OBJECTS,
        "Colour photographs of animals and vehicles, 32×32 pixels, in ten classes. Much harder than MNIST: small "
        "networks reach 70 to 80 % on the full set.",
        _ARCHIVE_10,
        _NPZ_10,
        _read_10,
    ),
)

DATASETS.register(
    "cifar100",
    _entry(
        "cifar100",
        "CIFAR-100",
        FINE_CLASSES,
        "Colour photographs of 32×32 pixels in a hundred classes, few of each. Hard: small networks reach 30 to 50 % "
        "on the full set.",
        _ARCHIVE_100,
        _NPZ_100,
        _read_fine,
    ),
)

DATASETS.register(
    "cifar100_coarse",
    _entry(
        "cifar100_coarse",
        "CIFAR-100 superclasses",
        SUPERCLASSES,
        "The photographs of CIFAR-100 by its twenty superclasses, each of five classes that may look quite unlike "
        "one another.",
        _ARCHIVE_100,
        _NPZ_100,
        _read_coarse,
    ),
)
