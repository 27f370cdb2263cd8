"""What every corruption must keep to; a new one is tested here without writing a test."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import core.corruptions
from core.corruptions import CORRUPTIONS, Corruption, Level
from core.corruptions.entry import SEVERITIES
from core.corruptions.images import corrupt_images
from core.corruptions.texts import corrupt_texts, corrupt_words, words_of
from core.datasets.text import START, UNKNOWN
from core.errors import InvalidInputError

from . import texts as made_texts
from .texts import INDEX, WORDS, edit_distance, make_texts, row

every_corruption = pytest.mark.parametrize("name", sorted(CORRUPTIONS))
every_text_corruption = pytest.mark.parametrize("name", sorted(n for n in CORRUPTIONS if CORRUPTIONS[n].words))
random_text_corruption = pytest.mark.parametrize(
    "name", sorted(n for n in CORRUPTIONS if CORRUPTIONS[n].words and n != "truncation")
)
LENGTHS = [40, 1, 2, 3, 60, 25, 120]
MODULES = [f"core.corruptions.{module.name}" for module in pkgutil.iter_modules(core.corruptions.__path__)]


def test_the_four_text_corruptions_are_found() -> None:
    assert {"character_noise", "token_dropout", "word_swap", "truncation"} <= set(CORRUPTIONS)


@pytest.mark.parametrize("module", [*MODULES, made_texts.__name__])
def test_examples_in_the_docstrings(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


@every_corruption
def test_explains_itself(name: str) -> None:
    entry = CORRUPTIONS[name]
    assert entry.name == name and entry.label and entry.unit
    assert 20 <= len(entry.description) <= 330 and entry.description.endswith(".")
    assert len(entry.source) > 10
    labels = [entry.axis_label(severity) for severity in (0, *SEVERITIES)]
    assert labels[0] == "none" and all(label.endswith(entry.unit) for label in labels[1:])
    for levels in filter(None, (entry.levels, entry.grey_levels)):
        steps = np.sign(np.diff([level.value for level in levels]))
        assert len({*steps.tolist()} - {0.0}) <= 1, "the values of the severities go one way"


@every_text_corruption
def test_severity_0_is_the_identity(name: str) -> None:
    tokens, offsets = make_texts(LENGTHS)
    before = tokens.tobytes(), offsets.tobytes()
    result = corrupt_texts(tokens, offsets, INDEX, CORRUPTIONS[name], 0, 42)
    assert result[0] is tokens and result[1] is offsets
    assert (tokens.tobytes(), offsets.tobytes()) == before
    assert corrupt_words(WORDS, CORRUPTIONS[name], 0, 42, row=0) == WORDS


@every_text_corruption
def test_damage_grows_with_severity(name: str) -> None:
    tokens, offsets = make_texts([50] * 60)
    damage = []
    for severity in SEVERITIES:
        result = corrupt_texts(tokens, offsets, INDEX, CORRUPTIONS[name], severity, 42)
        distances = [edit_distance(row(tokens, offsets, n), row(*result, n)) for n in range(60)]
        damage.append(sum(distances) / (50 * 60))
    assert all(later > earlier + 0.02 for earlier, later in zip([0.0, *damage], damage, strict=False)), damage
    assert damage[-1] < 1


@every_text_corruption
@pytest.mark.parametrize("severity", SEVERITIES)
def test_same_seed_same_bytes_and_the_input_is_untouched(name: str, severity: int) -> None:
    tokens, offsets = make_texts(LENGTHS)
    before = tokens.tobytes(), offsets.tobytes()
    one, other = (corrupt_texts(tokens, offsets, INDEX, CORRUPTIONS[name], severity, 7) for _ in range(2))
    assert one[0].tobytes() == other[0].tobytes() and one[1].tobytes() == other[1].tobytes()
    assert (tokens.tobytes(), offsets.tobytes()) == before
    assert one[0].dtype == np.int32 and one[1].dtype == np.int64


@random_text_corruption
def test_other_rows_seeds_severities_and_data_sets_have_other_noise(name: str) -> None:
    text, _ = make_texts([80])
    tokens, offsets = np.tile(text, 3), np.arange(4) * len(text)
    entry = CORRUPTIONS[name]
    result = corrupt_texts(tokens, offsets, INDEX, entry, 3, 42, dataset="imdb")
    first, second, third = (row(*result, number) for number in range(3))
    assert first != second != third != first
    reseeded = corrupt_texts(tokens, offsets, INDEX, entry, 3, 43, dataset="imdb")
    elsewhere = corrupt_texts(tokens, offsets, INDEX, entry, 3, 42, dataset="reuters")
    assert row(*reseeded, 0) != first and row(*elsewhere, 0) != first


@every_text_corruption
def test_rows_do_not_leak_and_their_order_and_choice_do_not_matter(name: str) -> None:
    tokens, offsets = make_texts(LENGTHS)
    entry = CORRUPTIONS[name]
    whole = corrupt_texts(tokens, offsets, INDEX, entry, 4, 42)
    chosen = np.array([5, 0, 3])
    texts = [row(tokens, offsets, number) for number in chosen]
    picked = np.concatenate(texts).astype(np.int32), np.cumsum([0, *map(len, texts)])
    alone = corrupt_texts(*picked, INDEX, entry, 4, 42, rows=chosen)
    assert [row(*alone, place) for place in range(3)] == [row(*whole, number) for number in chosen]
    changed = tokens.copy()
    changed[offsets[4] + 1 : offsets[5]] = UNKNOWN
    other = corrupt_texts(changed, offsets, INDEX, entry, 4, 42)
    assert [row(*other, n) for n in (3, 5, 6)] == [row(*whole, n) for n in (3, 5, 6)]


@every_text_corruption
def test_shown_words_are_those_that_the_model_gets(name: str) -> None:
    tokens, offsets = make_texts(LENGTHS)
    entry = CORRUPTIONS[name]
    result = corrupt_texts(tokens, offsets, INDEX, entry, 3, 42, dataset="imdb")
    for number in range(len(LENGTHS)):
        words = words_of(row(tokens, offsets, number), INDEX)
        shown = corrupt_words(words, entry, 3, 42, row=number, dataset="imdb")
        assert row(*result, number) == [START, *(INDEX.ids.get(word, UNKNOWN) for word in shown)]


@every_text_corruption
@settings(max_examples=80, deadline=None)
@given(
    texts=st.lists(st.lists(st.integers(0, 3 + len(WORDS)), max_size=30), max_size=6),
    severity=st.sampled_from(SEVERITIES),
    seed=st.integers(0, 2**63),
)
def test_any_text_stays_valid_and_none_becomes_empty(
    name: str, texts: list[list[int]], severity: int, seed: int
) -> None:
    tokens = np.array([token for text in texts for token in text], np.int32)
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    result, ends = corrupt_texts(tokens, offsets, INDEX, CORRUPTIONS[name], severity, seed)
    assert len(ends) == len(offsets) and ends[0] == 0 and ends[-1] == len(result)
    assert (np.diff(ends) >= 0).all()
    for number, text in enumerate(texts):
        got = row(result, ends, number)
        words = [token for token in text if token > START]
        assert (got[:1] == [START]) == (text[:1] == [START])
        corrupted = got[1:] if got[:1] == [START] else got
        assert all(token == UNKNOWN or token in INDEX.words for token in corrupted)
        assert (len(corrupted) > 0) == (len(words) > 0)


def _with_noise(image: NDArray[np.uint8], level: Level, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Gaussian noise, as an image corruption would be written."""
    noisy = image / 255 + rng.normal(0, level.value, image.shape)
    pixels: NDArray[np.uint8] = (np.clip(noisy, 0, 1) * 255).round().astype(np.uint8)
    return pixels


def make_image_corruption() -> Corruption:
    return Corruption(
        name="test_noise",
        label="Noise",
        description="Noise for the tests.",
        unit="sigma",
        source="CIFAR-10-C and MNIST-C",
        levels=tuple(Level(value=sigma) for sigma in (0.04, 0.06, 0.08, 0.09, 0.10)),
        grey_levels=tuple(Level(value=sigma) for sigma in (0.08, 0.12, 0.18, 0.26, 0.38)),
        image=_with_noise,
    )


@pytest.mark.parametrize(
    "entry", [*(e for e in CORRUPTIONS.values() if e.image), make_image_corruption()], ids=lambda e: e.name
)
def test_images_keep_their_form_and_rows_do_not_leak(entry: Corruption) -> None:
    x = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    assert corrupt_images(x, entry, 0, 42) is x
    result = corrupt_images(x, entry, 3, 42)
    assert result.shape == x.shape and result.dtype == np.uint8 and (result != x).any()
    assert (corrupt_images(x[[4, 1]], entry, 3, 42, rows=np.array([4, 1])) == result[[4, 1]]).all()


@pytest.mark.parametrize(("channels", "label"), [(1, "0.18 sigma"), (3, "0.08 sigma")])
def test_an_image_corruption_fits_the_same_entry(channels: int, label: str) -> None:
    entry = make_image_corruption()
    x = np.full((40, 28, 28, channels), 128, np.uint8)
    assert entry.kind == "image" and entry.axis_label(3, x.shape[1:]) == label
    damage = [float(np.abs(corrupt_images(x, entry, s, 42).astype(float) - 128).mean()) for s in SEVERITIES]
    assert damage == sorted(damage) and damage[0] > 1
    assert damage[2] == pytest.approx(255 * entry.level(3, x.shape[1:]).value * np.sqrt(2 / np.pi), rel=0.05)
    result = corrupt_images(x, entry, 2, 42)
    assert (result[0] != result[1]).any()
    assert (corrupt_images(x[[9, 2]], entry, 2, 42, rows=np.array([9, 2])) == result[[9, 2]]).all()
    assert corrupt_images(x, entry, 0, 42) is x


def test_requests_that_make_no_sense_are_refused() -> None:
    tokens, offsets = make_texts(LENGTHS)
    swap = CORRUPTIONS["word_swap"]
    with pytest.raises(InvalidInputError, match="severity must be from 0"):
        corrupt_texts(tokens, offsets, INDEX, swap, 6, 42)
    with pytest.raises(InvalidInputError, match="corrupts images, not texts"):
        corrupt_texts(tokens, offsets, INDEX, make_image_corruption(), 1, 42)
    with pytest.raises(InvalidInputError, match="corrupts texts, not images"):
        corrupt_images(np.zeros((1, 8, 8, 1), np.uint8), swap, 1, 42)
    with pytest.raises(InvalidInputError, match="7 rows need 7 row numbers"):
        corrupt_texts(tokens, offsets, INDEX, swap, 1, 42, rows=np.arange(6))
    with pytest.raises(InvalidInputError, match="Did you mean 'word_swap'"):
        CORRUPTIONS["word_swop"]


def test_an_entry_that_makes_no_sense_is_refused() -> None:
    levels = tuple(Level(value=n) for n in range(5))
    texts = {"name": "x", "label": "x", "description": "x", "unit": "x", "source": "x"}
    with pytest.raises(InvalidInputError, match="either words or image"):
        Corruption(**texts, levels=levels)
    with pytest.raises(InvalidInputError, match="5 different levels"):
        Corruption(**texts, levels=levels[:4], image=_with_noise)
    with pytest.raises(InvalidInputError, match="5 different levels"):
        Corruption(**texts, levels=(*levels[:4], levels[0]), image=_with_noise)
