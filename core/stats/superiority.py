"""Superiority: how often one mode comes out ahead, P(B > A)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.stats.proportions import wilson_interval
from core.stats.samples import CONFIDENCE, Values, check_share, differences, sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Superiority:
    """The chance that b beats a, ties half; 0.5: neither is ahead."""

    share: float | None  # in [0, 1]; None: nothing to compare
    low: float | None
    high: float | None
    better: int  # comparisons in which b is higher
    ties: int
    worse: int
    confidence: float
    note: str | None  # why a number is missing


def superiority(a: Values, b: Values, confidence: float = CONFIDENCE) -> Superiority:
    """Return the share of pairs in which b is higher, ties half, with the Wilson interval of n pairs.

    P(B > A) as Bouthillier et al. (2021, arXiv 2103.03098) ask for beside a mean; for pairs it is the sign test's
    estimate.

    >>> result = superiority([0.90, 0.91, 0.92, 0.93], [0.91, 0.92, 0.92, 0.92])
    >>> result.share, round(result.low, 3), round(result.high, 3)
    (0.625, 0.219, 0.908)
    """
    check_share("confidence", confidence, CONFIDENCE)
    changes = differences(a, b)
    counts = tuple(int(np.count_nonzero(part)) for part in (changes > 0, changes == 0, changes < 0))
    better, ties, worse = counts
    if not changes.size:
        return _nothing(counts, confidence, "there are no pairs")
    low, high = wilson_interval(better + ties / 2, changes.size, confidence)
    return Superiority(
        share=(better + ties / 2) / changes.size,
        low=low,
        high=high,
        better=better,
        ties=ties,
        worse=worse,
        confidence=confidence,
        note=None,
    )


def unpaired_superiority(a: Values, b: Values, confidence: float = CONFIDENCE) -> Superiority:
    """Return the share of all |a| · |b| comparisons in which b is higher, ties half: Mann & Whitney's U / (|a| |b|).

    For runs that do not share seeds. Interval: share ± t(df) · se with the placement variances and degrees of freedom
    of Brunner & Munzel (2000), cut at 0 and 1. None when the two samples do not overlap: the variance is 0 then.

    >>> result = unpaired_superiority([0.90, 0.92, 0.94], [0.91, 0.93, 0.95, 0.97])
    >>> round(result.share, 3), round(result.low, 3), round(result.high, 3)
    (0.75, 0.195, 1.0)
    """
    check_share("confidence", confidence, CONFIDENCE)
    first, second = sample("a", a), sample("b", b)
    signs = np.sign(np.round(second[None, :] - first[:, None], 12))
    counts = tuple(int(np.count_nonzero(signs == sign)) for sign in (1, 0, -1))
    if not signs.size:
        return _nothing(counts, confidence, f"each mode needs runs, got {first.size} and {second.size}")
    won = (signs + 1) / 2
    share = float(won.mean())
    half = _half_width(won, confidence)
    note = (
        "the two samples do not overlap, or have fewer than 2 runs, so there is no interval" if half is None else None
    )
    return Superiority(
        share=share,
        low=None if half is None else max(share - half, 0.0),
        high=None if half is None else min(share + half, 1.0),
        better=counts[0],
        ties=counts[1],
        worse=counts[2],
        confidence=confidence,
        note=note,
    )


def _half_width(won: np.ndarray[tuple[int, ...], np.dtype[np.float64]], confidence: float) -> float | None:
    if min(won.shape) < 2:
        return None
    parts = [float(won.mean(axis=axis).var(ddof=1)) / won.shape[1 - axis] for axis in (1, 0)]
    total = sum(parts)
    if total <= 0:
        return None
    from scipy.special import stdtrit

    freedom = total**2 / sum(part**2 / (size - 1) for part, size in zip(parts, won.shape, strict=True))
    return float(stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(total)


def _nothing(counts: tuple[int, ...], confidence: float, note: str) -> Superiority:
    better, ties, worse = counts
    return Superiority(
        share=None, low=None, high=None, better=better, ties=ties, worse=worse, confidence=confidence, note=note
    )
