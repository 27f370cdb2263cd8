"""The arrays of a data set in their one canonical form: saving, memory-mapping, hashing, taking rows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInputError

_DTYPES = {"x": np.uint8, "tokens": np.int32, "offsets": np.int64, "y": np.int64, "groups": np.int64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Rows of one data set: images `x` (N, H, W, C) uint8, or texts as flat `tokens` int32 with `offsets` (N + 1).

    Row i of a text is `tokens[offsets[i]:offsets[i + 1]]`. `y` (N,) int64 holds class numbers. `word_index` is
    the raw index (word -> rank, without the shift of 3) that belongs to the tokens. `groups` (N,) int64, where there
    is one, numbers what rows show together (frames of one traffic sign): a split keeps a group in one part.
    """

    y: NDArray[np.int64]
    x: NDArray[np.uint8] | None = None
    tokens: NDArray[np.int32] | None = None
    offsets: NDArray[np.int64] | None = None
    word_index: dict[str, int] | None = None
    groups: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        rows = len(self.y)
        for name, array in self.fields().items():
            if array.dtype != _DTYPES[name]:
                raise InvalidInputError(f"array {name} must be {np.dtype(_DTYPES[name])}, got {array.dtype}")
        if self.x is not None and len(self.x) != rows:
            raise InvalidInputError(f"{len(self.x)} images do not fit {rows} labels")
        if self.groups is not None and len(self.groups) != rows:
            raise InvalidInputError(f"{len(self.groups)} group numbers do not fit {rows} labels")
        if self.offsets is not None and self.tokens is not None:
            spans = len(self.offsets) == rows + 1 and self.offsets[0] == 0 and self.offsets[-1] == len(self.tokens)
            if not spans:
                raise InvalidInputError(f"text offsets do not span {len(self.tokens)} tokens in {rows} rows")
        if (self.x is None) == (self.tokens is None or self.offsets is None):
            raise InvalidInputError("a data set holds either images (x) or texts (tokens and offsets)")

    def __len__(self) -> int:
        return len(self.y)

    def fields(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays that are there, by field name in a fixed order."""
        named = {"x": self.x, "tokens": self.tokens, "offsets": self.offsets, "y": self.y, "groups": self.groups}
        return {name: array for name, array in named.items() if array is not None}

    def take(self, rows: NDArray[np.int64]) -> Arrays:
        """Return the given rows, in that order, as contiguous arrays in memory (without word index and groups)."""
        if self.x is not None:
            return Arrays(x=self.x[rows], y=self.y[rows])
        assert self.tokens is not None and self.offsets is not None  # by __post_init__
        starts, ends = self.offsets[rows], self.offsets[rows + 1]
        offsets = np.concatenate([[0], np.cumsum(ends - starts)]).astype(np.int64)
        # Position of each token in the source: its place in the result, moved by how far its row moved.
        positions = np.repeat(starts - offsets[:-1], ends - starts) + np.arange(offsets[-1])
        return Arrays(tokens=self.tokens[positions], offsets=offsets, y=self.y[rows])

    def row_digests(self) -> list[bytes]:
        """Return one 16-byte digest per row of its content (the label does not count)."""
        if self.x is not None:
            rows = np.ascontiguousarray(self.x).reshape(len(self), -1)
            return [hashlib.blake2b(row.data, digest_size=16).digest() for row in rows]
        assert self.tokens is not None and self.offsets is not None
        flat = np.ascontiguousarray(self.tokens).view(np.uint8).data
        ends = [int(offset) * self.tokens.itemsize for offset in self.offsets]
        return [hashlib.blake2b(flat[start:end], digest_size=16).digest() for start, end in pairwise(ends)]

    def content_hash(self) -> str:
        """Return the sha256 (hex) of all arrays with their shapes, and of the word index if there is one."""
        digest = hashlib.sha256()
        for name, array in self.fields().items():
            digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
            digest.update(np.ascontiguousarray(array).data)
        if self.word_index is not None:
            digest.update(json.dumps(self.word_index, sort_keys=True).encode())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write one contiguous .npy file per array (and word_index.json) into the existing `folder`."""
        for name, array in self.fields().items():
            np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        if self.word_index is not None:
            (folder / "word_index.json").write_text(json.dumps(self.word_index), encoding="utf-8")


def open_arrays(folder: Path, kind: str) -> Arrays:
    """Memory-map what `Arrays.save` wrote; nothing but the headers is read.

    Raises OSError or ValueError when a file is missing, truncated or does not fit the others.
    """
    y = _open(folder, "y")
    groups = _open(folder, "groups") if (folder / "groups.npy").exists() else None
    if kind == "image":
        return Arrays(y=y, x=_open(folder, "x"), groups=groups)
    return Arrays(y=y, tokens=_open(folder, "tokens"), offsets=_open(folder, "offsets"), groups=groups)


def _open(folder: Path, name: str) -> NDArray[Any]:
    # open_memmap refuses a file that is shorter than its header says, which finds truncated files at no cost.
    return np.lib.format.open_memmap(folder / f"{name}.npy", mode="r")
