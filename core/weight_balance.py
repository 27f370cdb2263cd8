"""Weights as whole percent that always total 100: what happens to the others when one of them is moved."""

from __future__ import annotations

from collections.abc import Mapping

from core.config import ScoringWeights
from core.errors import InvalidInputError

WHOLE = 100  # percent
Shares = dict[str, int]


def apportion(parts: Mapping[str, float], total: int) -> Shares:
    """Split `total` into whole numbers in proportion to `parts`, by the largest remainders; all 0 splits equally.

    Equal remainders go to the earlier part, so the result does not depend on chance.

    >>> apportion({"a": 1, "b": 1, "c": 1}, 100)
    {'a': 34, 'b': 33, 'c': 33}
    """
    if not parts:
        return {}
    whole = sum(parts.values())
    exact = {name: total * (part / whole if whole > 0 else 1 / len(parts)) for name, part in parts.items()}
    shares = {name: int(value + 1e-9) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: -round(exact[name] - shares[name], 9))  # stable
    for name in by_remainder[: total - sum(shares.values())]:
        shares[name] += 1
    return shares


def room(shares: Mapping[str, int], locked: frozenset[str], name: str) -> int:
    """Return the largest share that the locked others leave to `name`.

    >>> room({"a": 50, "b": 30, "c": 20}, frozenset({"b"}), "a")
    70
    """
    return WHOLE - sum(share for other, share in shares.items() if other in locked and other != name)


def move(shares: Mapping[str, int], locked: frozenset[str], name: str, value: int) -> Shares:
    """Give `name` the share `value` and scale the unlocked others in proportion, so that all total 100 again.

    A locked share never moves. A value beyond what the locked ones leave is limited to that; when nothing else is
    free to give or take, nothing moves. Others that are all 0 share equally what becomes free.

    >>> move({"a": 50, "b": 30, "c": 20}, frozenset(), "a", 0)
    {'a': 0, 'b': 60, 'c': 40}
    """
    _check(shares, name)
    others = {other: share for other, share in shares.items() if other != name and other not in locked}
    if name in locked or not others:
        return dict(shares)
    most = room(shares, locked, name)
    moved = min(max(value, 0), most)
    return {**shares, name: moved, **apportion(others, most - moved)}


def to_shares(weights: ScoringWeights) -> Shares:
    """Return the six proportions as whole percent.

    >>> sum(to_shares(ScoringWeights()).values())
    100
    """
    return apportion(weights.components(), WHOLE)


def to_weights(accuracy: int, shares: Mapping[str, int]) -> ScoringWeights:
    """Return the weights of `accuracy` percent, and `shares` of the rest."""
    return ScoringWeights(accuracy=accuracy / WHOLE, **{name: share / WHOLE for name, share in shares.items()})


def _check(shares: Mapping[str, int], name: str) -> None:
    if name not in shares:
        raise InvalidInputError(f"there is no share {name!r}; known: {', '.join(shares)}")
    if sum(shares.values()) != WHOLE or min(shares.values()) < 0:
        raise InvalidInputError(f"shares must be 0 or more and total {WHOLE}, got {dict(shares)}")
