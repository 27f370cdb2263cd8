"""Axes for hyperparameters: where a value lies, linear, logarithmic or among choices, as the search space says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from core.search_space import STACKS
from core.store import TrialRecord

Space = Mapping[str, BaseDistribution]
_COUNTS = {prefix: count for count, (_, prefix) in STACKS.items()}  # prefix of a width -> its number of layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The values of one hyperparameter. `choices` is empty for numbers; `low` and `high` are plain values."""

    name: str
    choices: tuple[str, ...]
    log: bool
    low: float
    high: float
    whole: bool = False  # whole numbers only

    @property
    def label(self) -> str:
        """Name for people."""
        return self.name.replace("_", " ")

    def place(self, value: Any) -> float:
        """Return the coordinate of `value` on a drawn axis of type `plotly_type`."""
        return float(self.choices.index(str(value))) if self.choices else float(value)

    def share(self, value: Any) -> float:
        """Return how far along the axis `value` lies, 0 to 1."""
        low, high, at = self.low, self.high, self.place(value)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return 0.5 if high <= low else (at - low) / (high - low)

    def value_at(self, share: float) -> float:
        """Return the number that lies at `share` of the axis."""
        if self.log:
            return math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        return self.low + share * (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return a few (share, text) to read the axis by."""
        if self.choices:
            return [(self.share(choice), choice) for choice in self.choices]
        if self.high <= self.low:
            return [(0.5, number(self.low))]
        values = [self.value_at(share) for share in (0.0, 0.5, 1.0)]
        if self.whole:
            values = sorted({float(round(value)) for value in values})
        return [(self.share(value), number(value)) for value in values]

    def settings(self) -> dict[str, Any]:
        """Return the Plotly settings of an axis in plain values, with a margin at both ends."""
        if self.choices:
            ends = [-0.5, len(self.choices) - 0.5]
            return {"tickvals": list(range(len(self.choices))), "ticktext": list(self.choices), "range": ends}
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        margin = 0.06 * (high - low) or 0.5
        settings = {"type": "log" if self.log else "linear", "range": [low - margin, high + margin]}
        if self.log:
            values = [
                round(value) if self.whole else value for value in map(self.value_at, (0.0, 0.25, 0.5, 0.75, 1.0))
            ]
            return settings | {"tickvals": values, "ticktext": [number(value) for value in values]}
        return settings | ({"dtick": 1} if self.whole and self.high - self.low <= 8 else {"nticks": 5})


def used_value(trial: TrialRecord, name: str) -> Any:
    """Return what the network of `trial` was built with; None for the width of a layer that it does not have."""
    prefix, _, layer = name.rpartition("_")
    if prefix in _COUNTS and layer.isdecimal() and int(layer) > trial.params.get(_COUNTS[prefix], int(layer)):
        return None
    return trial.params.get(name)


def parameter_axis(name: str, space: Space, trials: Iterable[TrialRecord]) -> Axis:
    """Return the axis of a parameter: its range in `space`, widened where a trial was asked for by hand beyond it."""
    values = [value for trial in trials if (value := used_value(trial, name)) is not None]
    distribution = space.get(name)
    if isinstance(distribution, FloatDistribution | IntDistribution) and all(map(_is_number, values)):
        ends = [distribution.low, distribution.high, *values]
        log = distribution.log and min(ends) > 0
        whole = isinstance(distribution, IntDistribution)
        return Axis(name=name, choices=(), log=log, low=float(min(ends)), high=float(max(ends)), whole=whole)
    choices = list(distribution.choices) if isinstance(distribution, CategoricalDistribution) else []
    texts = dict.fromkeys(map(str, choices)) | dict.fromkeys(map(str, values))
    return Axis(name=name, choices=tuple(texts) or ("–",), log=False, low=0.0, high=float(max(len(texts) - 1, 0)))


def varied(space: Space) -> list[str]:
    """Return the parameters that have more than one possible value, in the order of the space."""
    return [name for name, distribution in space.items() if not distribution.single()]


def number(value: float) -> str:
    """Write a value of an axis.

    >>> number(0.0001), number(12345.0), number(0.25)
    ('0.0001', '12,345', '0.25')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
