"""Sources made from real data: the digits that ship with scikit-learn as PNG files, handwritten reviews as tables."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.datasets import DATASETS

Files = list[tuple[str, bytes]]
_REVIEWS = (
    "The {} made me laugh out loud; I would see it again.", "A warm, clever {} with a wonderful cast.",
    "What a waste of time! This {} is dull from start to end.", "I left the {} early, bored and annoyed.",
)  # fmt: skip
_THINGS = (
    "film", "story", "comedy", "second half", "ending", "sequel", "remake", "play", "show", "first hour", "series",
    "documentary", "thriller", "musical", "cartoon",
)  # fmt: skip


@cache
def digit_rows() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All digits as 8-bit grey images (1797, 8, 8), and their classes."""
    arrays = DATASETS["digits"].read({})
    assert arrays.x is not None
    return (arrays.x[:, :, :, 0].astype(np.int64) * 255 // 16).astype(np.uint8), arrays.y


def encoded(pixels: NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    """An image file of the pixels."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def digit_files(each: int = 12, classes: int = 3, prefix: str = "") -> Files:
    """The first digits of each class: (`prefix`0/5.png, content)."""
    images, y = digit_rows()
    rows = [int(row) for label in range(classes) for row in np.flatnonzero(y == label)[:each]]
    return [(f"{prefix}{y[row]}/{row}.png", encoded(images[row])) for row in rows]


def zipped(path: Path, files: Files) -> Path:
    """A ZIP file of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def unpacked(folder: Path, files: Files) -> Path:
    """A folder of these files."""
    for name, content in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def reviews() -> list[tuple[str, str]]:
    """Sixty different sentences with what they say."""
    return [(text.format(thing), ("good", "bad")[at // 2]) for thing in _THINGS for at, text in enumerate(_REVIEWS)]


def csv_of(path: Path, rows: list[tuple[str, ...]], head: str = "text,label", mark: bytes = b"") -> Path:
    """A CSV file with every cell quoted."""
    lines = [head, *(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)]
    path.write_bytes(mark + "\n".join(lines).encode())
    return path
