"""The rate limits of the public API: calls in a window of ten seconds, and calls at one time.

RunPod raises them with the number of running workers; that is not emulated: the base values are the strictest.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    calls: int  # in a window
    together: int | None = None


LIMITS = {
    "run": Limit(calls=1000, together=200),
    "runsync": Limit(calls=2000, together=400),
    "status": Limit(calls=2000, together=400),
    "stream": Limit(calls=2000, together=400),
    "cancel": Limit(calls=100, together=20),
    "purge-queue": Limit(calls=2),
}


class RateLimiter:
    """Counts calls by operation; operations without a limit always pass."""

    def __init__(self, now: Callable[[], float], limits: dict[str, Limit] | None = None) -> None:
        self._now = now
        self._limits = LIMITS if limits is None else limits
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._open: Counter[str] = Counter()

    def enter(self, operation: str) -> bool:
        """Count a call and return whether it may go on; one that may must `leave`."""
        limit = self._limits.get(operation)
        if limit is None:
            return True
        now, calls = self._now(), self._calls[operation]
        while calls and now - calls[0] >= WINDOW:
            calls.popleft()
        if len(calls) >= limit.calls or (limit.together is not None and self._open[operation] >= limit.together):
            return False
        calls.append(now)
        self._open[operation] += 1
        return True

    def leave(self, operation: str) -> None:
        if operation in self._limits:
            self._open[operation] -= 1
