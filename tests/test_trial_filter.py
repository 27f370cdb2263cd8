"""Filtering and sorting trials: pure, so every rule is asserted."""

from __future__ import annotations

import pytest

from core.store import TrialRecord
from core.trial_filter import TrialFilter, filter_trials, pair, sort_trials, state_counts
from tests.figures.records import record

TRIALS = [
    record(0, total=0.9, accuracy=0.95, parameters=5000, params={"optimizer": "adam", "batch_normalization": True}),
    record(1, "pruned", accuracies={1: 0.2, 2: 0.4}, params={"optimizer": "sgd", "batch_normalization": False}),
    record(2, "failed"),
    record(3, "running", accuracies={1: 0.7}, params={"optimizer": "adam"}),
    record(4, total=0.9, accuracy=0.8, parameters=100, feasible=False, params={"optimizer": "rmsprop"}),
]


def numbers(trials: list[TrialRecord]) -> list[int]:
    return [trial.number for trial in trials]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TrialFilter(), [0, 1, 2, 3, 4]),
        (TrialFilter(states=frozenset({"pruned", "failed"})), [1, 2]),
        (TrialFilter(states=frozenset({"running"})), []),  # nobody works on the run
        (TrialFilter(states=frozenset({"interrupted"})), [3]),
        (TrialFilter(min_accuracy=0.4), [0, 1, 3, 4]),  # of the last epoch; one without any is left out
        (TrialFilter(min_accuracy=0.0), [0, 1, 3, 4]),
        (TrialFilter(max_parameters=100), [4]),
        (TrialFilter(choices={"optimizer": frozenset({"adam", "sgd"})}), [0, 1, 3]),
        (TrialFilter(choices={"batch_normalization": frozenset({"False"})}), [1]),
        (TrialFilter(choices={"optimizer": frozenset()}), [0, 1, 2, 3, 4]),
        (TrialFilter(only=frozenset({2, 4, 99})), [2, 4]),
        (TrialFilter(only=frozenset()), []),  # only the selected ones, and none is selected
        (TrialFilter(min_accuracy=0.5, choices={"optimizer": frozenset({"adam"})}), [0, 3]),
    ],
)
def test_a_trial_is_shown_when_it_meets_every_condition(wanted: TrialFilter, expected: list[int]) -> None:
    assert numbers(filter_trials(TRIALS, wanted, active=False)) == expected


def test_a_trial_in_training_is_interrupted_only_in_a_run_that_nobody_works_on() -> None:
    assert state_counts(TRIALS, active=True) == {"completed": 2, "pruned": 1, "failed": 1, "running": 1}
    assert state_counts(TRIALS, active=False)["interrupted"] == 1


def test_trials_without_the_number_stand_last_in_either_order_and_equals_by_number() -> None:
    assert numbers(sort_trials(TRIALS, "total_score", descending=True)) == [0, 4, 1, 2, 3]
    assert numbers(sort_trials(TRIALS[::-1], "total_score", descending=False)) == [0, 4, 1, 2, 3]
    assert numbers(sort_trials(TRIALS, "accuracy", descending=True)) == [0, 4, 3, 1, 2]
    assert numbers(sort_trials(TRIALS, "accuracy", descending=False)) == [1, 3, 4, 0, 2]
    assert numbers(sort_trials(TRIALS, "number", descending=True)) == [4, 3, 2, 1, 0]


def test_conditions_count_what_is_asked_besides_the_states() -> None:
    assert TrialFilter(states=frozenset({"failed"}), choices={"optimizer": frozenset()}).conditions == 0
    some = TrialFilter(min_accuracy=0.0, only=frozenset(), choices={"optimizer": frozenset({"sgd"})})
    assert some.conditions == 3


@pytest.mark.parametrize(
    ("best", "ranked", "selected", "expected"),
    [
        (2, [2, 0, 1], (), (2, 0)),
        (2, [2, 0, 1], (1,), (1, 2)),
        (2, [2, 0, 1], (0, 1, 2), (0, 1)),
        (None, [4], (4,), None),
    ],
)
def test_the_first_pair_is_what_is_selected_then_the_best_then_the_next(
    best: int | None, ranked: list[int], selected: tuple[int, ...], expected: tuple[int, int] | None
) -> None:
    assert pair(best, ranked, selected) == expected
