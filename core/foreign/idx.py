"""The idx files in which MNIST and its relatives are published."""

from __future__ import annotations

import gzip

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInputError

_IMAGES, _LABELS = b"\0\0\x08\x03", b"\0\0\x08\x01"  # unsigned bytes in three dimensions, and in one


def read_images(compressed: bytes) -> NDArray[np.uint8]:
    """Return the images (N, H, W) of a gzipped idx file. Raises InvalidInputError for another kind of file."""
    content = gzip.decompress(compressed)
    shape = tuple(int(side) for side in np.frombuffer(content, ">u4", count=3, offset=4)) if len(content) > 16 else ()
    if content[:4] != _IMAGES or len(content) != 16 + int(np.prod(shape)):
        raise InvalidInputError("not an idx file of images, or cut off")
    return np.frombuffer(content, np.uint8, offset=16).reshape(shape)


def read_labels(compressed: bytes) -> NDArray[np.int64]:
    """Return the labels (N,) of a gzipped idx file. Raises InvalidInputError for another kind of file."""
    content = gzip.decompress(compressed)
    if content[:4] != _LABELS or len(content) != 8 + int.from_bytes(content[4:8], "big"):
        raise InvalidInputError("not an idx file of labels, or cut off")
    return np.frombuffer(content, np.uint8, offset=8).astype(np.int64)
