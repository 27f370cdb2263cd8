"""The only reader of the holdout: rows that no training, tuning or stopping rule has ever seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.datasets.cache import CachedDataset
from core.datasets.parts import Part
from core.datasets.split import fitted_words, read_indices
from core.errors import InvalidInputError


def open_holdout(dataset: CachedDataset, indices_path: Path) -> Part:
    """Return the holdout rows of the split stored in `indices_path`, in memory.

    Raises InvalidInputError when the file is damaged or belongs to other data than `dataset`.
    """
    content_hash, indices = read_indices(indices_path)
    if content_hash != dataset.content_hash:
        raise InvalidInputError(
            f"the split {indices_path} was made from other {dataset.entry.name} data than the cache holds now "
            f"(content {content_hash[:12]} there, {dataset.content_hash[:12]} here); prepare the data set from the "
            "same source as when the run was made"
        )
    rows = dataset.arrays().take(indices["holdout"])
    if dataset.entry.custom and rows.tokens is not None:  # in the words that the networks were trained with
        rows = replace(rows, tokens=fitted_words(dataset, indices["train"])[1][rows.tokens])
    return Part(name="holdout", y=rows.y, x=rows.x, tokens=rows.tokens, offsets=rows.offsets)
