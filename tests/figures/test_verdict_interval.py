"""The difference against what would matter."""

from __future__ import annotations

import pytest

from core.figures.verdict_interval import compute, draw


def procedure(mean: float | None, low: float | None, high: float | None) -> dict[str, object]:
    return {"difference": {"mean": mean, "low": low, "high": high}, "sesoi": 0.005}


def test_numbers_are_points_and_the_axis_holds_them_all() -> None:
    data = compute(procedure(0.02, 0.01, 0.03))
    assert (data.mean, data.low, data.high, data.bound) == pytest.approx((2.0, 1.0, 3.0, 0.5))
    assert data.reach > 3.0
    assert compute(procedure(0.0, -0.001, 0.001)).reach > 0.5  # the zone is always seen


def test_the_zone_and_the_interval_are_drawn() -> None:
    figure = draw(compute(procedure(0.02, 0.01, 0.03)))
    zone = figure.layout.shapes[0]
    assert (zone.x0, zone.x1) == (-0.5, 0.5)
    assert figure.data[0].error_x.array[0] == pytest.approx(1.0)


def test_without_an_interval_the_mean_stands_alone() -> None:
    assert draw(compute(procedure(0.0, None, None))).data[0].error_x.array is None
    assert not draw(compute(procedure(None, None, None))).data
