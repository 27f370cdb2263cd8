"""The optimization history: the data is asserted, the drawing only rendered."""

from __future__ import annotations

from core.figures.optimization_history import HistoryEnd, HistoryPoint, compute, draw
from tests.figures.records import record

MIXED = [
    record(3, total=0.7),
    record(0, total=0.6),
    record(1, total=0.8),
    record(2, total=0.95, feasible=False),
    record(4, "pruned", accuracies={1: 0.2, 2: 0.3}),
    record(5, "failed"),
    record(6, "running", accuracies={1: 0.5}),
    record(7, "waiting"),
]


def test_best_so_far_never_falls_and_ignores_trials_over_budget() -> None:
    data = compute(MIXED)
    assert [(point.number, point.total_score) for point in data.completed] == [(0, 0.6), (1, 0.8), (3, 0.7)]
    assert [(point.number, point.total_score) for point in data.best_so_far] == [(0, 0.6), (1, 0.8), (3, 0.8)]
    assert data.best == HistoryPoint(number=1, total_score=0.8)
    assert data.over_budget == (HistoryPoint(number=2, total_score=0.95),)


def test_pruned_and_failed_trials_are_kept_with_what_is_known() -> None:
    data = compute(MIXED)
    assert data.pruned == (HistoryEnd(number=4, accuracy=0.3),)
    assert data.failed == (HistoryEnd(number=5, accuracy=None),)
    assert data.floor < 0.6
    assert data.numbers == (0, 5)


def test_drawing_tells_the_kinds_apart_by_shape_not_only_by_colour() -> None:
    figure = draw(compute(MIXED))
    symbols = {trace.name: trace.marker.symbol for trace in figure.data if trace.mode == "markers"}
    assert set(symbols) == {"Completed", "Over budget", "Best", "Pruned (no score)", "Failed (no score)"}
    assert len(set(symbols.values())) == len(symbols)
    assert symbols["Pruned (no score)"].endswith("-open")


def test_a_single_point_gets_axes_around_it() -> None:
    figure = draw(compute([record(0, total=0.5)]))
    low, high = figure.layout.yaxis.range
    assert low < 0.5 < high
    assert tuple(figure.layout.xaxis.range) == (-0.5, 0.5)


def test_only_failed_trials_are_drawn_too() -> None:
    assert [trace.name for trace in draw(compute([record(0, "failed")])).data] == ["Failed (no score)"]


def test_nothing_to_draw_says_so() -> None:
    for trials in ([], [record(0, "running")]):
        figure = draw(compute(trials))
        assert not figure.data
        assert figure.layout.annotations[0].text == "No trial has ended yet"
