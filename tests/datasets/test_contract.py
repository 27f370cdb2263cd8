"""What every registered data set promises; a new file in core/datasets is tested without writing a test."""

from __future__ import annotations

import re

import numpy as np
import pytest

from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import is_cached, prepare
from core.datasets.parts import open_parts, parts_folder
from core.datasets.split import PARTS, first_occurrences, prepare_split, read_indices, units
from core.errors import InvalidInputError
from tests.datasets.test_split import check_parts


@pytest.mark.parametrize("registered", sorted(DATASETS))
def test_entry_describes_the_data_set(registered: str) -> None:
    entry = DATASETS[registered]
    assert entry.name == registered
    assert len(set(entry.class_names)) == entry.classes >= 2
    assert entry.label and entry.description.endswith(".") and entry.licence and entry.source.startswith("https://")
    assert entry.default_batch_size >= 1 and entry.scale > 0
    assert (entry.scale == 1) == (entry.kind == "text")
    for file in entry.files:
        # In a folder of its own, or of the data set whose files it shares (cifar100_coarse those of cifar100).
        folder, slash, rest = file.name.partition("/")
        assert folder in DATASETS and slash and rest and "/" not in rest
        assert registered == folder or (registered.startswith(f"{folder}_") and file in DATASETS[folder].files)
        assert file.url.startswith("https://")
        assert re.fullmatch(r"[0-9a-f]{64}|md5:[0-9a-f]{32}", file.known_hash)


def test_cached_arrays_are_what_the_entry_says(name: str, lab: Settings) -> None:
    dataset = prepare(name, lab)
    entry, arrays = dataset.entry, dataset.arrays()
    assert is_cached(name, lab)
    assert dataset.rows == len(arrays) == sum(dataset.class_counts)
    assert len(dataset.class_counts) == entry.classes and min(dataset.class_counts) >= 1
    assert np.bincount(dataset.labels()).tolist() == list(dataset.class_counts)
    assert all(isinstance(array, np.memmap) and not array.flags.writeable for array in arrays.fields().values())
    assert re.fullmatch("[0-9a-f]{64}", dataset.content_hash)
    if entry.kind == "image":
        assert arrays.x is not None and arrays.x.shape[1:] == entry.shape and arrays.x.dtype == np.uint8
        assert arrays.x.max() == entry.scale
    else:
        assert arrays.tokens is not None and arrays.offsets is not None and entry.vocabulary is not None
        assert (arrays.tokens[arrays.offsets[:-1]] == 1).all()
        assert len(dataset.word_index().ids) == entry.vocabulary
        assert arrays.tokens.max() < entry.vocabulary + 4
        words = np.delete(arrays.tokens, arrays.offsets[:-1])
        assert words.min() == 4  # rank 1, shifted by 3; nothing is cut to 2 in the cache


def test_split_is_complete_disjoint_and_stratified(name: str, lab: Settings) -> None:
    dataset = prepare(name, lab)
    split = prepare_split(dataset, 7, lab)
    _, indices = read_indices(split.indices_path)
    arrays = dataset.arrays()
    first = first_occurrences(arrays)
    check_parts(dataset.labels(), first, units(first, arrays.groups), indices)
    assert split.duplicates == dataset.rows - len(np.unique(first))
    assert split.groups == (None if arrays.groups is None else len(np.unique(arrays.groups)))


def test_parts_hold_the_rows_of_the_split(name: str, lab: Settings) -> None:
    dataset = prepare(name, lab)
    split = prepare_split(dataset, 7, lab)
    assert split.folder == parts_folder(lab, name, split.split_hash)
    _, indices = read_indices(split.indices_path)
    data = open_parts(split.folder)
    assert data.entry is dataset.entry
    held = open_holdout(dataset, split.indices_path)
    for part, rows in zip((data.train, data.validation, data.test, held), indices.values(), strict=True):
        assert len(part) == len(rows) == split.sizes[part.name]
        expected = dataset.arrays().take(rows[:50])
        assert np.array_equal(part.y[:50], expected.y)
        if dataset.entry.kind == "image":
            assert expected.x is not None and np.array_equal(part.images()[:50], expected.x)
            with pytest.raises(InvalidInputError, match="use images"):
                part.sequences(100, 10)
        else:
            longest = part.sequences(10**6, 3000, slice(0, 50))
            assert expected.tokens is not None and np.array_equal(longest[longest > 0], expected.tokens)
            with pytest.raises(InvalidInputError, match="use sequences"):
                part.images()
        if part.name in split.class_counts:
            counts = np.bincount(part.y, minlength=dataset.entry.classes)
            assert tuple(counts.tolist()) == split.class_counts[part.name]


def test_no_content_crosses_into_the_holdout(name: str, lab: Settings) -> None:
    dataset = prepare(name, lab)
    split = prepare_split(dataset, 7, lab)
    arrays = dataset.arrays()
    _, indices = read_indices(split.indices_path)
    seen = [set(arrays.take(indices[part]).row_digests()) for part in PARTS]
    for number, digests in enumerate(seen):
        for other in seen[number + 1 :]:
            assert digests.isdisjoint(other)
