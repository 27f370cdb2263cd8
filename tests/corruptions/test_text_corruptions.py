"""The text corruptions one by one."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import Settings
from core.corruptions import CORRUPTIONS, Level
from core.corruptions.character_noise import NEIGHBOURS, add_typos, misspell
from core.corruptions.texts import corrupt_texts, corrupt_words, words_of
from core.corruptions.token_dropout import drop_words
from core.corruptions.truncation import cut_off
from core.corruptions.word_swap import swap_words
from core.datasets.cache import prepare
from core.datasets.text import UNKNOWN, WordIndex

from .texts import WORDS, edit_distance

share = st.floats(0, 1, exclude_max=True)
MANY = [f"word{number}" for number in range(4000)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(word=st.text(min_size=4, max_size=20), kind=share, place=share, letter=share)
def test_a_typo_changes_the_word_but_not_its_ends(word: str, kind: float, place: float, letter: float) -> None:
    typo = misspell(word, kind, place, letter)
    assert typo != word
    assert (typo[0], typo[-1]) == (word[0], word[-1])
    assert abs(len(typo) - len(word)) <= 1
    assert edit_distance(word, typo) <= 2  # a swap counts as two replacements


def test_all_four_kinds_of_typo_happen_equally_often() -> None:
    typos = add_typos(["character"] * 8000, Level(value=100), rng())
    shorter = sum(len(typo) == 8 for typo in typos)
    longer = sum(len(typo) == 10 for typo in typos)
    swapped = sum(sorted(typo) == sorted("character") for typo in typos)
    counts = np.array([shorter, longer, swapped, 8000 - shorter - longer - swapped])
    assert (np.abs(counts - 2000) < 160).all(), counts  # four standard deviations


def test_neighbouring_keys_lie_beside_each_other_on_a_keyboard() -> None:
    assert set(NEIGHBOURS["s"]) == set("adwezx")
    assert set(NEIGHBOURS["q"]) == set("12wa")
    assert set(NEIGHBOURS["m"]) == set("njk")
    assert all(a in NEIGHBOURS[b] for a in NEIGHBOURS for b in NEIGHBOURS[a])


def test_where_nothing_can_be_swapped_another_key_is_hit() -> None:
    typo = misspell("feel", 0.0, 0.0, 0.0)
    assert len(typo) == 4 and typo[1] in NEIGHBOURS["e"] and typo[2] == "e"
    assert misspell("übüü", 0.9, 0.9, 0.0) == "übaü"


def test_short_words_are_not_misspelt_and_the_share_of_longer_ones_is_the_level() -> None:
    assert add_typos(["the", "old", "[?]", "tv"] * 50, Level(value=100), rng()) == ["the", "old", "[?]", "tv"] * 50
    typos = add_typos(MANY, Level(value=30), rng())
    assert np.mean([typo != word for typo, word in zip(typos, MANY, strict=True)]) == pytest.approx(0.3, abs=0.03)


def test_dropout_leaves_out_the_share_and_keeps_the_order() -> None:
    kept = drop_words(MANY, Level(value=40), rng())
    assert len(kept) / len(MANY) == pytest.approx(0.6, abs=0.03)
    assert kept == sorted(kept, key=MANY.index)
    assert {tuple(drop_words(["a", "b"], Level(value=100), rng(seed))) for seed in range(20)} == {("a",), ("b",)}


def test_swapped_words_move_one_place_and_all_are_still_there() -> None:
    moved = swap_words(MANY, Level(value=30), rng())
    assert sorted(moved) == sorted(MANY)
    distances = [abs(int(word[4:]) - place) for place, word in enumerate(moved)]
    assert max(distances) == 1
    assert np.mean(distances) == pytest.approx(0.3, abs=0.03)
    pairs = {tuple(swap_words(["a", "b", "c"], Level(value=100), rng(seed))) for seed in range(20)}
    assert pairs == {("b", "a", "c"), ("a", "c", "b")}
    assert swap_words(["a", "b"], Level(value=100), rng()) == ["b", "a"]


def test_truncation_keeps_the_beginning() -> None:
    assert cut_off(MANY, Level(value=75), rng()) == MANY[:1000]
    assert cut_off(WORDS[:3], Level(value=90), rng()) == WORDS[:1]


def test_a_typo_may_become_another_known_word() -> None:
    index = WordIndex.from_ranks({"form": 1, "from": 2})
    tokens, offsets = np.full(400, 4, np.int32), np.array([0, 400])
    result, _ = corrupt_texts(tokens, offsets, index, CORRUPTIONS["character_noise"], 5, 42)
    assert set(result.tolist()) == {4, UNKNOWN, 5}


def test_the_noise_is_the_same_as_ever() -> None:
    """Stored results stay comparable: whoever changes the noise on purpose changes this hash and says so."""
    names = ("character_noise", "token_dropout", "truncation", "word_swap")
    texts = [corrupt_words(WORDS, CORRUPTIONS[name], 3, 42, row=5, dataset="imdb") for name in names]
    found = [hashlib.sha256(" ".join(text).encode()).hexdigest()[:12] for text in texts]
    assert found == ["dc9a12879f02", "d5ad386ed7a2", "3eb7c7453c52", "c21f4dffd086"]


def test_real_reviews_are_corrupted_quickly(lab: Settings) -> None:
    """500 reviews; the limit is ten times what it takes on a free core."""
    if lab.dataset_mirror is None or not (lab.dataset_mirror / "imdb" / "imdb.npz").is_file():
        pytest.skip("no data set mirror with imdb: set MHL_DATASET_MIRROR")
    cached = prepare("imdb", lab)
    arrays = cached.arrays()
    assert arrays.tokens is not None and arrays.offsets is not None
    index = cached.word_index()
    offsets = np.array(arrays.offsets[:501])
    tokens = np.array(arrays.tokens[: offsets[-1]])
    started = time.process_time()
    result, ends = corrupt_texts(tokens, offsets, index, CORRUPTIONS["character_noise"], 5, 42, dataset="imdb")
    assert time.process_time() - started < 3
    assert (tokens == UNKNOWN).mean() < 0.01
    longer = np.array([len(word) >= 4 for word in words_of(tokens, index)]).mean()
    assert 0.8 * longer / 2 < (result == UNKNOWN).mean() < longer / 2 + 0.02
    shown = words_of(result[ends[0] : ends[1]], index)
    assert "[?]" in shown and len(shown) == offsets[1] - 1
