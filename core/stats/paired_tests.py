"""Paired tests: is the difference between two modes, pair by pair, more than chance?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInputError
from core.stats.samples import ALPHA, Floats, Values, check_count, check_share, differences

MOST_PAIRS = 20  # 2^19 sign patterns: 10 ms and 4 MB
TIE = 1e-9  # two sums this close, as a share of the largest sum possible, differ by rounding only


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """A two-sided test on pairs. The p value says how often chance alone does at least as much."""

    name: str
    n: int
    differing: int  # pairs whose difference is not 0; only these can speak
    p: float | None  # in (0, 1]
    smallest_p: float | None  # the smallest p that this many differing pairs can give
    note: str | None  # why there is no p


def permutation_test(a: Values, b: Values) -> PairedTest:
    """Test the mean difference by all 2^n ways to swap the modes within pairs (Fisher 1935; Pitman 1937).

    p = the share of sign patterns s with |Σ s_i d_i| ≥ |Σ d_i|, d_i = b_i - a_i. Exact, and free of any assumption
    but that under the null hypothesis a pair's two halves could be swapped. Up to 20 pairs.

    >>> result = permutation_test([0.90, 0.91, 0.92, 0.90, 0.93, 0.91], [0.92, 0.92, 0.95, 0.94, 0.94, 0.93])
    >>> result.p, result.smallest_p
    (0.03125, 0.03125)
    """
    return _test("paired permutation test", differences(a, b), lambda changed: changed)


def wilcoxon_test(a: Values, b: Values) -> PairedTest:
    """Test by the ranks of the differences: Wilcoxon's signed-rank test (Wilcoxon 1945), a check against outliers.

    The exact permutation test on the signed ranks of |d_i|; ties share their mean rank, differences of 0 are left out.
    Exact also with ties, where the tables are not. Up to 20 pairs.

    >>> wilcoxon_test([0.90, 0.91, 0.92, 0.90, 0.93], [0.91, 0.93, 0.95, 0.94, 0.98]).p
    0.0625
    """

    def signed_ranks(changed: Floats) -> Floats:
        from scipy.stats import rankdata

        # Differences that would be equal but for rounding must tie.
        return np.asarray(np.sign(changed) * rankdata(np.round(np.abs(changed), 12)), dtype=np.float64)

    return _test("Wilcoxon signed-rank test", differences(a, b), signed_ranks)


def smallest_p(n: int) -> float | None:
    """Return the smallest two-sided p value that n pairs can give in either test: 2 / 2^n; None without pairs.

    With 5 pairs no difference, however large, can be significant at 0.05.

    >>> smallest_p(5), smallest_p(6), round(smallest_p(10), 4)
    (0.0625, 0.03125, 0.002)
    """
    check_count("n", n, 0)
    return 2.0 ** (1 - n) if n else None


def pairs_for_significance(alpha: float) -> int:
    """Return how many pairs it takes at least before a p value can be below `alpha`.

    >>> pairs_for_significance(0.05), pairs_for_significance(0.01)
    (6, 8)
    """
    check_share("alpha", alpha, ALPHA)
    return next(n for n in range(1, 1100) if 2.0 ** (1 - n) < alpha)


def _test(name: str, changes: Floats, score: Callable[[Floats], Floats]) -> PairedTest:
    n = int(changes.size)
    if n > MOST_PAIRS:
        raise InvalidInputError(f"the exact test takes up to {MOST_PAIRS} pairs, got {n}; give it fewer")
    changed = changes[changes != 0]
    differing = int(changed.size)
    if not differing:
        note = f"all {n} differences are 0, so there is nothing to test" if n else "there are no pairs"
        return PairedTest(name=name, n=n, differing=0, p=None, smallest_p=None, note=note)
    p = _share_of_sign_patterns(score(changed))
    return PairedTest(name=name, n=n, differing=differing, p=p, smallest_p=smallest_p(differing), note=None)


def _share_of_sign_patterns(scores: Floats) -> float:
    """Return how many of the sign patterns sum to at least as much as the patterns given, in absolute value.

    A pattern and its mirror image have the same absolute sum, so the first sign may stay.
    """
    sums = np.abs(scores[:1])
    for score in np.abs(scores[1:]):
        sums = np.concatenate((sums + score, sums - score))
    reached = abs(float(scores.sum())) - TIE * float(np.abs(scores).sum())
    return float(np.count_nonzero(np.abs(sums) >= reached) / sums.size)
