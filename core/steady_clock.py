"""A clock that nobody can set: for durations, and for signs of life."""

from __future__ import annotations

import time


def ticks() -> float:
    """Return seconds since some moment before this process began; they go on while the computer sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


_OFFSET = time.time() - ticks()


def steady_time() -> float:
    """Return the seconds since the epoch, by the clock as it was when this process began.

    Setting the clock back or forward changes neither durations nor the order of things.
    """
    return ticks() + _OFFSET
