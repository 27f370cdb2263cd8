"""The time in which a run worked: from its trials' starts and ends, long pauses taken out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from core.store import TrialRecord

PAUSE = 60.0  # seconds; a longer time in which no trial trained was a pause of the run


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyTime:
    """Sessions of work as (start, end) in seconds since the epoch, in order and apart from each other."""

    sessions: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, spans: Iterable[tuple[float, float]]) -> BusyTime:
        """Join the times of the trials to sessions."""
        sessions: list[tuple[float, float]] = []
        for start, end in sorted(spans):
            if sessions and start - sessions[-1][1] <= PAUSE:
                sessions[-1] = sessions[-1][0], max(sessions[-1][1], end)
            else:
                sessions.append((start, max(start, end)))
        return cls(sessions=tuple(sessions))

    def at(self, moment: float) -> float:
        """Return the seconds of work before `moment`.

        >>> BusyTime(sessions=((100.0, 110.0), (500.0, 520.0))).at(505.0)
        15.0
        """
        before = bisect_right([start for start, _ in self.sessions], moment)
        return sum(min(moment, end) - start for start, end in self.sessions[:before])

    @property
    def pauses(self) -> list[tuple[float, float]]:
        """Return (seconds of work before it, length) of each pause."""
        done = accumulate(end - start for start, end in self.sessions)
        between = zip(self.sessions, self.sessions[1:], strict=False)
        return [(worked, later[0] - earlier[1]) for worked, (earlier, later) in zip(done, between, strict=False)]


def span(trial: TrialRecord) -> tuple[float, float] | None:
    """Return when an ended trial began and ended, the one known from the other and its seconds; None: not known."""
    started, finished = trial.started, trial.finished
    if started is None and finished is not None and trial.seconds is not None:
        started = finished - trial.seconds
    if finished is None and started is not None and trial.seconds is not None:
        finished = started + trial.seconds
    return None if started is None or finished is None or finished < started else (started, finished)


def busy_time(trials: Sequence[TrialRecord]) -> BusyTime:
    """Return the sessions of a run from its ended trials."""
    return BusyTime.of(known for trial in trials if (known := span(trial)) is not None)
