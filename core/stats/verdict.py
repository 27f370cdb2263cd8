"""Verdict: one of four outcomes by thresholds set beforehand, and a sentence that says no more than the data do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import InvalidInputError
from core.stats.equivalence import Equivalence
from core.stats.intervals import MeanInterval
from core.stats.paired_tests import pairs_for_significance, smallest_p
from core.stats.samples import ALPHA, NO_SPREAD, check_share

Outcome = Literal["better", "equivalent", "worse", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a verdict's sentence names what was compared; a value times `scale` is in `unit`, which may be empty."""

    subject: str = "Health-aware"  # b
    rival: str = "Accuracy-only"  # a
    where: str = "on held-out data"
    unit: str = "points"
    scale: float = 100.0
    cases: str = "pairs"

    @property
    def tail(self) -> str:
        """What follows a number: a space and the unit, or nothing for a measure that has none."""
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may be said of the difference b - a; `winner` is None unless the outcome is better or worse."""

    outcome: Outcome  # of b, the subject
    winner: str | None
    difference_shown: bool  # interval and test both exclude 0, whether or not the difference is large enough to matter
    sentence: str


def verdict(
    difference: MeanInterval,
    equivalence: Equivalence,
    p: float | None,
    *,
    alpha: float = ALPHA,
    wording: Wording | None = None,
) -> Verdict:
    """Judge a paired difference b - a of a measure of which more is better (negate a loss before).

    Better: the interval lies wholly above +sesoi and p < alpha. Worse: wholly below -sesoi and p < alpha. Equivalent:
    the equivalence test shows it to lie within ±sesoi. Else undecided, also if a difference is there but whether it
    is large enough to matter cannot be told. `p` is that of the paired permutation test, after Holm's adjustment when
    it is one of several claims; None: it could not be computed, and no winner is named. `sesoi` is `equivalence`'s.

    >>> from core.stats import paired_interval, permutation_test, tost
    >>> a = [0.912, 0.915, 0.911, 0.913, 0.914, 0.910, 0.916]
    >>> b = [0.930, 0.929, 0.927, 0.928, 0.933, 0.925, 0.931]
    >>> verdict(paired_interval(a, b), tost(a, b), permutation_test(a, b).p).sentence
    'Health-aware is better on held-out data by 1.6 points (95 %: 1.4 to 1.8, 7 pairs).'
    >>> same = verdict(paired_interval(a, a), tost(a, a), permutation_test(a, a).p)
    >>> same.outcome, same.winner
    ('undecided', None)
    """
    check_share("alpha", alpha, ALPHA)
    if p is not None and not 0 <= p <= 1:
        raise InvalidInputError(f"p must be between 0 and 1, got {p}; give None if it could not be computed")
    _check_same_data(difference, equivalence)
    words = wording or Wording()
    shown = p is not None and p < alpha and _excludes_zero(difference)
    outcome = _outcome(difference, equivalence, shown)
    if outcome == "undecided":
        sentence = _undecided(difference, equivalence.sesoi, p, alpha, words)
    elif outcome == "equivalent":
        sentence = _equivalent(difference, equivalence, shown, words)
    else:
        sentence = _winner(difference, outcome, words)
    winner = {"better": words.subject, "worse": words.rival}.get(outcome)
    return Verdict(outcome=outcome, winner=winner, difference_shown=shown, sentence=sentence)


def _outcome(difference: MeanInterval, equivalence: Equivalence, shown: bool) -> Outcome:
    if equivalence.equivalent:
        return "equivalent"
    if shown and difference.low is not None and difference.low > equivalence.sesoi:
        return "better"
    if shown and difference.high is not None and difference.high < -equivalence.sesoi:
        return "worse"
    return "undecided"


def _winner(difference: MeanInterval, outcome: Outcome, words: Wording) -> str:
    return f"{words.subject} is {outcome} {words.where} by {_size(difference, words)}."


def _equivalent(difference: MeanInterval, equivalence: Equivalence, shown: bool, words: Wording) -> str:
    mean, low, high, bound = _numbers(
        words, equivalence.difference, equivalence.low, equivalence.high, equivalence.sesoi
    )
    sentence = (
        f"Equivalent {words.where}: {words.subject} minus {words.rival} is {mean}{words.tail} "
        f"({_percent(1 - 2 * equivalence.alpha)}: {low} to {high}, {equivalence.n} {words.cases}), "
        f"less than the {bound} that would matter."
    )
    if not shown:
        return sentence
    low, high = _numbers(words, difference.low, difference.high)
    return f"{sentence} It is not 0 ({_percent(difference.confidence)}: {low} to {high}), only too small to matter."


def _undecided(difference: MeanInterval, sesoi: float, p: float | None, alpha: float, words: Wording) -> str:
    if difference.low is None or difference.high is None or difference.mean is None:
        (mean,) = _numbers(words, difference.mean)
        found = f" {words.subject} minus {words.rival} is {mean}{words.tail}." if difference.n else ""
        return f"Undecided {words.where}: {difference.note}.{found}"
    (bound,) = _numbers(words, sesoi)
    significant = p is not None and p < alpha
    if significant and _excludes_zero(difference):
        ahead = words.subject if difference.mean > 0 else words.rival
        return (
            f"Undecided {words.where}: there is a difference in favour of {ahead}, {_size(difference, words)}, "
            f"but whether it is above {bound}{words.tail}, the smallest that matters, cannot be told."
        )
    mean, low, high = _numbers(words, difference.mean, difference.low, difference.high)
    numbers = (
        f"{words.subject} minus {words.rival} is {mean}{words.tail} "
        f"({_percent(difference.confidence)}: {low} to {high}, {difference.n} {words.cases})"
    )
    if significant or _excludes_zero(difference):
        return f"Undecided {words.where}: {numbers}; {_disagreement(difference, p, alpha)}."
    return (
        f"No difference shown {words.where}: {numbers}. "
        f"A difference of {bound}{words.tail}, the smallest that matters, is not ruled out either."
    )


def _size(difference: MeanInterval, words: Wording) -> str:
    """Write the difference and its interval as seen from the side that is ahead."""
    values = [value or 0.0 for value in (difference.mean, difference.low, difference.high)]
    ahead = values if values[0] > 0 else [-value for value in values]
    mean, low, high = _numbers(words, ahead[0], min(ahead[1:]), max(ahead[1:]))
    return f"{mean}{words.tail} ({_percent(difference.confidence)}: {low} to {high}, {difference.n} {words.cases})"


def _disagreement(difference: MeanInterval, p: float | None, alpha: float) -> str:
    least = smallest_p(difference.n) or 1.0
    side = "excludes" if _excludes_zero(difference) else "includes"
    if p is None:
        return f"the interval {side} 0, but no p value could be computed"
    if least >= alpha:
        return (
            f"the interval {side} 0, but {difference.n} pairs cannot give a p value below {least:.2g}; "
            f"{pairs_for_significance(alpha)} pairs or more are needed"
        )
    return f"the interval {side} 0, but the test says p = {p:.2g}"


def _numbers(words: Wording, *values: float | None) -> list[str]:
    """Write the values with the fewest decimals, 1 to 4, that keep different ones apart, and what is not 0 from 0."""
    scaled = [(value or 0.0) * words.scale for value in values]
    scaled = [0.0 if abs(value) <= NO_SPREAD * words.scale else value for value in scaled]
    for decimals in range(1, 5):
        rounded = [round(value, decimals) for value in scaled]
        if len({*rounded, 0.0}) == len({*scaled, 0.0}):
            break
    return [f"{value + 0.0:.{decimals}f}".replace("-", "−") for value in rounded]


def _percent(confidence: float) -> str:
    return f"{100 * confidence:.4g} %"


def _excludes_zero(difference: MeanInterval) -> bool:
    return difference.low is not None and difference.high is not None and not difference.low <= 0 <= difference.high


def _check_same_data(difference: MeanInterval, equivalence: Equivalence) -> None:
    same = difference.n == equivalence.n and abs((difference.mean or 0) - (equivalence.difference or 0)) <= NO_SPREAD
    if not same:
        raise InvalidInputError(
            "difference and equivalence must come from the same pairs, got means "
            f"{difference.mean} of {difference.n} and {equivalence.difference} of {equivalence.n}; compute both anew"
        )
