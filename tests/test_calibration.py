"""Calibration against scikit-learn, scipy, cases worked by hand, and models whose calibration is known."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

import core.calibration
from core.calibration import (
    at_temperature,
    calibration_error,
    error_floor,
    fit_temperature,
    mass_bins,
    reliability,
    row_brier,
    row_losses,
    separation,
    width_bins,
)
from tests.analyses import worlds

RNG = np.random.default_rng(1)
P, Y = worlds.calibrated(RNG, 3000)
SURE, RIGHT = P.max(axis=1), P.argmax(axis=1) == Y


def ece(confidence: np.ndarray, right: np.ndarray, members: np.ndarray) -> float:
    return calibration_error(reliability(confidence, right, members))


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(core.calibration).failed == 0


def test_proper_scores_are_those_of_scikit_learn() -> None:
    assert row_losses(P, Y).mean() == pytest.approx(log_loss(Y, P, labels=range(10)), abs=1e-12)
    assert row_brier(P, Y).mean() == pytest.approx(brier_score_loss(Y, P, labels=range(10), scale_by_half=False))
    two, labels = P[:, :2] / P[:, :2].sum(axis=1, keepdims=True), Y % 2
    assert row_losses(two, labels).mean() == pytest.approx(log_loss(labels, two))
    assert row_brier(two, labels).mean() / 2 == pytest.approx(brier_score_loss(labels, two[:, 1]))


def test_scores_do_not_change_the_probabilities() -> None:
    before = P.copy()
    row_brier(P, Y)
    at_temperature(P, 2.0)
    assert np.array_equal(P, before)


def test_a_certain_mistake_costs_much_but_not_infinitely() -> None:
    found = row_losses(np.array([[1.0, 0.0]], np.float32), np.array([1]))
    assert found[0] == pytest.approx(87.3365, abs=1e-3)
    assert row_losses(np.array([[1.0, 0.0]], np.float32), np.array([0]))[0] == 0.0


def test_all_sure_and_half_right_is_an_error_of_a_half() -> None:
    """A last bin without its upper end loses these rows and reports 0."""
    sure, right = np.ones(1000), np.arange(1000) < 500
    for members in (width_bins(sure), mass_bins(sure)):
        assert ece(sure, right, members) == 0.5
    assert ece(np.ones(1000, np.float32).astype(float), right, width_bins(sure)) == 0.5


def test_bins_are_those_of_scikit_learn() -> None:
    for members, strategy, bins in ((mass_bins(SURE), "quantile", 15), (width_bins(SURE), "uniform", 10)):
        accuracies, confidences = calibration_curve(RIGHT, SURE, n_bins=bins, strategy=strategy)
        found = reliability(SURE, RIGHT, members)
        assert [one.accuracy for one in found] == pytest.approx(accuracies)
        assert [one.confidence for one in found] == pytest.approx(confidences)
        assert sum(one.n for one in found) == 3000


def test_the_error_by_a_plain_loop() -> None:
    for bins in (10, 7):
        expected = 0.0
        for place in range(bins):
            low, high = place / bins, (place + 1) / bins
            inside = (low <= SURE) & ((high > SURE) if place < bins - 1 else (high >= SURE))
            if inside.any():
                expected += inside.mean() * abs(RIGHT[inside].mean() - SURE[inside].mean())
        assert ece(SURE, RIGHT, width_bins(SURE, bins)) == pytest.approx(expected, abs=1e-12)


def test_bins_of_equal_mass_hold_as_many_rows_and_keep_ties_together() -> None:
    assert np.ptp(np.bincount(mass_bins(SURE))) <= 1
    assert np.ptp(np.bincount(mass_bins(SURE[:1004]))) <= 1
    half = np.full(1000, 0.5)
    right = np.arange(1000) < 500  # sorted: bins cut through the ties would each be all right or all wrong
    assert ece(half, right, mass_bins(half)) == 0.0


def test_separation_is_the_area_under_the_curve() -> None:
    assert separation(SURE, RIGHT) == pytest.approx(roc_auc_score(RIGHT, SURE))
    coarse = SURE.round(1)
    assert separation(coarse, RIGHT) == pytest.approx(roc_auc_score(RIGHT, coarse))
    assert separation(np.full(20, 0.9), np.arange(20) < 15) == 0.5
    assert separation(SURE, np.ones(3000, bool)) is None and separation(SURE, np.zeros(3000, bool)) is None


@pytest.mark.parametrize("truth", [0.5, 1.0, 1.3, 3.0])
def test_the_temperature_is_found_that_was_put_in(truth: float) -> None:
    said = worlds.at_temperature(P, 1 / truth)  # T below 1 makes sure of itself
    found = fit_temperature(said, Y)
    assert found == pytest.approx(truth, rel=0.05)

    def loss(log_temperature: float) -> float:
        return float(row_losses(at_temperature(said, np.exp(log_temperature)), Y).mean())

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9})
    assert np.log(found) == pytest.approx(best.x, abs=1e-5)
    assert loss(np.log(found)) <= loss(0.0) + 1e-12
    assert np.array_equal(at_temperature(said, found).argmax(axis=1), said.argmax(axis=1))


def test_at_temperature_one_nothing_changes_also_in_float32() -> None:
    said = P.astype(np.float32)
    assert at_temperature(said, 1.0) == pytest.approx(said, abs=1e-6)
    certain = np.eye(3, dtype=np.float32)
    assert at_temperature(certain, 1.0) == pytest.approx(certain, abs=1e-30)


def test_there_is_no_best_temperature_where_all_is_right_or_nothing_is() -> None:
    assert fit_temperature(P, P.argmax(axis=1)) is None
    assert fit_temperature(P, P.argmin(axis=1)) is None
    assert fit_temperature(P[:0], Y[:0]) is None


def test_the_floor_is_what_calibrated_models_show() -> None:
    """Measured on answers drawn here, class by class, and not by the function itself."""
    shown = {"mass": [], "width": []}
    members = {"mass": mass_bins(SURE), "width": width_bins(SURE)}
    for _ in range(400):
        chosen = (P.cumsum(axis=1) < RNG.random((3000, 1))).sum(axis=1)
        for name, which in members.items():
            shown[name].append(ece(SURE, P.argmax(axis=1) == chosen, which))
    for name, which in members.items():
        floor = error_floor(SURE, which, seed=3)
        assert floor.mean == pytest.approx(np.mean(shown[name]), rel=0.05)
        assert floor.high == pytest.approx(np.quantile(shown[name], 0.95), rel=0.08)
        assert floor == error_floor(SURE, which, seed=3) != error_floor(SURE, which, seed=4)
        inside = [
            low <= one.accuracy <= high
            for one, (low, high) in zip(reliability(SURE, RIGHT, which), floor.bands, strict=True)
        ]
        assert np.mean(inside) >= 0.7


def test_the_floor_tells_calibrated_models_from_overconfident_ones() -> None:
    def above(temperature: float) -> int:
        """Of 100 models, how many show more than the floor."""
        count = 0
        for seed in range(100):
            truth, labels = worlds.calibrated(np.random.default_rng(seed), 800)
            said = worlds.at_temperature(truth, temperature)
            sure, right = said.max(axis=1), said.argmax(axis=1) == labels
            members = mass_bins(sure)
            count += ece(sure, right, members) > error_floor(sure, members, seed=seed, draws=200).high
        return count

    assert 1 <= above(1.0) <= 11  # 5 on average
    assert above(1 / 1.6) == 100


def test_certainty_leaves_nothing_to_chance() -> None:
    floor = error_floor(np.ones(50), width_bins(np.ones(50)), seed=1)
    assert (floor.mean, floor.high, floor.bands) == (0.0, 0.0, ((1.0, 1.0),))
