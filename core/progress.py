"""What a running optimisation tells whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.store import TrialProgress, TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """A snapshot of a run; `seconds_left` is None until there is a pace to judge by."""

    run_name: str
    phase: str
    target: int
    completed: int
    pruned: int
    failed: int
    running: tuple[TrialProgress, ...]
    best: TrialRecord | None
    seconds: float
    seconds_left: float | None

    @property
    def finished(self) -> int:
        """Trials that ended in whatever way."""
        return self.completed + self.pruned + self.failed


OnProgress = Callable[[RunProgress], None]


def work_done(finished: int, running: tuple[TrialProgress, ...]) -> float:
    """Trials' worth of work that is done: finished ones and the share of the running ones' epochs."""
    return finished + sum(trial.epoch / trial.epochs for trial in running)


def seconds_left(target: int, done: float, done_before: float, seconds: float) -> float | None:
    """Expected rest at the pace since this session began; None before anything was done."""
    gained = done - done_before
    return None if gained <= 0 else max(0.0, seconds / gained * (target - done))


def best_trial(trials: list[TrialRecord]) -> TrialRecord | None:
    """Return the completed, feasible trial with the highest total score; the earliest of equals."""
    eligible = [trial for trial in trials if trial.state == "completed" and trial.feasible]
    return max(eligible, key=lambda trial: (trial.total_score or 0.0, -trial.number), default=None)
