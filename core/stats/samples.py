"""Samples: the numbers that the statistics take in, checked in one place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInputError

Values = Sequence[float] | npt.NDArray[np.floating | np.integer | np.bool]
Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
ALPHA = 0.05
NO_SPREAD = 1e-12  # accuracies and scores this close together differ by rounding only


def sample(name: str, values: Values) -> Floats:
    """Return `values` as a flat array of finite numbers.

    >>> sample("accuracies", [0.5, 1])
    array([0.5, 1. ])
    """
    try:
        array = np.asarray(values)
    except ValueError as error:  # lists of unequal length inside
        raise InvalidInputError(f"{name} must be a flat list of numbers: {error}") from error
    if array.ndim != 1 or (array.size and array.dtype.kind not in "fiub"):
        raise InvalidInputError(
            f"{name} must be a flat list of numbers, got {array.dtype} of shape {array.shape}; leave out missing values"
        )
    array = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InvalidInputError(f"{name} must be finite numbers, got {array[bad[0]]} at place {bad[0]}; leave it out")
    return array


def pairs(a: Values, b: Values) -> tuple[Floats, Floats]:
    """Return both halves of the pairs: place i of `a` and of `b` belong together."""
    first, second = sample("a", a), sample("b", b)
    if first.size != second.size:
        raise InvalidInputError(
            f"a and b must hold one value per pair, got {first.size} and {second.size}; "
            "leave out a pair of which one half is missing"
        )
    return first, second


def differences(a: Values, b: Values) -> Floats:
    """Return b - a per pair; what rounding alone explains is 0.

    >>> differences([0.5, 0.1 + 0.2], [0.75, 0.3])
    array([0.25, 0.  ])
    """
    first, second = pairs(a, b)
    result = second - first
    result[np.abs(result) <= NO_SPREAD] = 0.0
    return result


def has_spread(values: Floats) -> bool:
    """Tell whether there are two values that differ by more than rounding."""
    return values.size > 1 and float(np.ptp(values)) > NO_SPREAD


def check_share(name: str, value: float, usual: float) -> None:
    """Refuse a confidence, an error rate or a power that is not strictly between 0 and 1."""
    if not 0 < value < 1:
        raise InvalidInputError(f"{name} must be between 0 and 1, both excluded, got {value}; {usual:g} is usual")


def check_count(name: str, value: int, least: int) -> None:
    """Refuse a count below `least`."""
    if value < least:
        raise InvalidInputError(f"{name} must be at least {least}, got {value}; raise it")
