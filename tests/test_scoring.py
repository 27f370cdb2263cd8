from __future__ import annotations

import doctest
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.scoring
from core.config import ScoringWeights
from core.errors import InvalidInputError
from core.health import MetricResult
from core.records import from_json, to_json
from core.scoring import Score, effective_accuracy_share, score

NAMES = list(ScoringWeights().components())
EVEN = ScoringWeights(**{name: 1 / 6 for name in NAMES})
NONE_BUT_GRADIENTS = ScoringWeights(**{name: float(name == "gradient_health") for name in NAMES})


def results(**values: float | None) -> dict[str, MetricResult]:
    return {
        name: MetricResult(name=name, version=1, n=1, value=value)
        if value is not None
        else MetricResult(name=name, version=1, n=0, value=None, status="not measurable", reason="no data")
        for name, value in values.items()
    }


ALL = {
    "neuron_utilization": 1.0,
    "parameter_efficiency": 0.4,
    "training_stability": 0.5,
    "gradient_health": 0.8,
    "convergence_quality": 0.6,
    "accuracy_consistency": 0.9,
}


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(core.scoring).failed == 0


def test_exact_total() -> None:
    # 0.25·1 + 0.15·0.4 + 0.2·0.5 + 0.15·0.8 + 0.15·0.6 + 0.1·0.9 = 0.71
    result = score(0.9, results(**ALL), ScoringWeights())
    assert result.health == pytest.approx(0.71)
    assert result.total == pytest.approx(0.7 * 0.9 + 0.3 * 0.71)
    assert result.used == pytest.approx(
        {
            "accuracy": 0.7,
            "neuron_utilization": 0.075,
            "parameter_efficiency": 0.045,
            "training_stability": 0.06,
            "gradient_health": 0.045,
            "convergence_quality": 0.045,
            "accuracy_consistency": 0.03,
        }
    )
    assert (result.redistributed, result.note) == ((), None)


def test_an_unmeasured_component_leaves_its_weight_to_the_others_in_proportion() -> None:
    result = score(0.9, results(**ALL | {"neuron_utilization": None}), ScoringWeights())
    assert result.health == pytest.approx((0.71 - 0.25) / 0.75)
    assert result.used["neuron_utilization"] == 0
    assert result.used["training_stability"] == pytest.approx(0.3 * 0.2 / 0.75)
    assert result.used["training_stability"] / result.used["gradient_health"] == pytest.approx(0.2 / 0.15)
    assert result.redistributed == ("neuron_utilization",)
    assert result.note == "not measured: neuron_utilization; the others share the weight"


def test_a_component_that_is_absent_counts_as_unmeasured() -> None:
    absent = results(**{name: value for name, value in ALL.items() if name != "gradient_health"})
    null = results(**ALL | {"gradient_health": None})
    assert score(0.9, absent, ScoringWeights()) == score(0.9, null, ScoringWeights())


def test_a_measured_0_is_not_unmeasured() -> None:
    result = score(0.9, results(**ALL | {"neuron_utilization": 0.0}), ScoringWeights())
    assert result.health == pytest.approx(0.46)
    assert result.redistributed == ()


@pytest.mark.parametrize("health", [{}, results(**dict.fromkeys(NAMES))])
def test_with_nothing_measured_accuracy_counts_alone_and_the_note_says_so(health: dict[str, MetricResult]) -> None:
    result = score(0.8, health, ScoringWeights())
    assert (result.total, result.health) == (0.8, None)
    assert result.used == {"accuracy": 1.0, **dict.fromkeys(NAMES, 0.0)}
    assert result.redistributed == tuple(NAMES)
    assert "the total is the accuracy" in (result.note or "")


def test_with_weight_on_unmeasured_components_only_accuracy_counts_alone() -> None:
    result = score(0.8, results(**ALL | {"gradient_health": None}), NONE_BUT_GRADIENTS)
    assert (result.total, result.health, result.redistributed) == (0.8, None, ("gradient_health",))


def test_an_unmeasured_component_without_weight_is_not_missed() -> None:
    result = score(0.8, results(**ALL | {"neuron_utilization": None}), NONE_BUT_GRADIENTS)
    assert (result.health, result.redistributed, result.note) == (0.8, (), None)


def test_in_simple_mode_accuracy_is_the_total_and_health_is_still_shown() -> None:
    result = score(0.9, results(**ALL), replace(ScoringWeights(), accuracy=1.0))
    assert result.total == 0.9
    assert result.health == pytest.approx(0.71)
    assert result.used["accuracy"] == 1


def test_without_weight_on_accuracy_health_is_the_total() -> None:
    result = score(0.2, results(**ALL), replace(ScoringWeights(), accuracy=0.0))
    assert result.total == result.health == pytest.approx(0.71)


def test_a_metric_that_has_no_weight_changes_nothing() -> None:
    assert score(0.9, results(**ALL, new_metric=0.0), ScoringWeights()) == score(0.9, results(**ALL), ScoringWeights())


@pytest.mark.parametrize("accuracy", [-0.01, 1.01, float("nan"), float("inf")])
def test_an_impossible_accuracy_is_refused(accuracy: float) -> None:
    with pytest.raises(InvalidInputError, match="accuracy must be between 0 and 1"):
        score(accuracy, results(**ALL), ScoringWeights())


unit = st.floats(0, 1)
proportions = st.lists(st.integers(0, 20), min_size=6, max_size=6).filter(any)


@st.composite
def weightings(draw: st.DrawFn) -> ScoringWeights:
    parts = draw(proportions)
    return ScoringWeights(accuracy=draw(unit), **{n: p / sum(parts) for n, p in zip(NAMES, parts, strict=True)})


@given(unit, st.lists(st.none() | unit, min_size=6, max_size=6), weightings())
def test_the_parts_make_up_the_total(accuracy: float, values: list[float | None], weights: ScoringWeights) -> None:
    result = score(accuracy, results(**dict(zip(NAMES, values, strict=True))), weights)
    assert 0 <= result.total <= 1
    assert sum(result.used.values()) == pytest.approx(1)
    parts = {"accuracy": accuracy, **{n: v or 0.0 for n, v in zip(NAMES, values, strict=True)}}
    assert result.total == pytest.approx(sum(share * parts[name] for name, share in result.used.items()), abs=1e-9)
    assert all(result.used[name] == 0 for name in result.redistributed)
    assert from_json(Score, to_json(result)) == result


@given(unit, st.lists(unit, min_size=6, max_size=6), weightings(), st.integers(0, 5), unit)
def test_better_health_never_lowers_the_total(
    accuracy: float, values: list[float], weights: ScoringWeights, index: int, other: float
) -> None:
    low, high = list(values), list(values)
    low[index], high[index] = sorted((values[index], other))
    totals = [score(accuracy, results(**dict(zip(NAMES, v, strict=True))), weights).total for v in (low, high)]
    assert totals[0] <= totals[1] + 1e-12


def test_effective_share_by_hand() -> None:
    # totals 0.7·acc + 0.3·h: accuracy part spans 0.07, health part 0.21, perfectly correlated: 0.07 / 0.28
    assert effective_accuracy_share([0.8, 0.9], [0.1, 0.8], ScoringWeights()) == pytest.approx(0.25)


def test_uncorrelated_parts_share_by_their_variances() -> None:
    accuracies, healths = [0.8, 0.9, 0.8, 0.9], [0.4, 0.4, 0.6, 0.6]
    # variances (0.07/2)² and (0.06/2)²
    expected = 0.07**2 / (0.07**2 + 0.06**2)
    assert effective_accuracy_share(accuracies, healths, ScoringWeights()) == pytest.approx(expected)


def test_nominal_30_percent_health_can_decide_nearly_everything() -> None:
    rng = np.random.default_rng(0)
    share = effective_accuracy_share(
        list(rng.uniform(0.98, 0.99, 200)), list(rng.uniform(0.3, 0.8, 200)), ScoringWeights()
    )
    assert share is not None and share < 0.1


def test_effective_share_at_the_extremes() -> None:
    accuracies, healths = [0.5, 0.7, 0.9], [0.9, 0.2, 0.4]
    assert effective_accuracy_share(accuracies, healths, ScoringWeights(accuracy=1.0)) == pytest.approx(1)
    assert effective_accuracy_share(accuracies, healths, ScoringWeights(accuracy=0.0)) == pytest.approx(0)
    assert effective_accuracy_share(accuracies, [None] * 3, ScoringWeights()) == pytest.approx(1)
    # opposite directions: accuracy part +0.07, health part -0.03
    assert effective_accuracy_share([0.8, 0.9], [0.5, 0.4], ScoringWeights()) == pytest.approx(0.07 / 0.04)


def test_effective_share_agrees_with_the_scores_it_speaks_of() -> None:
    """Trials with and without health: the variance it divides is that of the totals `score` gives."""
    health = results(**ALL)
    scores = [score(0.9, health, ScoringWeights()), score(0.6, {}, ScoringWeights()), score(0.8, health, EVEN)]
    weights = ScoringWeights()
    healths = [s.health for s in scores]
    totals = [s.accuracy if s.health is None else 0.7 * s.accuracy + 0.3 * s.health for s in scores]
    parts = [s.accuracy if s.health is None else 0.7 * s.accuracy for s in scores]
    assert effective_accuracy_share([s.accuracy for s in scores], healths, weights) == pytest.approx(
        np.cov(parts, totals)[0, 1] / np.var(totals, ddof=1)
    )


@pytest.mark.parametrize(
    ("accuracies", "healths"), [([], []), ([0.9], [0.5]), ([0.9, 0.9], [0.5, 0.5]), ([0.1 + 0.2, 0.3], [0.5, 0.5])]
)
def test_without_variance_there_is_no_share(accuracies: list[float], healths: list[float | None]) -> None:
    assert effective_accuracy_share(accuracies, healths, ScoringWeights()) is None


def test_effective_share_refuses_lists_of_different_length() -> None:
    with pytest.raises(InvalidInputError, match="one health per accuracy"):
        effective_accuracy_share([0.9, 0.8], [0.5], ScoringWeights())
