"""The emulator's time: it may run faster than the wall's, and jump, so that a day's limit takes no day to test."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since some moment. All limits of the service count by it; long polls and pings go by the wall."""

    def __init__(self, scale: float = 1.0, source: Callable[[], float] = time.monotonic) -> None:
        if scale <= 0:
            raise ValueError(f"the clock's scale must be above 0, got {scale}; 1 is the wall's pace")
        self.wall = source
        self._scale = scale
        self._skipped = 0.0

    def now(self) -> float:
        return self.wall() * self._scale + self._skipped

    def advance(self, seconds: float) -> None:
        """Jump ahead."""
        if seconds < 0:
            raise ValueError(f"time only goes on, got {seconds} s; give 0 or more")
        self._skipped += seconds
