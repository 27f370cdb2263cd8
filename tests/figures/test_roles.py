"""How a trial ended: one look per ending, the selection on top."""

from __future__ import annotations

from core.figures.learning_curves import compute
from core.figures.roles import MARKS, NAMES, layers, role_of
from tests.figures.records import record


def test_every_ending_has_a_shape_of_its_own() -> None:
    assert len({mark["symbol"] for mark in MARKS.values()}) == len(MARKS) == len(NAMES)


def test_the_role_says_how_the_trial_ended() -> None:
    assert role_of(record(1), best=1) == "best"
    assert role_of(record(1), best=2) == "completed"
    assert role_of(record(1, feasible=False), best=2) == "over budget"
    assert role_of(record(1, "pruned"), best=2) == "pruned"
    assert role_of(record(1, "running"), best=None) == "running"
    assert role_of(record(1, "running"), best=None, active=False) == "interrupted"
    assert role_of(record(1, "waiting"), best=None) is None


def test_what_is_selected_lies_on_top_and_names_its_role_in_the_legend() -> None:
    trials = [record(number, accuracies={1: 0.5}) for number in range(3)] + [record(3, "pruned", accuracies={1: 0.1})]
    found = [
        (role, bright, [item.number for item in members], named)
        for role, bright, members, named in layers(compute(trials, best=None), frozenset({1}))
    ]
    assert found == [("pruned", False, [3], True), ("completed", False, [0, 2], False), ("completed", True, [1], True)]


def test_a_selection_of_trials_that_are_not_drawn_dims_nothing() -> None:
    curves = compute([record(0, accuracies={1: 0.5})], best=None)
    assert [bright for _, bright, _, _ in layers(curves, frozenset({9}))] == [True]
