"""How the numbers of a study are written: accuracies in percent, differences in points, with what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "–"
# Of these a value is a difference of accuracies; the others are accuracies.
DIFFERENCES = ("optimism", "gap")
Stored = Mapping[str, Any]  # a dataclass of core.stats as it stands in the results


def points(share: float | None, *, sign: bool = False) -> str:
    """Write a difference of accuracies without its unit.

    >>> points(-0.0123), points(0.005, sign=True), points(0.0, sign=True), points(None)
    ('−1.23', '+0.50', '0.00', '–')
    """
    if share is None:
        return NONE
    rounded = round(100 * share, 2) + 0.0  # no -0
    return f"{rounded:{'+' if sign and rounded else ''}.2f}".replace("-", "−")


def percent(share: float | None) -> str:
    """Write an accuracy.

    >>> percent(0.97412)
    '97.4 %'
    """
    return NONE if share is None else f"{100 * share:.1f} %"


def p_value(p: float | None) -> str:
    """Write a p value.

    >>> p_value(0.03125), p_value(0.00001), p_value(None)
    ('p = 0.031', 'p < 0.001', 'no p value')
    """
    if p is None:
        return "no p value"
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def difference_cell(found: Stored) -> str:
    """Write a mean difference with its interval.

    >>> difference_cell({"mean": 0.001, "low": -0.002, "high": 0.004, "n": 10})
    '+0.10 (−0.20 to +0.40)'
    """
    if found["mean"] is None:
        return NONE
    if found["low"] is None or found["high"] is None:
        return points(found["mean"], sign=True)
    ends = [points(found[name], sign=True) for name in ("low", "high")]
    return f"{points(found['mean'], sign=True)} ({ends[0]} to {ends[1]})"


def mean_cell(found: Stored, measure: str) -> str:
    """Write the mean of a measure over the runs of a mode with its interval.

    >>> mean_cell({"mean": 0.95, "low": 0.93, "high": 0.97, "n": 5}, "test")
    '95.0 (93.0 to 97.0)'
    """
    if measure in DIFFERENCES:
        return difference_cell(found)
    if found["mean"] is None:
        return NONE
    numbers = [None if found[name] is None else f"{100 * found[name]:.1f}" for name in ("mean", "low", "high")]
    mean, low, high = numbers
    return f"{mean}" if low is None or high is None else f"{mean} ({low} to {high})"


def interval_line(found: Stored, write: Any = percent) -> str:
    """Write the line below a mean: its interval and the number of runs.

    >>> interval_line({"mean": 0.95, "low": 0.93, "high": 0.97, "n": 5})
    '95 %: 93.0 % to 97.0 %, n = 5'
    """
    if found["low"] is None or found["high"] is None:
        return f"no interval, n = {found['n']}"
    return f"95 %: {write(found['low'])} to {write(found['high'])}, n = {found['n']}"


def count(amount: int, noun: str) -> str:
    """Write a number with its noun.

    >>> count(1, "run"), count(3, "run")
    ('1 run', '3 runs')
    """
    return f"{amount:,} {noun}" + ("" if amount == 1 else "s")
