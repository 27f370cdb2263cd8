"""Two settings together: a mean where there are trials, nothing where there are none."""

from __future__ import annotations

import pytest

from core.figures.contour import compute, draw
from core.search_space import search_space
from core.store import TrialRecord
from tests.figures.records import record

SPACE = search_space("image", (28, 28, 1))


def left_and_right() -> list[TrialRecord]:
    """Low scores at small learning rates, high ones at large, all at low dropout."""
    rates = (1e-4, 1e-4, 1e-4, 1e-2, 1e-2, 1e-2)
    return [
        record(
            n, total=0.2 if rate < 1e-3 else 0.8, params={"learning_rate": rate, "dropout": 0.0, "optimizer": "adam"}
        )
        for n, rate in enumerate(rates)
    ]


def test_the_colour_is_the_mean_of_the_trials_near_by_and_nothing_where_none_is() -> None:
    data = compute(left_and_right(), SPACE, "learning_rate", "dropout")
    assert data.grid[0][0] == pytest.approx(0.2) and data.grid[0][-1] == pytest.approx(0.8)
    assert data.grid[0][len(data.grid_x) // 2] is None  # no trial in the middle
    assert data.grid[-1][0] is None  # nor at high dropout
    assert (data.grid_x[0], data.grid_x[-1]) == (pytest.approx(1e-4), pytest.approx(1e-2))
    assert draw(data).data[0].type == "contour" and draw(data).layout.xaxis.type == "log"


def test_scores_of_one_choice_do_not_leak_into_another() -> None:
    data = compute(left_and_right(), SPACE, "learning_rate", "optimizer")
    assert len(data.grid) == 4
    assert data.grid[0][0] == pytest.approx(0.2)
    assert all(value is None for row in data.grid[1:] for value in row)
    assert draw(data).data[0].type == "heatmap"


def test_noise_is_averaged_and_not_drawn_as_hills() -> None:
    at = {"learning_rate": 1e-3, "dropout": 0.25}
    same = [record(n, total=0.4 + 0.2 * (n % 2), params=at) for n in range(6)]
    data = compute(same, SPACE, "learning_rate", "dropout")
    assert {round(value, 9) for row in data.grid for value in row if value is not None} == {0.5}


def test_pruned_trials_are_marked_but_colour_nothing_and_inactive_ones_are_absent() -> None:
    more = [
        *left_and_right(),
        record(6, "pruned", params={"learning_rate": 1e-3, "dropout": 0.5}),
        record(7, total=0.1, params={"learning_rate": 1e-3}),
    ]
    data = compute(more, SPACE, "learning_rate", "dropout")
    assert [point.number for point in data.points] == [0, 1, 2, 3, 4, 5, 6]
    assert data.grid[-1][len(data.grid_x) // 2] is None
    pruned = next(trace for trace in draw(data).data if trace.name == "Pruned")
    assert list(pruned.customdata) == [6]


def test_too_few_trials_or_the_same_setting_twice_are_answered() -> None:
    few = draw(compute(left_and_right()[:4], SPACE, "learning_rate", "dropout"))
    assert (
        few.layout.annotations[0].text
        == "Needs 5 completed trials with both settings;<br>so far there are 4. Add trials to see it."
    )
    same = draw(compute(left_and_right(), SPACE, "dropout", "dropout"))
    assert same.layout.annotations[0].text == "Choose two different settings"
