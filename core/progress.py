"""What a running optimisation tells whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    note: str | None = None  # what there is to say of RunPod

    @classmethod
    def of(
        cls,
        *,
        run_name: str,
        phase: str,
        target: int,
        trials: Sequence[TrialRecord],
        running: tuple[TrialProgress, ...],
        now: float,
        session_started: float | None,
        done_before: float,
        note: str | None = None,
    ) -> RunProgress:
        """Sum up what is stored and what runs; `done_before` trials were done before this session's training began."""
        states = [trial.state for trial in trials]
        completed, pruned, failed = (states.count(state) for state in ("completed", "pruned", "failed"))
        elapsed = 0.0 if session_started is None else now - session_started
        return cls(
            run_name=run_name,
            phase=phase,
            target=target,
            completed=completed,
            pruned=pruned,
            failed=failed,
            running=running,
            best=best_trial(trials),
            note=note,
            seconds=elapsed,
            seconds_left=seconds_left(
                target,
                work_done(completed + pruned + failed, running),
                elapsed,
                done_before=done_before,
                idle=idle_seconds(running, now),
            ),
        )

    @property
    def finished(self) -> int:
        """Trials that ended in whatever way."""
        return self.completed + self.pruned + self.failed


OnProgress = Callable[[RunProgress], None]


def work_done(finished: int, running: tuple[TrialProgress, ...]) -> float:
    """Trials' worth of work that is done: finished ones and the share of the running ones' epochs."""
    return finished + sum(trial.epoch / trial.epochs for trial in running)


def idle_seconds(running: Iterable[TrialProgress], now: float) -> float:
    """Seconds since a running trial last got further; 0 when none runs."""
    return min((now - trial.updated for trial in running), default=0.0)


def seconds_left(
    target: int, done: float, seconds: float, *, done_before: float = 0.0, idle: float = 0.0
) -> float | None:
    """Expected rest at the pace of this session's `seconds`; None before anything was done in it.

    `idle` seconds have passed since the last step, so that the expectation falls steadily between steps.

    >>> seconds_left(10, 5.0, 60.0, idle=10.0)
    40.0
    """
    gained = done - done_before
    if gained <= 0:
        return None
    return max(0.0, (seconds - idle) / gained * (target - done) - idle)


def best_trial(trials: Iterable[TrialRecord]) -> TrialRecord | None:
    """Return the completed, feasible trial with the highest total score; the earliest of equals."""
    eligible = [trial for trial in trials if trial.state == "completed" and trial.feasible]
    return max(eligible, key=lambda trial: (trial.total_score or 0.0, -trial.number), default=None)
