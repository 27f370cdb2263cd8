"""Skill: what a model knows beyond always naming the most frequent class."""

from __future__ import annotations

from core.health.result import clip01
from core.stats import wilson_interval


def skill(correct: int, n: int, majority_rate: float) -> float | None:
    """Return max(0, (accuracy - p0) / (1 - p0)), p0 the majority rate; None without rows or with a single class.

    >>> skill(90, 100, 0.5)
    0.8
    >>> skill(30, 100, 0.5)
    0.0
    """
    if n < 1 or majority_rate >= 1:
        return None
    return clip01((correct / n - majority_rate) / (1 - majority_rate))


def lacks_skill(correct: int, n: int, majority_rate: float) -> str | None:
    """Say why `correct` of `n` is no better than chance, or None if it is better with 95 % confidence.

    Better means: the lower end of the 95 % Wilson interval lies above the majority rate.

    >>> lacks_skill(90, 100, 0.5) is None
    True
    >>> lacks_skill(55, 100, 0.5)
    'validation accuracy 55.0 % is not reliably above the 50.0 % of always naming the most frequent class'
    """
    low, _ = wilson_interval(correct, n)
    if low > majority_rate:
        return None
    accuracy = correct / n if n else 0.0
    return (
        f"validation accuracy {accuracy:.1%} is not reliably above the {majority_rate:.1%} "
        "of always naming the most frequent class"
    ).replace("%", " %")
