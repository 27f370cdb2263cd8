"""One axis of a figure: what it spans, where a value lies on the paper, and its ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.report.plotly_text import lines_of
from core.report.plotly_ticks import log_ticks, round_ticks, written

_PAD = 0.05  # of the range, around data that come right up to the ends
_PER_TICK = {"x": 46.0, "y": 22.0}  # points, at least


@dataclass(slots=True, kw_only=True)
class Axis:
    """`low` and `high` in the unit of the axis (powers of ten on a logarithmic one), reversed where it runs backwards.

    `start` and `end`: points on the paper, set once the margins are known.
    """

    name: str  # x, y2, …
    options: Mapping[str, Any]
    kind: str = "linear"  # linear, log or category
    categories: dict[str, int] = field(default_factory=dict)
    low: float = 0.0
    high: float = 1.0
    start: float = 0.0
    end: float = 1.0

    @property
    def across(self) -> bool:
        """Whether it is a horizontal axis."""
        return self.name.startswith("x")

    @property
    def domain(self) -> tuple[float, float]:
        """The part of the figure that it spans, from 0 to 1."""
        low, high = self.options.get("domain") or (0.0, 1.0)
        return float(low), float(high)

    @property
    def visible(self) -> bool:
        """Whether anything of the axis is drawn."""
        return self.options.get("visible", True) is not False

    @property
    def title(self) -> list[str]:
        """The lines of the title."""
        title = self.options.get("title")
        text = title.get("text") if isinstance(title, Mapping) else title
        return lines_of(text) if text and self.visible else []

    def unit(self, value: Any) -> float | None:
        """Return a value in the unit of the axis; None where there is nothing to draw."""
        if value is None:
            return None
        if self.kind == "category":
            return float(self.categories[str(value)]) if str(value) in self.categories else _number(value)
        number = _number(value)
        if number is None or (self.kind == "log" and number <= 0):
            return None
        return math.log10(number) if self.kind == "log" else number

    def place(self, unit: float) -> float:
        """Return the point on the paper of a value in the unit of the axis."""
        return self.start + (unit - self.low) / (self.high - self.low) * (self.end - self.start)

    def at(self, value: Any) -> float | None:
        """Return the point on the paper of a value."""
        unit = self.unit(value)
        return None if unit is None else self.place(unit)

    def settle(self, values: Sequence[Any], *, exact: bool, from_zero: bool) -> None:
        """Find what the axis spans. `exact`: the values are ends of cells; `from_zero`: bars stand on it."""
        words = [value for value in values if isinstance(value, str)]
        if self.options.get("type") == "category" or (words and any(_number(word) is None for word in words)):
            self.kind = "category"
            for value in values:
                self.categories.setdefault(str(value), len(self.categories))
        elif self.options.get("type") == "log":
            self.kind = "log"
        fixed = self.options.get("range")
        if fixed:
            self.low, self.high = (float(end) for end in fixed)
            return
        self.low, self.high = self._around(
            [unit for value in values if (unit := self.unit(value)) is not None], exact, from_zero
        )
        if self.options.get("autorange") == "reversed":
            self.low, self.high = self.high, self.low

    def _around(self, units: Sequence[float], exact: bool, from_zero: bool) -> tuple[float, float]:
        if self.kind == "category":
            return -0.5, max(len(self.categories), 1) - 0.5
        low, high = min(units, default=0.0), max(units, default=1.0)
        if self.options.get("rangemode") == "tozero" or from_zero:
            low, high = min(low, 0.0), max(high, 0.0)
        if low == high:
            return low - 0.5, high + 0.5
        pad = 0.0 if exact else _PAD * (high - low)
        zero = self.options.get("rangemode") == "tozero" or from_zero
        return (low if zero and low == 0 else low - pad), (high if zero and high == 0 else high + pad)

    def ticks(self, length: float) -> list[tuple[float, list[str]]]:
        """Return the ticks that lie on an axis of `length` points: place in its unit, and the lines of its label."""
        pattern = self.options.get("tickformat")
        ends = min(self.low, self.high), max(self.low, self.high)
        if (given := self.options.get("tickvals")) is not None:
            texts = self.options.get("ticktext")
            texts = [written(value, pattern) for value in given] if texts is None else list(texts)
            pairs: Iterable[tuple[Any, Any]] = zip(list(given), texts, strict=False)
        elif self.kind == "category":
            pairs = [(word, word) for word in self.categories]
        elif self.kind == "log":
            pairs = [(value, written(value, pattern)) for value in log_ticks(*ends)]
        else:
            most = int(self.options.get("nticks") or max(2, length / _PER_TICK[self.name[0]]))
            step = self.options.get("dtick")
            pairs = [(value, written(value, pattern)) for value in round_ticks(*ends, most, step)]
        placed = [(unit, lines_of(text)) for value, text in pairs if (unit := self.unit(value)) is not None]
        slack = 1e-6 * (ends[1] - ends[0])
        return [(unit, lines) for unit, lines in placed if ends[0] - slack <= unit <= ends[1] + slack]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
