"""Splitting: what a seed means, what a hash covers, and which folders are kept."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets import DATASETS
from core.datasets.arrays import Arrays
from core.datasets.cache import CachedDataset, keep_imported, prepare
from core.datasets.parts import open_parts
from core.datasets.split import (
    PARTS,
    Indices,
    SplitParts,
    first_occurrences,
    prepare_split,
    read_indices,
    split_hash,
    split_indices,
    split_remarks,
    units,
)
from core.datasets.text import WordIndex
from core.errors import DataUnavailableError, InvalidInputError


def check_parts(
    y: NDArray[np.int64], first: NDArray[np.int64], unit: NDArray[np.int64], indices: Indices
) -> NDArray[np.int64]:
    """Assert that a split is complete and disjoint, keeps units whole, and cuts every class 60/20/10/10.

    What counts is distinct rows, and a part may be off by one unit: the boundaries fall between whole ones. Return
    the number of the part of every row.
    """
    assert np.array_equal(np.sort(np.concatenate(list(indices.values()))), np.arange(len(y)))
    part_of = np.empty(len(y), np.int64)
    for number, part in enumerate(PARTS):
        part_of[indices[part]] = number
    assert np.array_equal(part_of, part_of[first])  # identical content is in one part
    assert np.array_equal(part_of, part_of[unit])
    distinct = first == np.arange(len(y))
    sizes = np.bincount(unit[distinct], minlength=len(y))
    for label in np.unique(y):
        # A unit counts to the class of its first row, also where it holds rows of others.
        counts = np.bincount(part_of[distinct & (y[unit] == label)], minlength=4)
        own = sizes[unit[distinct & (y[unit] == label)]]
        largest = int(own.max(initial=1))
        assert np.abs(counts - counts.sum() * np.array([0.6, 0.2, 0.1, 0.1])).max() <= largest
        assert counts.sum() < 10 or largest > 1 or counts.min() >= 1
    return part_of


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


def test_rows_of_one_content_or_one_group_are_one_unit() -> None:
    first = np.array([0, 1, 2, 3, 1, 5, 6, 7])  # row 4 repeats row 1
    assert units(first, None) is first
    groups = np.array([10, 10, 20, 20, 30, 30, 40, 50])
    # The content of rows 1 and 4 joins the groups 10 and 30.
    assert units(first, groups).tolist() == [0, 0, 2, 2, 0, 0, 6, 7]


def test_chains_of_shared_contents_join_their_groups() -> None:
    """Group n shares a content with group n + 1, in the order that takes the longest to walk."""
    length = 40
    groups = np.repeat(np.arange(length)[::-1], 2)
    first = np.arange(2 * length)
    for link in range(length - 1):
        first[2 * link + 2] = 2 * link + 1
    assert units(first, groups).tolist() == [0] * (2 * length)
    apart = first.copy()
    apart[40] = 40  # one link less
    assert units(apart, groups).tolist() == [0] * 40 + [40] * 40


def _tracks(rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels and group numbers of tracks of 1 to 30 rows in three classes, rows in no order."""
    sizes = rng.integers(1, 31, 90)
    groups = np.repeat(rng.permutation(90), sizes)
    order = rng.permutation(len(groups))
    return np.repeat(np.arange(90) % 3, sizes)[order], groups[order]


@pytest.mark.parametrize("seed", range(30))
def test_groups_stay_together_for_every_seed(seed: int) -> None:
    rng = np.random.default_rng([4, seed])
    y, groups = _tracks(rng)
    first = np.arange(len(y))
    repeated = rng.choice(np.arange(1, len(y)), 12, replace=False)
    first[repeated] = 0 if seed % 2 else repeated  # in half of the cases, contents that several tracks share
    unit = units(first, groups)
    part_of = check_parts(y, first, unit, split_indices(y, first, seed, unit))
    for group in np.unique(groups):
        assert len(np.unique(part_of[groups == group])) == 1
    if seed % 2:
        assert len(np.unique(part_of[np.isin(groups, groups[repeated])])) == 1
    assert len(np.unique(part_of)) == 4


@pytest.mark.parametrize("seed", range(10))
def test_even_groups_are_cut_exactly(seed: int) -> None:
    """Ten groups per class of thirty rows each: 6, 2, 1 and 1 groups, however they are drawn."""
    groups = np.repeat(np.arange(50), 30)
    y, first = groups // 10, np.arange(1500)
    parts = split_indices(y, first, seed, units(first, groups))
    for part, number in zip(parts.values(), (6, 2, 1, 1), strict=True):
        assert np.bincount(y[part]).tolist() == [number * 30] * 5


def test_repeated_rows_do_not_make_a_group_larger() -> None:
    """What counts is distinct rows: a group of one row and its 500 copies is as small as the others."""
    first = np.concatenate([np.arange(100), np.zeros(500, np.int64)])
    groups = np.concatenate([np.arange(100), np.zeros(500, np.int64)])
    y = np.zeros(600, np.int64)
    parts = split_indices(y, first, 1, units(first, groups))
    assert [len(np.unique(first[part])) for part in parts.values()] == [60, 20, 10, 10]


def test_without_groups_nothing_changes(digits: CachedDataset) -> None:
    """The rows of a seed are those of earlier versions, as this hash of the digits' split has always been."""
    arrays = digits.arrays()
    first = first_occurrences(arrays)
    plain = split_indices(arrays.y, first, 42)
    own = split_indices(arrays.y, first, 42, units(first, np.arange(len(first))))
    for other in (split_indices(arrays.y, first, 42, units(first, None)), own):
        assert all(np.array_equal(plain[part], other[part]) for part in PARTS)
    assert split_hash("", plain) == "44ae33c889f5be5854403469de454dfacd1f6b319c6a599e72bc7129d7820b6a"


def test_a_split_with_groups_is_cached_and_counted(digits: CachedDataset, settings: Settings) -> None:
    arrays = digits.arrays()
    groups = np.arange(len(arrays)) // 5
    assert arrays.x is not None
    grouped = Arrays(x=np.array(arrays.x), y=np.array(arrays.y), groups=groups)
    dataset = keep_imported(digits.entry, grouped, settings)
    assert dataset.content_hash == grouped.content_hash() != digits.content_hash
    split = prepare_split(dataset, 9, settings)
    assert split.groups == len(np.unique(groups)) and prepare_split(dataset, 9, settings) == split
    _, indices = read_indices(split.indices_path)
    found = [set(groups[rows].tolist()) for rows in indices.values()]
    assert sum(map(len, found)) == split.groups
    assert split.sizes == {part: len(indices[part]) for part in PARTS}


def _split(settings: Settings, *, duplicates: int = 0, groups: int | None = None) -> SplitParts:
    return SplitParts(
        folder=settings.data_dir, indices_path=settings.data_dir, split_hash="", seed=1, sizes={}, class_counts={},
        duplicates=duplicates, groups=groups,
    )  # fmt: skip


def test_remarks_say_what_a_reader_must_know(settings: Settings) -> None:
    plain, signs = DATASETS["digits"], DATASETS["gtsrb"]
    assert split_remarks(plain, _split(settings)) == ()
    assert split_remarks(plain, _split(settings, duplicates=1)) == (
        "1 row repeats another one exactly and follow it into its part.",
    )  # fmt: skip
    kept, repeats = split_remarks(signs, _split(settings, duplicates=1200, groups=1307))
    assert kept.startswith("Rows known to show the same track are in one part (1,307 tracks")
    assert repeats.startswith("1,200 rows repeat another one")
    (lost,) = split_remarks(signs, _split(settings))
    assert "likely too high" in lost and "one track" in lost
    (own,) = split_remarks(plain, _split(settings, groups=12))
    assert own.startswith("Rows known to show the same group are in one part (12 groups")


class TestCommonHoldout:
    """Splits of several seeds with one holdout, as the runs of a study have."""

    def test_every_seed_leaves_the_same_rows_closed_and_deals_out_the_others_anew(self) -> None:
        y = np.random.default_rng(1).integers(0, 7, 900)
        first = np.arange(len(y))
        alone = split_indices(y, first, 5)
        dealt = [split_indices(y, first, seed, holdout_seed=5) for seed in (11, 12)]
        for indices in dealt:
            check_parts(y, first, first, indices)
            assert set(indices["holdout"].tolist()) == set(alone["holdout"].tolist())
        assert set(dealt[0]["train"].tolist()) != set(dealt[1]["train"].tolist())
        same = split_indices(y, first, 5, holdout_seed=5)
        assert all(np.array_equal(same[part], alone[part]) for part in PARTS)

    def test_groups_and_repeated_rows_stay_together(self) -> None:
        random = np.random.default_rng(2)
        groups = np.repeat(np.arange(120), 5)
        y = np.repeat(random.integers(0, 3, 120), 5)
        first = np.arange(len(y))
        first[7] = 3  # a row that repeats another
        unit = units(first, groups)
        closed = set(split_indices(y, first, 1, unit)["holdout"].tolist())
        indices = split_indices(y, first, 9, unit, holdout_seed=1)
        check_parts(y, first, unit, indices)
        assert set(indices["holdout"].tolist()) == closed

    def test_on_the_disk_it_is_another_split_with_the_same_closed_rows(self, settings: Settings) -> None:
        dataset = prepare("digits", settings)
        splits = [prepare_split(dataset, seed, settings, holdout_seed=3) for seed in (3, 4, 5)]
        assert splits[0] == prepare_split(dataset, 3, settings)
        assert len({split.split_hash for split in splits}) == 3
        assert prepare_split(dataset, 4, settings).split_hash not in {split.split_hash for split in splits}
        closed = [set(read_indices(split.indices_path)[1]["holdout"].tolist()) for split in splits]
        assert closed[0] == closed[1] == closed[2]
        rows = [sorted(row.tobytes() for row in open_holdout(dataset, s.indices_path).images()) for s in splits]
        assert rows[0] == rows[1] == rows[2]
