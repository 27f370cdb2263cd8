"""What the statistics do over thousands of studies of which the truth is known."""

from __future__ import annotations

from collections import Counter
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import ttest_ind

from core.stats import (
    Verdict,
    detectable_effect,
    holm,
    mean_interval,
    paired_interval,
    permutation_test,
    power,
    superiority,
    tost,
    unpaired_superiority,
    verdict,
    wilcoxon_test,
)

STUDIES, RUNS = 4000, 10


def pairs(effect: float, sd: float, seed: int, studies: int = STUDIES, runs: int = RUNS) -> tuple[np.ndarray, ...]:
    """Accuracies of both modes: `sd` is that of the differences; the spread between runs, which cancels, is larger."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.9, 0.02, (studies, runs))
    a, b = common + rng.normal(0, sd / np.sqrt(2), (2, studies, runs))
    return a, b + effect


def judged(a: np.ndarray, b: np.ndarray, sesoi: float) -> Verdict:
    return verdict(paired_interval(a, b), tost(a, b, sesoi=sesoi), permutation_test(a, b).p)


def shares(a: np.ndarray, b: np.ndarray, sesoi: float = 0.005) -> dict[str, float]:
    found = Counter(judged(*halves, sesoi).outcome for halves in zip(a, b, strict=True))
    return {name: found[name] / len(a) for name in ("better", "worse", "equivalent", "undecided")}


def test_the_t_interval_covers_the_mean_in_95_of_100_studies() -> None:
    a, _ = pairs(0, 0.01, seed=1)
    found = [mean_interval(study) for study in a]
    assert 0.94 <= np.mean([one.low < 0.9 < one.high for one in found]) <= 0.96
    normal = [1.96 * one.sd / np.sqrt(RUNS) for one in found]
    assert np.mean([abs(one.mean - 0.9) < half for one, half in zip(found, normal, strict=True)]) < 0.93


def test_the_paired_interval_covers_the_difference_in_95_of_100_studies() -> None:
    found = [paired_interval(*halves) for halves in zip(*pairs(0.004, 0.01, seed=2), strict=True)]
    assert 0.94 <= np.mean([one.low < 0.004 < one.high for one in found]) <= 0.96


@pytest.mark.parametrize("runs", [6, 10])
def test_false_positives_of_the_paired_tests_keep_to_5_of_100(runs: int) -> None:
    a, b = pairs(0, 0.01, seed=3, runs=runs)
    for test in (permutation_test, wilcoxon_test):
        assert np.mean([test(*halves).p < 0.05 for halves in zip(a, b, strict=True)]) <= 0.055


def test_5_pairs_are_never_significant() -> None:
    a, b = pairs(0.1, 0.001, seed=4, studies=200, runs=5)
    assert all(permutation_test(*halves).p >= 0.05 for halves in zip(a, b, strict=True))


def test_skewed_differences_keep_to_5_of_100_too() -> None:
    """Symmetric under the null hypothesis, as swapping the modes makes them, but with heavy tails."""
    rng = np.random.default_rng(5)
    a, b = 0.95 - 0.01 * rng.exponential(1, (2, STUDIES, RUNS))
    assert np.mean([permutation_test(*halves).p < 0.05 for halves in zip(a, b, strict=True)]) <= 0.055


@pytest.mark.parametrize(("sd", "most"), [(0.003, 0.0), (0.006, 0.001), (0.01, 0.003), (0.02, 0.02)])
def test_under_the_null_hypothesis_a_winner_is_all_but_never_named(sd: float, most: float) -> None:
    found = shares(*pairs(0, sd, seed=6))
    assert found["better"] + found["worse"] <= most


def test_under_the_null_hypothesis_even_without_a_sesoi_a_winner_is_rare() -> None:
    found = shares(*pairs(0, 0.01, seed=7), sesoi=1e-9)
    assert found["better"] + found["worse"] <= 0.055
    assert found["equivalent"] == 0


def test_a_precise_null_is_called_equivalent_and_a_vague_one_is_not() -> None:
    assert shares(*pairs(0, 0.003, seed=8, studies=1000))["equivalent"] > 0.95
    assert shares(*pairs(0, 0.02, seed=8, studies=1000))["equivalent"] < 0.05


def test_a_difference_of_the_sesoi_is_rarely_called_equivalent() -> None:
    for effect in (0.005, -0.005):
        assert shares(*pairs(effect, 0.006, seed=9))["equivalent"] <= 0.055


def test_a_planted_difference_is_found() -> None:
    found = shares(*pairs(0.015, 0.006, seed=10, studies=1000))
    assert found["better"] > 0.95 and found["worse"] == 0
    assert shares(*pairs(-0.015, 0.006, seed=11, studies=1000))["worse"] > 0.95


@pytest.mark.parametrize("runs", [6, 10, 20])
def test_the_detectable_effect_is_detected_in_4_of_5_studies(runs: int) -> None:
    effect = detectable_effect(runs, sd=0.01).difference
    found = [paired_interval(*halves) for halves in zip(*pairs(effect, 0.01, seed=12, runs=runs), strict=True)]
    assert np.mean([one.low > 0 or one.high < 0 for one in found]) == pytest.approx(0.8, abs=0.02)


def test_the_permutation_test_has_nearly_the_power_of_the_t_test() -> None:
    a, b = pairs(0.01, 0.01, seed=13)
    found = np.mean([permutation_test(*halves).p < 0.05 for halves in zip(a, b, strict=True)])
    assert found == pytest.approx(power(RUNS, 1.0), abs=0.03)


@pytest.mark.parametrize(("d", "percent"), [(0.5, 19), (0.8, 39), (1.0, 56), (1.5, 89)])
def test_the_power_of_welchs_test_is_that_of_the_reference(d: float, percent: int) -> None:
    """And that of `power`, which assumes equal spreads and so has no need of Welch's degrees of freedom."""
    rng = np.random.default_rng(14)
    a, b = rng.standard_normal((2, 20_000, RUNS))
    found = np.mean(ttest_ind(a, b + d, axis=1, equal_var=False).pvalue < 0.05)
    assert 100 * found == pytest.approx(percent, abs=1.2)
    assert found == pytest.approx(power(RUNS, d, design="unpaired"), abs=0.012)


def test_holm_keeps_the_family_of_5_claims_to_5_of_100() -> None:
    a, b = pairs(0, 0.01, seed=15, studies=10_000)
    p_values = np.array([permutation_test(*halves).p for halves in zip(a, b, strict=True)]).reshape(-1, 5)
    assert np.mean([min(holm(family)) < 0.05 for family in p_values]) <= 0.06  # 2,000 families: 1 standard error 0.5 %
    assert np.mean(p_values.min(axis=1) < 0.05) > 0.2  # what would happen without


def test_the_intervals_of_superiority_cover() -> None:
    covered = []
    for seed, effect in enumerate((0, 0.002, 0.005, 0.008, 0.011)):
        truth = NormalDist().cdf(effect / 0.01)
        found = [superiority(*halves) for halves in zip(*pairs(effect, 0.01, seed), strict=True)]
        covered.append(np.mean([one.low <= truth <= one.high for one in found]))
    assert min(covered) > 0.9 and np.mean(covered) > 0.945  # 11 possible counts: it cannot be 95 % everywhere
    rng = np.random.default_rng(17)
    x, y = rng.standard_normal((2, STUDIES, RUNS))
    unpaired = [unpaired_superiority(*halves) for halves in zip(x, y, strict=True)]
    assert np.mean([one.low is None or one.low <= 0.5 <= one.high for one in unpaired]) == pytest.approx(
        0.95, abs=0.015
    )
