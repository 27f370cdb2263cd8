from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import ScoringWeights
from core.health import MetricResult
from core.scoring import effective_accuracy_share, score
from core.store import TrialRecord
from core.whatif import measurements, rank
from tests.figures.records import record

NAMES = list(ScoringWeights().components())
unit = st.floats(0, 1)


@st.composite
def weightings(draw: st.DrawFn) -> ScoringWeights:
    parts = draw(st.lists(st.integers(0, 20), min_size=6, max_size=6).filter(any))
    return ScoringWeights(accuracy=draw(unit), **{n: p / sum(parts) for n, p in zip(NAMES, parts, strict=True)})


@st.composite
def some_trials(draw: st.DrawFn) -> list[TrialRecord]:
    rows = draw(st.lists(st.tuples(unit, st.lists(st.none() | unit, min_size=6, max_size=6)), min_size=1, max_size=8))
    return [
        record(number, accuracy=accuracy, components=dict(zip(NAMES, values, strict=True)))
        for number, (accuracy, values) in enumerate(rows)
    ]


def by_the_rule(trial: TrialRecord, weights: ScoringWeights) -> tuple[float, float | None]:
    """What `core.scoring.score` says."""
    health = {
        name: MetricResult(name=name, version=1, n=1, value=value)
        for name, value in trial.components.items()
        if value is not None
    }
    assert trial.accuracy is not None
    result = score(trial.accuracy, health, weights)
    return result.total, result.health


@given(some_trials(), weightings())
def test_totals_and_healths_are_those_of_the_scoring_rule(trials: list[TrialRecord], weights: ScoringWeights) -> None:
    ranking = rank(measurements(trials), weights)
    for row, trial in enumerate(trials):
        total, health = by_the_rule(trial, weights)
        assert ranking.totals[row] == pytest.approx(total, abs=1e-12)
        if health is None:
            assert np.isnan(ranking.healths[row])
        else:
            assert ranking.healths[row] == pytest.approx(health, abs=1e-12)
    healths = [by_the_rule(trial, weights)[1] for trial in trials]
    wanted = effective_accuracy_share([trial.accuracy or 0.0 for trial in trials], healths, weights)
    if np.ptp(ranking.totals) > 1e-3:  # a share of next to no variance is all rounding
        assert ranking.accuracy_share == pytest.approx(wanted, abs=1e-6)


@given(some_trials(), weightings())
def test_places_run_from_1_and_follow_the_totals(trials: list[TrialRecord], weights: ScoringWeights) -> None:
    ranking = rank(measurements(trials), weights)
    assert sorted(ranking.places) == list(range(1, len(trials) + 1))
    totals = [round(ranking.totals[row], 12) for row in ranking.best_first()]
    assert totals == sorted(totals, reverse=True)


def two() -> list[TrialRecord]:
    """An accurate trial and a healthy one."""
    return [
        record(0, accuracy=0.95, components=dict.fromkeys(NAMES, 0.2)),
        record(1, accuracy=0.90, components=dict.fromkeys(NAMES, 0.8)),
    ]


def test_the_winner_follows_the_weights() -> None:
    measured = measurements(two())
    assert rank(measured, ScoringWeights(accuracy=1.0)).winner == 0
    healthy = rank(measured, ScoringWeights(accuracy=0.7))
    assert healthy.winner == 1  # 0.7·0.95 + 0.3·0.2 = 0.725 against 0.7·0.9 + 0.3·0.8 = 0.87
    assert healthy.totals.tolist() == pytest.approx([0.725, 0.87])


def test_of_equal_totals_the_earlier_trial_is_ahead() -> None:
    same = record(0, accuracy=0.9, components=dict.fromkeys(NAMES, 0.5))
    ranking = rank(measurements([same, replace(same, number=1)]), ScoringWeights())
    assert (ranking.winner, ranking.places.tolist(), ranking.accuracy_share) == (0, [1, 2], None)


def test_only_completed_trials_within_the_budgets_can_win() -> None:
    first, second = two()
    outside = [
        record(2, "pruned", accuracy=1.0),
        record(3, "failed"),
        replace(second, number=4, feasible=False, accuracy=1.0),
    ]
    assert measurements([first, *outside, second]).numbers == (0, 1)


def test_without_trials_there_is_no_winner() -> None:
    ranking = rank(measurements([]), ScoringWeights())
    assert (ranking.winner, ranking.best_first(), ranking.accuracy_share) == (None, [], None)


def test_a_thousand_trials_stand_in_the_order_of_their_totals() -> None:
    rows = np.random.default_rng(7).random((1000, 7)).tolist()
    trials = [
        record(number, accuracy=accuracy, components=dict(zip(NAMES, values, strict=True)))
        for number, (accuracy, *values) in enumerate(rows)
    ]
    weights = ScoringWeights()
    shares = weights.components().values()
    totals = [
        weights.accuracy * accuracy + weights.health * sum(a * b for a, b in zip(shares, values, strict=True))
        for accuracy, *values in rows
    ]
    ranking = rank(measurements(trials), weights)
    assert ranking.best_first() == sorted(range(1000), key=lambda row: -totals[row])
    assert ranking.totals.tolist() == pytest.approx(totals)
