"""The curve over the accuracy weight, as accuracies and as gain."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from core.figures.reselection import compute, draw
from core.stats import RunTrials, reselection_curve

RUN = RunTrials(accuracy=[0.9, 0.8], health=[0.5, 0.7], outcome=[0.85, 0.75])


def curve(*runs: RunTrials) -> dict[str, Any]:
    return asdict(reselection_curve(runs, seed=0, weights=[0.0, 0.9, 1.0]))


def test_values_and_band_are_those_of_what_is_shown() -> None:
    stored = curve(RUN, replace(RUN, outcome=[0.87, 0.75]))
    data = compute(stored, "outcome", 0.7)
    assert data.values == pytest.approx((0.75, 0.86, 0.86)) and data.low == stored["low"]
    gain = compute(stored, "gain", 0.7)
    assert gain.values == pytest.approx((-0.11, 0.0, 0.0)) and gain.high == stored["gain_high"]
    assert gain.changed == (2, 0, 0)


def test_the_figure_has_a_band_the_curve_and_the_studys_weight() -> None:
    figure = draw(compute(curve(RUN, RUN), "gain", 0.7))
    names = ["95 % band over pairs", "mean of 2 pairs", "weight of this study"]
    assert [trace.name for trace in figure.data[1:]] == names
    assert list(figure.data[2].y) == pytest.approx([-10.0, 0.0, 0.0])
    assert list(figure.data[3].x) == [0.7, 0.7]


def test_one_pair_has_no_band() -> None:
    assert len(draw(compute(curve(RUN), "outcome", 0.7)).data) == 2
