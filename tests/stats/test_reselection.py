from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import ScoringWeights
from core.errors import InvalidInputError
from core.health.result import MetricResult
from core.scoring import score
from core.stats import RunTrials, reselection_curve, select

trials = st.lists(
    st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 20))), min_size=1, max_size=12
)  # coarse, so that ties happen


@given(trials, st.sampled_from([0, 0.05, 0.3, 0.5, 0.7, 0.95, 1]))
def test_selects_what_the_scoring_of_trials_would(values: list[tuple[int, int | None]], weight: float) -> None:
    accuracy = [a / 20 for a, _ in values]
    health = [None if h is None else h / 20 for _, h in values]
    totals = [total(a, h, weight) for a, h in zip(accuracy, health, strict=True)]
    best = max(range(len(totals)), key=totals.__getitem__)  # the earliest of equals
    assert select(RunTrials(accuracy=accuracy, health=health, outcome=accuracy), [weight]) == (best,)


def total(accuracy: float, health: float | None, weight: float) -> float:
    weights = ScoringWeights(
        accuracy=weight,
        neuron_utilization=1.0,
        parameter_efficiency=0,
        training_stability=0,
        gradient_health=0,
        convergence_quality=0,
        accuracy_consistency=0,
    )
    measured = MetricResult(name="neuron_utilization", value=health, n=1, version=1) if health is not None else None
    return score(accuracy, {"neuron_utilization": measured} if measured else {}, weights).total


def planted(runs: int, seed: int) -> list[RunTrials]:
    """Runs in which health tells the outcome and validation accuracy is mostly noise."""
    rng = np.random.default_rng(seed)
    made = []
    for level in rng.normal(0.8, 0.05, runs):  # runs differ far more than trials do
        quality = rng.uniform(0, 1, 25)
        made.append(
            RunTrials(
                accuracy=np.clip(level + rng.normal(0, 0.02, 25), 0, 1).tolist(),
                health=quality.tolist(),
                outcome=(level + 0.02 * quality).tolist(),
            )
        )
    return made


def test_a_planted_use_of_health_is_found_and_shows_in_the_gain() -> None:
    curve = reselection_curve(planted(10, 0), seed=1)
    assert len(curve.weights) == len(curve.outcome) == len(curve.gain) == 21
    assert curve.gain[0] > 0.005 and curve.gain_low[0] > 0
    assert curve.gain[-1] == curve.gain_low[-1] == curve.gain_high[-1] == 0 and curve.changed[-1] == 0
    widths = np.array([curve.high[0] - curve.low[0], curve.gain_high[0] - curve.gain_low[0]])
    assert widths[1] < widths[0] / 4  # the spread between runs cancels
    assert all(low <= mean <= high for low, mean, high in zip(curve.low, curve.outcome, curve.high, strict=True))


def test_a_useless_health_shows_no_gain() -> None:
    rng, outside = np.random.default_rng(4), 0
    for study in range(200):
        runs = [
            RunTrials(accuracy=rng.random(10).tolist(), health=rng.random(10).tolist(), outcome=rng.random(10).tolist())
            for _ in range(10)
        ]
        curve = reselection_curve(runs, seed=study, weights=[0.3], resamples=500)
        outside += not curve.gain_low[0] <= 0 <= curve.gain_high[0]
    assert outside / 200 <= 0.13  # the percentile band of 10 runs is known to be too narrow: about 9 % for 5 %


def test_without_health_every_weight_selects_by_accuracy() -> None:
    run = RunTrials(accuracy=[0.7, 0.9, 0.9], health=[None] * 3, outcome=[0.1, 0.2, 0.3])
    curve = reselection_curve([run, run], seed=0)
    assert set(curve.outcome) == {0.2} and set(curve.gain) == {0.0} and set(curve.changed) == {0}


def test_the_band_repeats_with_its_seed_and_needs_2_runs() -> None:
    runs = planted(5, 1)
    assert reselection_curve(runs, seed=3) == reselection_curve(runs, seed=3)
    assert reselection_curve(runs, seed=3).low != reselection_curve(runs, seed=4).low
    one = reselection_curve(runs[:1], seed=3)
    assert (one.low, one.gain_high, one.note) == (None, None, "a band needs at least 2 runs, got 1")


@pytest.mark.parametrize(
    ("accuracy", "health", "outcome", "message"),
    [
        ([], [], [], "at least 1 trial"),
        ([0.5], [0.5, 0.6], [0.5], r"one value for each .* got \(1, 2, 1\); leave out"),
        ([1.5], [0.5], [0.5], r"accuracy must be between 0 and 1, got 1\.5 to 1\.5"),
        ([0.5], [-0.5], [0.5], "health must be between 0 and 1"),
        ([0.5], [0.5], [float("nan")], "outcome must be finite numbers"),
    ],
)
def test_nonsense_trials_are_refused(accuracy: list, health: list, outcome: list, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        RunTrials(accuracy=accuracy, health=health, outcome=outcome)


def test_nonsense_weights_and_no_runs_are_refused() -> None:
    run = RunTrials(accuracy=[0.5], health=[0.5], outcome=[0.5])
    with pytest.raises(InvalidInputError, match="accuracy weights must be between 0 and 1, got 70"):
        reselection_curve([run], seed=0, weights=[70])
    with pytest.raises(InvalidInputError, match="runs must be at least 1, got 0"):
        reselection_curve([], seed=0)
