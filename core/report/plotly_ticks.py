"""Ticks of an axis: round numbers, and numbers written as Plotly's formats say."""

from __future__ import annotations

import math
from typing import Any

_STEPS = (0.5, 1.0, 2.0, 2.5, 5.0, 10.0)
_FEWEST = 3  # ticks, so that an axis can be read


def written(value: Any, pattern: str | None) -> str:
    """Write a tick; `pattern` is one of d3's formats, of which those that are also Python's are known.

    >>> written(0.5, ".0%"), written(3.0, "d"), written(0.25, None), written(-0.02, "+.0%"), written(1200.0, None)
    ('50%', '3', '0.25', '−2%', '1,200')
    """
    if isinstance(value, str):
        return value
    if pattern:
        text = format(round(value), pattern) if pattern.endswith("d") else format(value, pattern.replace("~", ""))
    elif value and (abs(value) >= 1e6 or abs(value) < 1e-4):
        text = f"{value:.3g}"
    else:
        text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def round_ticks(low: float, high: float, most: int, step: float | None = None) -> list[float]:
    """Return round numbers within an interval, at most about `most`.

    >>> round_ticks(0.0, 1.0, 6), round_ticks(0.5, 6.5, 20, 1.0)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    """
    if not high > low:
        return [low]
    if step is None:
        rough = (high - low) / max(most, 2)
        power = 10.0 ** math.floor(math.log10(rough))
        steps = [one * power for one in _STEPS]
        place = next(number for number, one in enumerate(steps) if one >= rough * 0.999)
        while place and len(_multiples(low, high, steps[place])) < _FEWEST:
            place -= 1
        step = steps[place]
    return _multiples(low, high, step)


def _multiples(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) + 0.0 for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return powers of ten between two exponents, with 2 and 5 where there are few."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    factors = (1, 2, 5) if high - low < 3 else (1,)
    ticks = [factor * 10.0**power for power in powers for factor in factors]
    return [tick for tick in ticks if low - 1e-9 <= math.log10(tick) <= high + 1e-9]
