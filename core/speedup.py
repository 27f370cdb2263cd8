"""How much faster several workers made a run, and how much faster they could have made it at best."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.remote_use import RemoteUse
from core.store import TrialRecord

_ENDED = ("completed", "pruned", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speedup:
    """The trials' seconds added up, the seconds in which the run worked on them, and the fewest that were possible."""

    trials: int
    workers: int
    trained: float  # seconds of all trials, one after the other
    worked: float  # seconds of work of the run, its start and its end included
    shortest: float  # seconds that these trials take on these workers at least

    @property
    def reached(self) -> float:
        """How many seconds of training fell into each second of work."""
        return self.trained / self.worked

    @property
    def bound(self) -> float:
        """What no order of these trials on these workers can beat."""
        return self.trained / self.shortest


def speedup(lengths: Iterable[float], workers: int, worked: float) -> Speedup | None:
    """Compare the trials' `lengths` in seconds with the `worked` seconds of the run; None without either.

    >>> found = speedup([10.0, 10.0, 10.0, 10.0], workers=2, worked=25.0)
    >>> found.reached, found.bound
    (1.6, 2.0)
    """
    known = [length for length in lengths if length > 0]
    if not known or worked <= 0:
        return None
    trained, shortest = math.fsum(known), shortest_time(known, workers)
    return Speedup(trials=len(known), workers=workers, trained=trained, worked=worked, shortest=shortest)


def shortest_time(lengths: Iterable[float], workers: int) -> float:
    """Return a time that no schedule of undivided trials of these lengths on `workers` workers can undercut.

    The workers share the sum, so it takes sum / workers at least; and of the k * workers + 1 longest trials some
    worker trains k + 1, so it takes the sum of the k + 1 shortest among those at least (k = 0: the longest trial).
    n equal trials take ceil(n / workers) times the length of one. (Graham 1969, "Bounds on multiprocessing timing
    anomalies", SIAM J. Appl. Math. 17:416-429, and the usual pigeonhole bounds for P||Cmax.)

    >>> shortest_time([10.0] * 4, workers=3)
    20.0
    >>> shortest_time([30.0, 5.0, 5.0], workers=2)
    30.0
    """
    ordered = sorted(lengths, reverse=True)
    stacks = [math.fsum(ordered[k * workers - k : k * workers + 1]) for k in range((len(ordered) - 1) // workers + 1)]
    return max([math.fsum(ordered) / workers, *stacks])


def run_speedup(
    trials: Iterable[TrialRecord], workers: int, worked: float, remote: RemoteUse | None = None
) -> Speedup | None:
    """Return the speed-up of a run from its trials that have ended; None while there are none."""
    ended = [trial_seconds(trial, remote) for trial in trials if trial.state in _ENDED]
    return speedup([length for length in ended if length is not None], workers, worked)


def trial_seconds(trial: TrialRecord, remote: RemoteUse | None = None) -> float | None:
    """Return how long a trial kept a worker busy: as the worker measured it, else as RunPod did, else by the clock."""
    if trial.seconds is not None:
        return trial.seconds
    if remote is not None and trial.number in remote.trials:
        return remote.trials[trial.number].seconds
    if trial.started is None or trial.finished is None:
        return None
    return max(0.0, trial.finished - trial.started)
