"""How far a study is, and how long it will take at its own pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.executors.sharing import SHARED
from core.progress import best_trial, seconds_left, work_done
from core.service import RunView, StudyView
from core.store import TrialRecord
from core.study_config import STUDY_MODES, StudyMode
from core.study_estimate import surely_shared
from core.study_networks import count_trainings

_ENDED = ("completed", "pruned", "failed")
Runs = Sequence[RunView | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPace:
    """Counts of both modes. `seconds_left`: None until there is a pace, or when nobody works on the study."""

    runs_ended: int
    runs: int
    ended: int
    trials: int
    taken_over: int
    share: float  # of all trials, those that train counted by their epochs
    seconds_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeBest:
    """The best network of a mode so far: by validation accuracy, or by total score."""

    pair: int
    run: RunView
    trial: TrialRecord


def study_pace(view: StudyView) -> StudyPace:
    """Return how far the study is.

    Trials that are taken over cost no time, so the pace is that of trainings. How many of the health-aware trials to
    come will be trainings is judged by those that have ended; before there are any, all that are not surely shared.
    """
    config = view.study.config
    every = [run for mode in STUDY_MODES for run in view.runs[mode] if run is not None]
    trained, shared = count_trainings([run.trials for run in every], SHARED)
    training = sum(work_done(0, run.running) for run in every if run.active)
    ended = {mode: sum(run.count(*_ENDED) for run in view.runs[mode] if run is not None) for mode in STUDY_MODES}
    planned = config.runs * config.trials
    later = planned - ended["health_aware"]
    own = 1 - surely_shared(config) / config.trials
    if ended["health_aware"]:
        own = 1 - shared / ended["health_aware"]
    open_trainings = max(planned - ended["accuracy_only"] + own * later - training, 0.0)
    done = trained + training
    running = view.study.status == "running" and open_trainings > 0
    return StudyPace(
        runs_ended=sum(run.run.status == "completed" for run in every),
        runs=2 * config.runs,
        ended=sum(ended.values()),
        trials=2 * planned,
        taken_over=shared,
        share=min((sum(ended.values()) + training) / (2 * planned), 1.0),
        seconds_left=_seconds_left(done, open_trainings, view.seconds) if running else None,
    )


def _seconds_left(done: float, still: float, seconds: float) -> float | None:
    return seconds_left(1, done / (done + still), seconds) if done else None


def mode_best(mode: StudyMode, runs: Runs) -> ModeBest | None:
    """Return the best network of all runs of a mode by what that mode counts; of equals the first."""
    found = [
        ModeBest(pair=pair, run=run, trial=best)
        for pair, run in enumerate(runs)
        if run is not None and (best := best_trial(run.trials)) is not None and best.accuracy is not None
    ]
    if mode == "accuracy_only":
        return max(found, key=lambda one: (one.trial.accuracy or 0.0, -one.pair), default=None)
    return max(found, key=lambda one: (one.trial.total_score or 0.0, -one.pair), default=None)


def at_work(runs: Runs, trials: int) -> str:
    """Say which runs of a mode are worked on and how far each is.

    >>> at_work([None, None], 25)
    'has not begun'
    """
    begun = [(pair, run) for pair, run in enumerate(runs) if run is not None]
    active = [(pair, run) for pair, run in begun if run.active]
    if not begun:
        return "has not begun"
    if not active:
        ended = sum(run.run.status == "completed" for _, run in begun)
        return f"{ended} of {len(runs)} runs ended"
    parts = [
        f"run {pair + 1} of {len(runs)}, trial {min(run.count(*_ENDED) + 1, trials)} of {trials}"
        for pair, run in active
    ]
    return " · ".join(parts[:2]) + (f" · {len(parts) - 2} more runs" if len(parts) > 2 else "")
