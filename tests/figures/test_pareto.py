"""Accuracy against health: the front is exact, and who is not in the plot is counted."""

from __future__ import annotations

import random

from core.figures.pareto import compute, draw, pareto_front
from tests.figures.records import record

MIXED = [
    record(0, total=0.9, accuracy=0.95, health=0.4),
    record(1, total=0.8, accuracy=0.90, health=0.6),
    record(2, total=0.7, accuracy=0.90, health=0.5),
    record(3, total=0.99, accuracy=0.99, health=0.99, feasible=False),
    record(4, total=0.5, accuracy=0.5, health=None),
    record(5, "pruned"),
    record(6, "failed"),
    record(7, "waiting"),
]


def test_the_front_is_what_no_trial_beats_by_brute_force() -> None:
    rng = random.Random(3)
    for _ in range(200):
        points = [(rng.randint(0, 5) / 5, rng.randint(0, 5) / 5, label) for label in range(rng.randint(0, 12))]
        expected = {c for a, b, c in points if not any(x >= a and y >= b and (x > a or y > b) for x, y, _ in points)}
        assert pareto_front(points) == expected


def test_a_trial_over_budget_is_shown_but_beats_nobody() -> None:
    data = compute(MIXED, best=0)
    assert [(point.number, point.role) for point in data.points] == [
        (0, "best"),
        (1, "completed"),
        (2, "completed"),
        (3, "over budget"),
    ]
    assert [point.number for point in data.front] == [1, 0]


def test_trials_without_health_are_counted_in_words() -> None:
    data = compute(MIXED, best=0)
    assert data.unplaced == {"completed without health": 1, "pruned": 1, "failed": 1}
    assert "1 pruned" in data.words
    assert compute(MIXED[:2], best=0).words == ""


def test_every_mark_carries_its_trial_and_the_others_step_back() -> None:
    figure = draw(compute(MIXED, best=0, selected=frozenset({2})))
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert {trial for trace in marks for trial in trace.customdata} == {0, 1, 2, 3}
    assert {trial for trace in marks if trace.opacity == 1.0 for trial in trace.customdata} == {2}
    assert [list(trace.customdata) for trace in marks if trace.name == "Selected"] == [[2]]


def test_nothing_to_draw_says_so() -> None:
    assert not draw(compute([record(0, "pruned")], best=None)).data
