"""Texts as Keras publishes them: .npz files with lists of word ranks, and a word index in JSON."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.arrays import Arrays
from core.datasets.text import INDEX_FROM, START
from core.errors import InvalidInputError

_ALLOWED_GLOBALS = {("numpy", "ndarray"), ("numpy", "dtype"), ("numpy._core.multiarray", "_reconstruct")}


class _ArrayUnpickler(pickle.Unpickler):
    """Rebuilds arrays and nothing else: a manipulated file from a mirror must not run code."""

    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core.", "numpy._core.")  # files written before NumPy 2
        if (module, name) not in _ALLOWED_GLOBALS:
            raise pickle.UnpicklingError(f"the file wants to load {module}.{name}, which no data set needs")
        return super().find_class(module, name)


def read_npz(path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an .npz file; arrays of lists are unpickled with arrays alone allowed."""
    with zipfile.ZipFile(path) as archive:
        return {name: _read_member(archive.read(f"{name}.npy")) for name in names}


def _read_member(content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    _shape, _order, dtype = read_header(stream)
    if dtype.hasobject:
        rows: NDArray[Any] = _ArrayUnpickler(stream).load()
        return rows
    stream.seek(0)
    plain: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return plain


def read_word_index(path: Path) -> dict[str, int]:
    """Read a word index: word -> rank, counted from 1."""
    index = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(index, dict) or not all(isinstance(rank, int) and rank >= 1 for rank in index.values()):
        raise InvalidInputError(f"{path.name} is not a word index (word -> rank, counted from 1)")
    return index


def pooled_texts(texts: Iterable[NDArray[Any]], labels: Iterable[NDArray[Any]], index: dict[str, int]) -> Arrays:
    """Concatenate lists of raw word ranks into canonical tokens: ranks shifted by 3, each row led by the start id.

    No vocabulary cut is made here; every trial makes its own when it prepares its rows.
    """
    rows: list[list[int]] = list(chain.from_iterable(texts))
    lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
    ranks = np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum()))
    if len(ranks) and (ranks.min() < 1 or ranks.max() > max(index.values(), default=0)):
        raise InvalidInputError(
            f"word ranks run from {ranks.min()} to {ranks.max()}, but the word index has {len(index)} words; "
            "texts and word index must come from the same place"
        )
    offsets = np.concatenate([[0], np.cumsum(lengths + 1)]).astype(np.int64)
    tokens = np.full(offsets[-1], START, np.int32)
    is_word = np.ones(len(tokens), np.bool_)
    is_word[offsets[:-1]] = False
    tokens[is_word] = ranks + INDEX_FROM
    y = np.concatenate(list(labels)).astype(np.int64)
    return Arrays(tokens=tokens, offsets=offsets, y=y, word_index=index)
