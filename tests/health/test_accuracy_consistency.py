from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.health.accuracy_consistency import accuracy_consistency, split_consistency, temporal_consistency
from core.stats import cohen_kappa

from .traces import make_epochs, make_groups, make_trace


@pytest.mark.parametrize("accuracy", [0.3, 0.7, 0.9, 0.976, 0.99])
def test_random_folds_are_consistent_at_any_accuracy(accuracy: float) -> None:
    """Independent answers dealt into ten folds differ by sampling noise only, which must not count."""
    values = []
    for seed in range(40):
        hits = np.random.default_rng(seed).random((10, 1200)) < accuracy
        value = split_consistency([(1200, int(fold)) for fold in hits.sum(axis=1)])
        assert value is not None
        values.append(value)
    assert np.mean(values) > 0.985
    assert min(values) > 0.95


def test_the_noise_is_subtracted_without_bias() -> None:
    """Over many random deals the excess variance is 0 on average: about half the deals give exactly 1."""
    exact = 0
    for seed in range(400):
        hits = np.random.default_rng(seed).binomial(30, 0.8, 10)
        exact += split_consistency([(30, int(h)) for h in hits]) == 1
    assert 190 <= exact <= 290


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_one_class_always_wrong_and_the_others_always_right_is_0(classes: int) -> None:
    """The widest spread that the mean allows: s² = p̄ (1 - p̄) exactly, and no noise."""
    assert split_consistency([(50, 0), *[(50, 50)] * (classes - 1)]) == pytest.approx(0, abs=1e-12)


def test_one_class_always_wrong_falls_by_the_known_amount() -> None:
    """Nine classes 90 of 100 right and one never: against ten classes at 90."""
    mean = 0.81
    spread = 9 * (0.9 - mean) ** 2 / 10 + mean**2 / 10
    noise = 0.9 * (9 * 0.9 * 0.1 / 99) / 10
    assert split_consistency([(100, 90)] * 10) == 1
    assert split_consistency([*[(100, 90)] * 9, (100, 0)]) == pytest.approx(
        1 - math.sqrt((spread - noise) / (mean * (1 - mean)))
    )


def test_a_rare_class_weighs_as_much_as_a_frequent_one() -> None:
    small, large = split_consistency([(1000, 1000), (10, 0)]), split_consistency([(1000, 1000), (1000, 0)])
    assert small == large == 0


def test_all_right_or_all_wrong_is_not_spread() -> None:
    assert split_consistency([(10, 10)] * 3) == 1
    assert split_consistency([(10, 0)] * 3) == 1


def test_groups_of_no_row_or_one_are_left_out() -> None:
    assert split_consistency([(100, 90), (100, 90), (0, 0), (1, 0)]) == 1
    assert split_consistency([(100, 90), (1, 1)]) is None
    assert split_consistency([]) is None


def test_the_last_three_pairs_count() -> None:
    assert temporal_consistency([0.0, 0.0, 0.75, 0.5, 0.25]) == 0.5
    assert temporal_consistency([0.5, 0.75]) == 0.625
    assert temporal_consistency([-0.5, -0.25]) == 0
    assert temporal_consistency([]) is None
    assert temporal_consistency([None, None]) is None


def test_it_is_the_mean_of_both_parts() -> None:
    trace = make_trace(
        epochs=make_epochs([1.0, 0.8, 0.7, 0.6, 0.5], kappas=[None, 0.0, 0.5, 0.6, 0.7]),
        groups=make_groups([(50, 0), (50, 50)]),
    )
    result = accuracy_consistency(trace)
    assert result.value == pytest.approx(0.3)
    assert result.components == {"temporal": pytest.approx(0.6), "split": 0.0, "split:class": 0.0}
    assert (result.status, result.n) == ("ok", 100)


def test_for_text_the_kinds_of_split_are_averaged() -> None:
    groups = make_groups([(50, 0), (50, 50)]) + make_groups([(25, 15)] * 4, kind="length")
    result = accuracy_consistency(make_trace(groups=groups))
    assert result.components["split:class"] == 0
    assert result.components["split:length"] == 1
    assert result.components["split"] == 0.5
    assert result.n == 100  # each row is in a group of either kind and counts once


def test_one_epoch_leaves_the_split_part() -> None:
    result = accuracy_consistency(make_trace(epochs=make_epochs([0.5])))
    assert (result.value, result.status) == (1.0, "partial")
    assert result.components["temporal"] is None
    assert result.reason == "fewer than two epochs to compare"


def test_without_groups_the_temporal_part_is_left() -> None:
    result = accuracy_consistency(make_trace(groups=()))
    assert (result.value, result.status) == (pytest.approx(0.9), "partial")
    assert result.reason == "fewer than two groups to compare"


def test_with_neither_it_is_not_measured() -> None:
    assert accuracy_consistency(make_trace(epochs=make_epochs([0.5]), groups=())).value is None


def test_the_first_epoch_has_no_predecessor() -> None:
    """A kappa that stands with epoch 1 by mistake is not a pair of epochs."""
    trace = make_trace(epochs=make_epochs([1.0, 0.5], kappas=[0.1, 0.9]))
    assert accuracy_consistency(trace).components["temporal"] == pytest.approx(0.9)


def test_a_constant_predictor_is_0() -> None:
    """It agrees with itself for ever; kappa, the class split and the skill gate each say 0."""
    always_3 = np.full(100, 3)
    kappa = cohen_kappa(always_3, always_3, classes=10)
    groups = make_groups([(100, 100 if i == 3 else 0) for i in range(10)])
    trace = make_trace(
        epochs=make_epochs([2.3] * 4, kappas=[None, kappa, kappa, kappa]), groups=groups, val_correct=100
    )
    result = accuracy_consistency(trace)
    assert result.components["temporal"] == 0
    assert result.components["split"] == pytest.approx(0, abs=1e-12)
    assert (result.value, result.status) == (0.0, "no skill")


group = st.integers(2, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(st.lists(group, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_bounded_and_blind_to_the_order_and_to_right_and_wrong(counts: list[tuple[int, int]], random) -> None:
    value = split_consistency(counts)
    assert value is not None and 0 <= value <= 1
    shuffled = random.sample(counts, len(counts))
    assert split_consistency(shuffled) == pytest.approx(value, abs=1e-6)
    flipped = [(n, n - correct) for n, correct in counts]
    assert split_consistency(flipped) == pytest.approx(value, abs=1e-6)
