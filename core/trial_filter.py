"""Which trials of a run are shown, and in which order. Whatever a trial ended as, it is treated by the same rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.store import TrialRecord

SortKey = Literal["number", "total_score", "accuracy", "health", "parameters", "seconds"]
STATES = ("completed", "pruned", "failed", "running", "interrupted", "waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFilter:
    """What a trial must be like to be shown. None and empty mean: no condition."""

    states: frozenset[str] = frozenset()
    min_accuracy: float | None = None
    max_parameters: int | None = None
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)  # setting -> values as text
    only: frozenset[int] | None = None  # numbers

    @property
    def conditions(self) -> int:
        """How many conditions there are besides the states."""
        given = (self.min_accuracy is not None, self.max_parameters is not None, self.only is not None)
        return sum(given) + sum(bool(values) for values in self.choices.values())

    def passes(self, trial: TrialRecord, *, active: bool) -> bool:
        """Whether `trial` is shown. A number that is not known meets no condition."""
        accuracy = shown_accuracy(trial)
        return (
            (not self.states or shown_state(trial, active=active) in self.states)
            and (self.only is None or trial.number in self.only)
            and (self.min_accuracy is None or (accuracy is not None and accuracy >= self.min_accuracy))
            and (
                self.max_parameters is None
                or (trial.parameters is not None and trial.parameters <= self.max_parameters)
            )
            and all(str(trial.params.get(name, "")) in values for name, values in self.choices.items() if values)
        )


def shown_state(trial: TrialRecord, *, active: bool) -> str:
    """Return the state of a trial. In a run that nobody works on, no trial can be training: it was interrupted."""
    return "interrupted" if trial.state == "running" and not active else trial.state


def shown_accuracy(trial: TrialRecord) -> float | None:
    """Return the validation accuracy: of the finished network, else of the last finished epoch."""
    if trial.accuracy is not None:
        return trial.accuracy
    return trial.accuracies[max(trial.accuracies)] if trial.accuracies else None


def filter_trials(trials: Iterable[TrialRecord], wanted: TrialFilter, *, active: bool) -> list[TrialRecord]:
    """Return the trials that pass, in the order given."""
    return [trial for trial in trials if wanted.passes(trial, active=active)]


def sort_trials(trials: Iterable[TrialRecord], key: SortKey, *, descending: bool) -> list[TrialRecord]:
    """Return the trials by `key`; equals by number, and those without the number last in either order."""
    by_number = sorted(trials, key=lambda trial: trial.number)
    known = [trial for trial in by_number if _value(trial, key) is not None]
    unknown = [trial for trial in by_number if _value(trial, key) is None]
    sign = -1 if descending else 1
    return [*sorted(known, key=lambda trial: sign * (_value(trial, key) or 0.0)), *unknown]


def _value(trial: TrialRecord, key: SortKey) -> float | None:
    value: Any = shown_accuracy(trial) if key == "accuracy" else getattr(trial, key)
    return None if value is None else float(value)


def state_counts(trials: Iterable[TrialRecord], *, active: bool) -> dict[str, int]:
    """Return how many trials there are in each state that occurs."""
    states = [shown_state(trial, active=active) for trial in trials]
    return {state: states.count(state) for state in STATES if state in states}


def toggled(selected: Iterable[int], numbers: Iterable[int]) -> frozenset[int]:
    """Return `selected` with each of `numbers` added, or removed when it was there.

    >>> sorted(toggled([1, 2], [2, 3]))
    [1, 3]
    """
    return frozenset(selected) ^ frozenset(numbers)


def pair(view_best: int | None, ranked: Iterable[int], selected: Iterable[int]) -> tuple[int, int] | None:
    """Return two trials to compare: the first two selected, filled up by the best and then by rank.

    >>> pair(3, [3, 1, 2], []), pair(3, [3, 1, 2], [2]), pair(None, [5], [])
    ((3, 1), (2, 3), None)
    """
    order = dict.fromkeys([*selected, *([] if view_best is None else [view_best]), *ranked])
    first_two = list(order)[:2]
    return (first_two[0], first_two[1]) if len(first_two) == 2 else None
