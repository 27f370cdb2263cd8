"""Multiplicity: several claims at once, and an error rate that holds for all of them together."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import InvalidInputError


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return the p values of a family adjusted by Holm's step-down method (Holm 1979), in the order given.

    The i-th smallest of m becomes max over j ≤ i of min(1, (m - j + 1) p_(j)). Below alpha means significant with the
    chance of any false claim in the family at most alpha. A test that could not be done stays None and still counts
    in m, for the family was chosen before the data.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    >>> holm([0.25, None])
    (0.5, None)
    """
    for place, p in enumerate(p_values):
        if p is not None and not 0 <= p <= 1:
            raise InvalidInputError(
                f"a p value must be between 0 and 1, got {p} at place {place}; give None if unknown"
            )
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min((len(p_values) - rank) * p, 1.0))
        adjusted[place] = largest
    return tuple(adjusted)
