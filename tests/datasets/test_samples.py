"""A look at a data set before it is chosen: real rows, and never a download."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import Settings
from core.datasets import DATASETS
from core.datasets import cache as dataset_cache
from core.datasets.cache import prepare
from core.datasets.parts import open_parts
from core.datasets.samples import Preview, Sample, place_of, preview, sample_page, stamp_of
from core.datasets.split import SplitParts, prepare_split
from core.datasets.text import WordIndex


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download is a failure."""

    def refuse(*_: object) -> None:
        raise AssertionError("a preview must not download")

    monkeypatch.setattr(dataset_cache, "download", refuse)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_what_is_not_here_shows_nothing_and_is_not_fetched(name: str, settings: Settings) -> None:
    entry = DATASETS[name]
    shown = preview(entry, settings)
    assert place_of(entry, settings) == ("remote" if entry.files else "embedded")
    assert (shown == Preview(rows=None, disk_bytes=None, samples=())) == bool(entry.files)
    assert not (settings.data_dir / name).exists()


def test_texts_show_the_beginning_of_real_rows_of_two_classes(settings: Settings, mirror: Path) -> None:
    settings = replace(settings, dataset_mirror=mirror)
    entry = DATASETS["reuters"]
    assert place_of(entry, settings) == "mirror"
    cached = prepare("reuters", settings)
    assert place_of(entry, settings) == "cached"
    shown = preview(entry, settings)
    assert (shown.rows, len(shown.samples)) == (cached.rows, 2)
    assert (shown.disk_bytes or 0) > 1_000_000
    assert len({sample.class_name for sample in shown.samples}) == 2
    arrays, index = cached.arrays(), cached.word_index()
    assert arrays.tokens is not None and arrays.offsets is not None
    for sample in shown.samples:
        label = entry.class_names.index(sample.class_name)
        row = next(row for row in range(cached.rows) if arrays.y[row] == label)
        whole = index.decode(arrays.tokens[arrays.offsets[row] : arrays.offsets[row + 1]].tolist())
        assert sample.text is not None
        assert whole.startswith(sample.text.removesuffix(" …"))
        assert 5 <= len(sample.text.split()) <= 29


def test_images_show_one_row_of_each_class(settings: Settings) -> None:
    prepare("digits", settings)
    embedded = preview(DATASETS["digits"], settings)
    assert [sample.class_name for sample in embedded.samples] == list("0123456789")
    assert {sample.image.shape for sample in embedded.samples if sample.image is not None} == {(8, 8, 1)}


def test_examples_come_from_the_training_part_as_soon_as_there_is_one(settings: Settings) -> None:
    cached = prepare("digits", settings)
    prepare_split(cached, 7, settings)  # another seed is not the split that runs use
    assert not preview(DATASETS["digits"], settings).training
    before = stamp_of("digits", settings)
    train = open_parts(prepare_split(cached, 42, settings).folder).train.images()
    assert stamp_of("digits", settings) != before
    shown = preview(DATASETS["digits"], settings)
    assert shown.training and len(shown.samples) == 10
    rows = {row.tobytes() for row in np.asarray(train)}
    assert all(sample.image is not None and sample.image.tobytes() in rows for sample in shown.samples)


def test_training_texts_are_decoded_by_the_words_of_their_split(settings: Settings, mirror: Path) -> None:
    settings = replace(settings, dataset_mirror=mirror)
    split = prepare_split(prepare("reuters", settings), 42, settings)
    train, words = open_parts(split.folder).train, WordIndex.load(split.folder)
    shown = preview(DATASETS["reuters"], settings)
    assert shown.training
    assert train.tokens is not None and train.offsets is not None
    texts = {words.decode(train.tokens[train.offsets[row] : train.offsets[row + 1]].tolist()) for row in range(2000)}
    for sample in shown.samples:
        start = (sample.text or "").removesuffix(" …")
        assert len(start) > 20 and any(text.startswith(start) for text in texts)


def test_pages_go_through_every_row_of_a_class_once(digits: SplitParts) -> None:
    part, entry = open_parts(digits.folder).validation, DATASETS["digits"]
    count = int(np.count_nonzero(part.y == 3))
    pages = [sample_page(entry, part, None, 3, seed=1, page=page, size=10) for page in range(-(-count // 10))]
    seen = [sample for page in pages for sample in page.samples]
    assert {page.rows for page in pages} == {count} and len(seen) == count
    assert {sample.class_name for sample in seen} == {"3"}
    images = sorted(sample.image.tobytes() for sample in seen if sample.image is not None)
    assert images == sorted(image.tobytes() for image in np.asarray(part.images())[part.y == 3])
    assert pages[1].first == 10
    again = sample_page(entry, part, None, 3, seed=1, page=len(pages), size=10)
    assert again.first == 0 and _bytes(again.samples) == _bytes(pages[0].samples)
    assert _bytes(sample_page(entry, part, None, 3, seed=2, page=0, size=10).samples) != _bytes(pages[0].samples)
    assert sample_page(entry, part, None, None, seed=1, page=0, size=10).rows == len(part)


def _bytes(samples: tuple[Sample, ...]) -> list[bytes]:
    return [sample.image.tobytes() for sample in samples if sample.image is not None]
