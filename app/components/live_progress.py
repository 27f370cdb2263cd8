"""What trains at this moment: a row per worker."""

from __future__ import annotations

import streamlit as st

from app.components.formats import accuracy, duration
from core.service import RunView
from core.store import TrialProgress

_SLOTS = 4  # rows of training trials without scrolling
_SLOT_PIXELS = 62


def training_now(view: RunView, now: float) -> None:
    """Draw a row per worker, also for idle ones: rows that come and go would make the page jump."""
    rows = max(min(view.run.config.workers, view.run.config.trials), len(view.running))
    running: list[TrialProgress | None] = [*view.running, *[None] * (rows - len(view.running))]
    with st.container(border=True, height=_SLOTS * _SLOT_PIXELS if rows > _SLOTS else "content", key="training_now"):
        for trial in running:
            if trial is None:
                st.progress(0.0, text="Free worker")
            else:
                st.progress(min(trial.epoch / trial.epochs, 1.0), text=_trial_line(trial, now))


def _trial_line(trial: TrialProgress, now: float) -> str:
    """Keep it short: a line that wraps on a phone in one second and not in the next makes the page jump."""
    parts = [f"Trial {trial.number}", f"epoch {trial.epoch}/{trial.epochs}"]
    if trial.val_accuracy is not None:
        parts.append(f"accuracy {accuracy(trial.val_accuracy)}")
    return " · ".join([*parts, _trial_rest(trial, now)])


def _trial_rest(trial: TrialProgress, now: float) -> str:
    """Say when the training will be over, or where it is before its first and after its last epoch."""
    if trial.epoch >= trial.epochs:
        return trial.place or "finishing"  # the test data and the diagnostics come after the last epoch
    left = trial.seconds_left(now)
    return (trial.place or "starting") if left is None else f"{duration(left)} left"
