"""Splitting: what a seed means, what a hash covers, and which folders are kept."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets.arrays import Arrays
from core.datasets.cache import CachedDataset, prepare
from core.datasets.parts import open_parts
from core.datasets.split import first_occurrences, prepare_split, read_indices, split_hash, split_indices
from core.datasets.text import WordIndex
from core.errors import DataUnavailableError, InvalidInputError


@pytest.fixture
def digits(settings: Settings) -> CachedDataset:
    return prepare("digits", settings)


def test_sizes_are_60_20_10_10(digits: CachedDataset, settings: Settings) -> None:
    sizes = prepare_split(digits, 42, settings).sizes
    assert sum(sizes.values()) == 1797
    for part, share in (("train", 0.6), ("validation", 0.2), ("test", 0.1), ("holdout", 0.1)):
        assert abs(sizes[part] - share * 1797) <= digits.entry.classes / 2


def test_a_seed_gives_the_same_split_and_another_seed_another(
    digits: CachedDataset, settings: Settings, tmp_path: Path
) -> None:
    first = prepare_split(digits, 1, settings)
    assert prepare_split(digits, 1, settings) == first
    assert prepare_split(digits, 2, settings).split_hash != first.split_hash
    shutil.rmtree(settings.data_dir)
    again = prepare_split(prepare("digits", settings), 1, settings)
    assert again == first
    labels, firsts = digits.labels(), np.arange(1797)
    one, other = (split_indices(labels, firsts, seed) for seed in (1, 2))
    for part in one:
        assert set(one[part].tolist()) != set(other[part].tolist())


def test_the_hash_covers_the_data_and_every_part(digits: CachedDataset) -> None:
    arrays = digits.arrays()
    assert arrays.x is not None
    changed = np.array(arrays.x)
    changed[0, 0, 0, 0] ^= 1
    other = Arrays(x=changed, y=arrays.y).content_hash()
    assert other != digits.content_hash == arrays.content_hash()
    indices = split_indices(arrays.y, first_occurrences(arrays), 1)
    hashes = {split_hash(digits.content_hash, indices), split_hash(other, indices)}
    for part in indices:
        hashes.add(split_hash(digits.content_hash, indices | {part: indices[part][:-1]}))
    assert len(hashes) == 6


def test_duplicates_stay_together(digits: CachedDataset) -> None:
    arrays = digits.arrays()
    rows = np.concatenate([np.arange(300), np.arange(300), np.arange(100)])  # every third digit up to three times
    repeated = arrays.take(rows)
    first = first_occurrences(repeated)
    assert np.array_equal(first, rows)
    for seed in range(5):
        parts = split_indices(repeated.y, first, seed)
        contents = [set(first[part].tolist()) for part in parts.values()]
        assert sum(len(content) for content in contents) == 300
        assert set.union(*contents) == set(range(300))


@pytest.mark.parametrize("rows", range(1, 40))
def test_small_classes_reach_every_part_from_ten_rows_on(rows: int) -> None:
    parts = split_indices(np.array([0] * rows + [1] * 50), np.arange(rows + 50), 3)
    counts = [int((part < rows).sum()) for part in parts.values()]
    assert sum(counts) == rows and counts[0] >= 1
    assert rows < 10 or min(counts) >= 1


def test_rows_of_a_part_are_in_random_order(digits: CachedDataset, settings: Settings) -> None:
    _, indices = read_indices(prepare_split(digits, 1, settings).indices_path)
    assert all(not np.array_equal(part, np.sort(part)) for part in indices.values())


def test_damaged_splits_are_made_again(digits: CachedDataset, settings: Settings) -> None:
    before = prepare_split(digits, 1, settings)
    (before.folder / "train/x.npy").write_bytes(b"")
    with pytest.raises(DataUnavailableError, match="prepare the split again"):
        open_parts(before.folder)
    assert prepare_split(digits, 1, settings) == before
    assert len(open_parts(before.folder).train) == before.sizes["train"]
    before.indices_path.write_bytes(before.indices_path.read_bytes()[:500])
    with pytest.raises(InvalidInputError, match="not a readable file"):
        open_holdout(digits, before.indices_path)
    assert prepare_split(digits, 1, settings) == before
    (before.folder / "parts.json").write_text("[]")
    assert prepare_split(digits, 1, settings) == before


def test_changed_or_foreign_indices_are_refused(digits: CachedDataset, settings: Settings, tmp_path: Path) -> None:
    path = prepare_split(digits, 1, settings).indices_path
    with np.load(path) as stored:
        fields = dict(stored)
    np.savez(tmp_path / "swapped.npz", **(fields | {"holdout": fields["train"], "train": fields["holdout"]}))
    with pytest.raises(InvalidInputError, match="changed after"):
        open_holdout(digits, tmp_path / "swapped.npz")
    fields["content_hash"] = np.array("0" * 64)
    fields["split_hash"] = np.array(split_hash("0" * 64, {part: fields[part] for part in read_indices(path)[1]}))
    np.savez(tmp_path / "foreign.npz", **fields)
    with pytest.raises(InvalidInputError, match="made from other digits data"):
        open_holdout(digits, tmp_path / "foreign.npz")


def test_only_the_folders_used_last_are_kept(digits: CachedDataset, settings: Settings) -> None:
    folders = []
    for seed in range(15):
        folders.append(prepare_split(digits, seed, settings).folder)
        age = time.time() - 7200 + seed
        os.utime(folders[-1], (age, age))
        if seed == 10:
            open_parts(folders[0])  # in use, so not among the oldest
    assert [folder.exists() for folder in folders] == [True, False, False, False] + [True] * 11
    assert prepare_split(digits, 2, settings).folder == folders[2]  # made again, the same
    assert len(open_parts(folders[2]).train) > 0


def test_folders_in_recent_use_are_never_cleared(digits: CachedDataset, settings: Settings) -> None:
    assert all([prepare_split(digits, seed, settings).folder.exists() for seed in range(14)])
    assert len(list((settings.data_dir / "digits/parts").iterdir())) == 14


def test_what_is_ready_is_served_without_writing_a_lock(digits: CachedDataset, settings: Settings) -> None:
    split = prepare_split(digits, 1, settings)
    (settings.data_dir / "digits/.lock").unlink()
    assert prepare("digits", settings) == digits and prepare_split(digits, 1, settings) == split
    assert not (settings.data_dir / "digits/.lock").exists()  # so a read-only data folder will do


def test_parts_of_texts_bring_their_words(lab: Settings, mirror: Path) -> None:
    """A worker must not open the folder of the whole data set; parts of an older version are made again."""
    dataset = prepare("reuters", lab)
    split = prepare_split(dataset, 77, lab)
    assert WordIndex.load(split.folder) == dataset.word_index()
    (split.folder / "word_index.json").unlink()
    assert prepare_split(dataset, 77, lab) == split and (split.folder / "word_index.json").is_file()
