"""Work beside asking networks, such as damaging images and fitting probes, spread over the processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import joblib  # type: ignore[import-untyped]

from core.errors import LabError
from core.parent_watch import end_with

Found = TypeVar("Found")
_NICENESS = 5  # the page must stay quick while all processors work


def processors() -> int:
    """Return how many may be used: what the machine has, less what the container or the system withholds."""
    return int(joblib.cpu_count())


def spread(calls: Iterable[Callable[[], Found]], processes: int) -> Iterator[Found]:
    """Make the calls, which must not depend on each other, and return what they answer, in their order.

    With one process they are made in this one. More take a second to start the first time and are kept for later
    calls; they are handed large arrays as read-only files. Raises LabError when one of them is lost.
    """
    if processes <= 1:
        yield from (one() for one in calls)
        return
    pool = joblib.Parallel(n_jobs=processes, return_as="generator", initializer=_begin, initargs=(os.getpid(),))
    try:
        yield from pool(joblib.delayed(one)() for one in calls)
    except BrokenProcessPool:
        raise LabError(
            f"one of {processes} processes that worked beside the networks was ended from outside, most often for want "
            "of memory; close other programs or add memory, then run this analysis again"
        ) from None


def _begin(parent: int) -> None:
    end_with(parent)
    os.nice(_NICENESS)
