"""Every run as a point: exact means and intervals, partners joined, equal points apart."""

from __future__ import annotations

import pytest

from core.figures.study_distribution import compute, draw
from core.stats import mean_interval

FIRST = {0: 0.90, 1: 0.92, 2: 0.92}
SECOND = {0: 0.91, 2: 0.95}


def test_points_means_and_partners() -> None:
    data = compute({"accuracy_only": FIRST, "health_aware": SECOND})
    first, second = data.modes
    assert (first.pairs, first.values) == ((0, 1, 2), (0.90, 0.92, 0.92))
    assert first.mean == mean_interval([0.90, 0.92, 0.92])
    assert second.mean.mean == pytest.approx(0.93)
    assert (second.mean.low, second.mean.high) == (None, None)  # of two runs it would reach from 68 to 118 %
    assert data.partners == [0, 2]


def test_equal_points_lie_side_by_side_and_others_in_line() -> None:
    first, second = compute({"accuracy_only": FIRST, "health_aware": SECOND}).modes
    assert first.offsets[0] == 0 and first.offsets[1] == -first.offsets[2] != 0
    assert second.offsets == (0, 0)


def test_twenty_equal_points_stay_clear_of_the_mean() -> None:
    same = dict.fromkeys(range(20), 0.9)
    first = compute({"accuracy_only": same, "health_aware": same}).modes[0]
    assert len(set(first.offsets)) == 20 and max(first.offsets) < 0.25


def test_the_figure_joins_partners_and_draws_the_interval() -> None:
    figure = draw(compute({"accuracy_only": FIRST, "health_aware": SECOND}), "Test (%)")
    lines, _, first_mean, _, _ = figure.data
    assert list(lines.y) == [90.0, 91.0, None, 92.0, 95.0, None]
    found = mean_interval(list(FIRST.values()))
    assert found.high is not None and found.mean is not None
    assert first_mean.error_y.array[0] == pytest.approx(100 * (found.high - found.mean))
    assert list(figure.layout.xaxis.ticktext) == ["Accuracy-only<br>n = 3", "Health-aware<br>n = 2"]
    assert figure.data[1].marker.symbol != figure.data[3].marker.symbol  # not told apart by colour alone


def test_a_single_run_has_no_interval_and_none_says_so() -> None:
    figure = draw(compute({"accuracy_only": {0: 0.9}, "health_aware": {}}), "Test (%)")
    assert figure.data[2].error_y.array is None
    empty = draw(compute({"accuracy_only": {}, "health_aware": {}}), "Test (%)")
    assert empty.layout.annotations[0].text == "No run has a network yet"
