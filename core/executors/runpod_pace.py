"""When a remote job is asked about next, and how long its parts may take. Pure but for the jitter that is handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import InvalidInputError

_DAY = 86_400.0
_LONGEST = 7 * _DAY  # RunPod's limit for both values of a policy
_QUEUED = (1.0, 5.0)  # seconds between looks at a job that waits: first, longest
_RUNNING = (2.0, 12.0)
_GROWTH = 1.3
_SHARE = 0.05  # of the time a job has run: what its end is noticed late costs half of that on average
_SOONEST = 0.5
_DUE = 0.05  # between looks at a job whose end is due
_NEAR = 0.25  # of the time until its expected end, or since: expectations are wrong, and storing files takes time
_AT_ONCE = 2.0  # looks under way on average, at most, at jobs whose end is not due


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things may take, in seconds, and how often they are tried."""

    execution: float = 6 * 3600.0  # of one job on a worker, told to RunPod, which ends it then
    queue: float = 1800.0  # without a worker, after which the job is taken back
    submission: float = 600.0  # of attempts to hand a job over, or to use the storage
    wait_before_note: float = 15.0  # in the queue until the page says why
    health_interval: float = 30.0
    key_interval: float = 5.0  # between looks whether a refused key works now
    fresh: float = 10.0  # after a submission, while an unknown job is not yet a lost one
    silence: float = 120.0  # without news of a running job until its result is looked for in the storage
    cancel_watch: float = 600.0  # for what a cancelled job costs
    resubmissions: int = 2  # after a loss by the infrastructure
    doubtful_retries: int = 2  # of a submission that may have been accepted
    downloads: int = 4  # of a result that arrives damaged

    def __post_init__(self) -> None:
        if not 5 <= self.execution <= _LONGEST - self.queue - 600:
            raise InvalidInputError(
                f"execution limit must be 5 s to 7 days (less the queue limit), got {self.execution:g} s"
            )

    @property
    def lifetime(self) -> float:
        """Seconds from its submission until RunPod forgets a job, whatever its state."""
        return min(self.queue + self.execution + 600.0, _LONGEST)

    def policy(self) -> dict[str, int]:
        """Return what RunPod is told, in milliseconds. Its own default would end a training after ten minutes."""
        return {"executionTimeout": round(self.execution * 1000), "ttl": round(self.lifetime * 1000)}


class Backoff:
    """Growing pauses with full jitter: `random()` in [0, 1) times a limit that doubles from `first` to `cap`."""

    def __init__(self, random: Callable[[], float], *, first: float = 1.0, cap: float = 30.0) -> None:
        self._random, self._first, self._cap = random, first, cap
        self.failures = 0

    def next(self, retry_after: float | None = None) -> float:
        """Return the seconds to wait after another failure, never less than the service asks for."""
        limit = min(self._first * 2.0 ** min(self.failures, 30), self._cap)
        self.failures += 1
        return max(self._random() * limit, 0.1, retry_after or 0.0)

    def reset(self) -> None:
        """Begin anew after a success."""
        self.failures = 0


class Cadence:
    """The happy pace: quick after news, slower while nothing changes, and quickest when the end of a job is due."""

    def __init__(self) -> None:
        self._pause: float | None = None
        self._running = False

    def next(
        self,
        *,
        running: bool,
        news: bool,
        elapsed: float | None = None,
        left: float | None = None,
        least: float = 0.0,
    ) -> float:
        """Return the seconds until the next look at a job that was answered.

        `elapsed` is how long it has run as far as is known, `left` when its end is expected; below 0 it is overdue.
        `least` is for all looks but those few when the end is due.
        """
        first, longest = _RUNNING if running else _QUEUED
        fresh = self._pause is None or news or running != self._running
        self._pause = first if fresh or self._pause is None else min(self._pause * _GROWTH, longest)
        self._running = running
        pause = self._pause
        if elapsed is not None:
            pause = max(min(pause, max(_SHARE * elapsed, _SOONEST)), least)
        if left is not None:
            pause = min(pause, max(abs(left) * _NEAR, _DUE))
        return pause


class Load:
    """How long a look takes: with many jobs, or a slow way to RunPod, each is looked at less often."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def add(self, seconds: float) -> None:
        """Take in how long a look took."""
        self._seconds += 0.1 * (seconds - self._seconds)

    def least(self, jobs: int) -> float:
        """Return the least pause between two looks at a job while there are so many jobs."""
        return self._seconds * jobs / _AT_ONCE


__all__ = ["Backoff", "Cadence", "Limits", "Load"]
