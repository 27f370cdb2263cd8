"""Accuracy against cost: the data is asserted, the drawing only rendered."""

from __future__ import annotations

from core.figures.trial_scatter import compute, draw, log_ticks
from tests.figures.records import record

TRIALS = [
    record(0, total=0.9, accuracy=0.9, parameters=1000, seconds=5.0),
    record(1, total=0.8, accuracy=0.8, parameters=2000, seconds=1.0),  # larger and worse, but faster
    record(2, total=1.0, accuracy=1.0, parameters=90_000, seconds=9.0),
    record(3, total=1.0, accuracy=1.0, parameters=10, feasible=False),
    record(4, "pruned", accuracies={1: 0.9}),
    record(5, total=0.9, accuracy=0.9),  # no size known
]


def test_the_front_holds_what_nothing_smaller_beats_and_no_trial_over_a_budget() -> None:
    data = compute(TRIALS, best=2)
    assert [(point.number, point.role, point.front) for point in data.points] == [
        (0, "completed", True),
        (1, "completed", False),
        (2, "best", True),
        (3, "over budget", False),
    ]
    assert [point.number for point in compute(TRIALS, best=2, across="seconds").points if point.front] == [0, 1, 2]


def test_no_error_at_all_is_drawn_as_half_a_row_so_that_a_log_axis_holds_it() -> None:
    data = compute(TRIALS, best=2, rows=100)
    assert data.error(data.points[2]) == 0.005
    figure = draw(data, log_error=True)
    assert figure.layout.yaxis.type == "log"
    assert min(y for trace in figure.data for y in trace.y) == 0.005


def test_marks_carry_their_trial_and_selected_ones_are_ringed() -> None:
    figure = draw(compute(TRIALS, best=2, selected=frozenset({1})))
    ringed = figure.data[-1]
    assert (ringed.name, list(ringed.customdata)) == ("Selected", [1])
    opacity = {trace.name: trace.opacity for trace in figure.data if list(trace.customdata) == [2]}
    assert opacity["Best"] < 1


def test_ticks_are_round_and_few() -> None:
    assert log_ticks([1000, 3000]) == [500, 1000, 2000, 5000]
    assert log_ticks([1, 1e6]) == [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]


def test_nothing_to_draw_says_so() -> None:
    assert draw(compute([], best=None)).layout.annotations[0].text == "No trial has completed yet"
