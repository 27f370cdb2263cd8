"""A look at a data set before it is chosen: real rows, and never a download."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.config import Settings
from core.datasets import DATASETS
from core.datasets import cache as dataset_cache
from core.datasets.cache import prepare
from core.datasets.samples import Preview, place_of, preview


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
