"""Token ids, words and padding; Keras itself is the reference."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.text import WordIndex, pad
from core.errors import InvalidInputError

# Runs in a child: importing Keras takes seconds and must not happen in this process.
_KERAS = """
import sys
import numpy as np
import keras
from keras.src.datasets import reuters
reuters.get_file = lambda *args, **kwargs: sys.argv[1]
(x_train, y_train), (x_test, y_test) = reuters.load_data(num_words=1000)
x, y = [*x_train, *x_test], np.concatenate([y_train, y_test])
padded = [keras.utils.pad_sequences(x, maxlen=n, padding="post", truncating="pre") for n in (1, 90, 3000)]
np.savez(sys.argv[2], *padded, y=y)
"""


def test_pad_and_cache_agree_with_keras(mirror: Path, lab: Settings, tmp_path: Path) -> None:
    out = tmp_path / "keras.npz"
    environ = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", _KERAS, str(mirror / "reuters/reuters.npz"), str(out)]
    subprocess.run(command, check=True, env=environ, timeout=120)
    arrays = prepare("reuters", lab).arrays()
    assert arrays.tokens is not None and arrays.offsets is not None
    order = np.arange(len(arrays))
    np.random.RandomState(113).shuffle(order)
    with np.load(out) as keras:
        assert np.array_equal(arrays.y[order], keras["y"])
        for number, length in enumerate((1, 90, 3000)):
            ours = pad(arrays.tokens, arrays.offsets, order, 1000, length)
            assert ours.dtype == np.int32 and np.array_equal(ours, keras[f"arr_{number}"])


TOKENS = np.array([1, 9, 5, 1, 1, 4, 6, 7, 8], np.int32)
OFFSETS = np.array([0, 3, 4, 9, 9], np.int64)


def test_pad_takes_slices_and_row_numbers() -> None:
    whole = pad(TOKENS, OFFSETS, slice(None), 9, 3)
    assert whole.tolist() == [[1, 2, 5], [1, 0, 0], [6, 7, 8], [0, 0, 0]]
    assert np.array_equal(pad(TOKENS, OFFSETS, slice(1, 3), 9, 3), whole[1:3])
    assert np.array_equal(pad(TOKENS, OFFSETS, np.array([2, 0, 2]), 9, 3), whole[[2, 0, 2]])
    assert pad(TOKENS, OFFSETS, slice(0, 0), 9, 3).shape == (0, 3)


def test_pad_refuses_senseless_sizes() -> None:
    for vocabulary, length in ((2, 5), (10, 0)):
        with pytest.raises(InvalidInputError, match="sequence_length 1 or more"):
            pad(TOKENS, OFFSETS, slice(None), vocabulary, length)


def test_words_survive_encoding_and_decoding(mirror: Path, lab: Settings) -> None:
    index = prepare("reuters", lab).word_index()
    assert index.encode("The price OF oil, rose").tolist()[0] == 1
    assert index.decode(index.encode("The price OF oil, rose!")) == "the price of oil rose"
    assert index.decode(index.encode("of qwertzuiop oil")) == "of [?] oil"
    assert index.encode("").tolist() == [1]


def test_word_index_is_shifted_by_three() -> None:
    assert WordIndex.from_ranks({"the": 1}).ids == {"the": 4}
