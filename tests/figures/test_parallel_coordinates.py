"""Parallel coordinates: where each trial crosses the axes."""

from __future__ import annotations

import pytest

from core.figures.parallel_coordinates import NOTHING, compute, draw
from core.search_space import search_space
from tests.figures.records import record

SPACE = search_space("image", (28, 28, 1))
AXES = ["learning_rate", "filters_2", "optimizer"]


def params(rate: float = 1e-3, layers: int = 2, optimizer: str = "adam") -> dict[str, object]:
    return {"learning_rate": rate, "conv_layers": layers, "filters_2": 8, "optimizer": optimizer}


TRIALS = [
    record(0, total=0.5, params=params()),
    record(1, total=0.9, params=params(layers=1, optimizer="sgd")),
    record(2, "pruned", params=params(rate=1e-4)),
    record(3, "failed"),
    record(4, "waiting", params=params()),
]


def test_lines_cross_log_axes_and_choices_and_end_at_their_score() -> None:
    data = compute(TRIALS, SPACE, AXES)
    assert data.labels == ("learning rate", "filters 2", "optimizer", "total score")
    assert [(line.number, line.role) for line in data.lines] == [(0, "completed"), (1, "best"), (2, "pruned")]
    assert data.lines[0].shares == (pytest.approx(0.5), 0.0, 0.0, 0.0)
    assert data.lines[1].shares == (pytest.approx(0.5), None, 1.0, 1.0)  # it has no second layer
    assert data.lines[2].shares == (0.0, 0.0, 0.0, None)  # and this one no score
    assert data.lines[1].texts[1] == "not used" and data.lines[2].texts[-1] == "no score"


def test_what_is_missing_lies_on_a_line_of_its_own_below_the_axes() -> None:
    figure = draw(compute(TRIALS, SPACE, AXES))
    best = next(trace for trace in figure.data if trace.name == "Best")
    assert list(best.y)[:4] == [pytest.approx(0.5), NOTHING, 1.0, 1.0]
    assert any("not used" in note.text for note in figure.layout.annotations)
    without = draw(compute(TRIALS[:1], SPACE, AXES))
    assert not any("not used" in note.text for note in without.layout.annotations)


def test_completed_trials_are_cut_into_quarters_by_score() -> None:
    trials = [record(number, total=number / 10, params=params()) for number in range(8)]
    assert [line.quarter for line in compute(trials, SPACE, AXES).lines] == [0, 0, 1, 1, 2, 2, 3, None]  # None: best


def test_every_point_carries_its_trial_and_the_others_step_back() -> None:
    figure = draw(compute(TRIALS, SPACE, AXES, frozenset({2})))
    for trace in figure.data:
        assert len(trace.customdata) == len(trace.x)
        assert (trace.opacity == 1.0) == (set(trace.customdata) == {2})


def test_a_run_without_a_score_or_a_trial_is_drawn_too() -> None:
    assert len(draw(compute(TRIALS[2:], SPACE, AXES)).data) == 1
    assert draw(compute([], SPACE, AXES)).layout.annotations[0].text == "No trial has begun yet"
    assert draw(compute(TRIALS, SPACE, [])).data
