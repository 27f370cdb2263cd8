"""Reuters: newswires by topic; few classes are frequent, many are rare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.datasets import DATASETS, Arrays, DatasetEntry, RemoteFile
from core.datasets.ragged import pooled_texts, read_npz, read_word_index

_BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_TOPICS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar",
    "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp",
    "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel",
    "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip


def _read(files: Mapping[str, Path]) -> Arrays:
    # The published file is one pool that Keras cuts at load time, so its own order is the pooled order.
    stored = read_npz(files["reuters/reuters.npz"], ("x", "y"))
    return pooled_texts([stored["x"]], [stored["y"]], read_word_index(files["reuters/reuters_word_index.json"]))


DATASETS.register(
    "reuters",
    DatasetEntry(
        name="reuters",
        label="Reuters newswires",
        kind="text",
        shape=(),
        class_names=_TOPICS,
        default_batch_size=64,
        scale=1.0,
        description="11,228 newswires of 1987 in 46 topics. Very uneven: two topics hold more than half of the rows, "
        "some only ten to twenty.",
        licence="for research only (Reuters-21578, D. Lewis)",
        source="https://archive.ics.uci.edu/dataset/137/reuters+21578+text+categorization+collection",
        files=(
            RemoteFile(
                name="reuters/reuters.npz",
                url=f"{_BASE}/reuters.npz",
                known_hash="d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
            ),
            RemoteFile(
                name="reuters/reuters_word_index.json",
                url=f"{_BASE}/reuters_word_index.json",
                known_hash="md5:4d44cc38712099c9e383dc6e5f11a921",  # Keras pins no sha256 of this file
            ),
        ),
        read=_read,
        vocabulary=30_979,
        default_sequence_length=150,
    ),
)
