"""The 8 x 8 digits that ship inside scikit-learn: a real data set that needs no download."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.datasets import DATASETS, Arrays, DatasetEntry
from core.errors import DataUnavailableError


def _csv_path() -> Path:
    # find_spec locates the package without importing it: scikit-learn must not be loaded in the web process.
    spec = importlib.util.find_spec("sklearn")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            return path
    raise DataUnavailableError(
        "the digits data set ships inside scikit-learn (sklearn/datasets/data/digits.csv.gz), which was not found; "
        "install it with `pip install scikit-learn`"
    )


def _read(_files: Mapping[str, Path]) -> Arrays:
    table = np.loadtxt(_csv_path(), delimiter=",")
    return Arrays(x=table[:, :-1].reshape(-1, 8, 8, 1).astype(np.uint8), y=table[:, -1].astype(np.int64))


DATASETS.register(
    "digits",
    DatasetEntry(
        name="digits",
        label="Digits (8×8)",
        kind="image",
        shape=(8, 8, 1),
        class_names=tuple("0123456789"),
        default_batch_size=32,
        scale=16.0,
        description="1,797 handwritten digits of 8×8 pixels with 17 grey levels. Ships with scikit-learn, so it needs "
        "no download; a network trains in seconds.",
        licence="CC BY 4.0 (UCI Machine Learning Repository)",
        source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        files=(),
        read=_read,
    ),
)
