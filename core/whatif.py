"""What if the weights had been others? Ranks finished trials anew from what was measured, without any training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.config import ScoringWeights
from core.scoring import effective_accuracy_share
from core.store import TrialRecord

_SAME = 12  # decimals; totals this close together differ by rounding only
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """What the trials that could have won were measured to have, one row each in order of their numbers."""

    numbers: tuple[int, ...]
    accuracies: Values  # (n,)
    components: Values  # (n, 6) in the order of ScoringWeights.components(); NaN where not measured

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The trials under one weighting, in the order of the measurements."""

    numbers: tuple[int, ...]
    totals: Values
    healths: Values  # NaN: no component with a weight was measured, accuracy counts alone
    places: NDArray[np.int64]  # 1 is the best; of equal totals the earlier trial comes first
    accuracy_share: float | None  # of the variance of the totals; None with fewer than 2 trials or without spread

    @property
    def winner(self) -> int | None:
        """Number of the trial with the highest total."""
        return self.numbers[int(np.argmin(self.places))] if self.numbers else None

    def best_first(self) -> list[int]:
        """Return the rows from the best trial to the last."""
        return [int(row) for row in np.argsort(self.places)]


def measurements(trials: Iterable[TrialRecord]) -> Measurements:
    """Collect what a new ranking needs from the completed trials within the budgets: only they can win."""
    known = [t for t in trials if t.state == "completed" and t.feasible and t.accuracy is not None]
    names = list(ScoringWeights().components())
    rows = [[_number(trial.components.get(name)) for name in names] for trial in known]
    return Measurements(
        numbers=tuple(trial.number for trial in known),
        accuracies=np.array([trial.accuracy for trial in known], dtype=float),
        components=np.array(rows, dtype=float).reshape(-1, len(names)),
    )


def rank(measured: Measurements, weights: ScoringWeights) -> Ranking:
    """Score all trials at once by the rule of `core.scoring.score`, and put them in order."""
    proportions = np.array(list(weights.components().values()))
    there = ~np.isnan(measured.components)
    covered = there @ proportions
    alone = covered <= 0  # nothing measured has a weight: accuracy counts alone
    # Shares first, then the sum, as `score` does: the other order loses digits when `covered` is tiny.
    shares = np.where(there, proportions, 0.0) / np.where(alone, 1.0, covered)[:, None]
    healths = np.minimum((shares * np.where(there, measured.components, 0.0)).sum(axis=1), 1.0)
    mixed = np.minimum(weights.accuracy * measured.accuracies + weights.health * healths, 1.0)
    totals = np.where(alone, measured.accuracies, mixed)
    healths = np.where(alone, np.nan, healths)
    order = np.argsort(-np.round(totals, _SAME), kind="stable")
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(1, len(order) + 1)
    return Ranking(
        numbers=measured.numbers,
        totals=totals,
        healths=healths,
        places=places,
        accuracy_share=effective_accuracy_share(measured.accuracies.tolist(), _or_none(healths), weights),
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _or_none(values: Values) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
