"""IMDB: film reviews, positive or negative."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.datasets import DATASETS, Arrays, DatasetEntry, RemoteFile
from core.datasets.ragged import pooled_texts, read_npz, read_word_index

_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"


def _read(files: Mapping[str, Path]) -> Arrays:
    stored = read_npz(files["imdb/imdb.npz"], ("x_train", "y_train", "x_test", "y_test"))
    index = read_word_index(files["imdb/imdb_word_index.json"])
    return pooled_texts([stored["x_train"], stored["x_test"]], [stored["y_train"], stored["y_test"]], index)


DATASETS.register(
    "imdb",
    DatasetEntry(
        name="imdb",
        label="IMDB reviews",
        kind="text",
        shape=(),
        class_names=("negative", "positive"),
        default_batch_size=64,
        scale=1.0,
        description="50,000 film reviews, half of them positive; half have more than 176 words. "
        "The classic test of a sentiment classifier.",
        licence="none stated; its authors ask to be cited (Maas et al., 2011)",
        source="https://ai.stanford.edu/~amaas/data/sentiment/",
        files=(
            RemoteFile(
                name="imdb/imdb.npz",
                url=f"{_BASE}/imdb.npz",
                known_hash="69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
            ),
            RemoteFile(
                name="imdb/imdb_word_index.json",
                url=f"{_BASE}/imdb_word_index.json",
                known_hash="md5:bfafd718b763782e994055a2d397834f",  # Keras pins no sha256 of this file
            ),
        ),
        read=_read,
        vocabulary=88_584,
        default_sequence_length=200,
    ),
)
