"""How far a run is, what trains at this moment, and the buttons that stop and resume it."""

from __future__ import annotations

import streamlit as st

from app.components.formats import accuracy, duration, plain
from core.errors import LabError
from core.progress import work_done
from core.service import RunService, RunView
from core.store import TrialProgress

_SLOTS = 4  # rows of training trials without scrolling
_SLOT_PIXELS = 62


def live_progress(service: RunService, view: RunView) -> None:
    """Draw the progress of a run, with its buttons."""
    finished = view.count("completed", "pruned", "failed")
    share = work_done(finished, view.running if view.active else ()) / view.run.config.trials
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(min(max(share, 0.0), 1.0), text=_headline(view, finished))
        _buttons(service, view)
    st.caption(_times(view))
    if view.run.status == "failed":
        st.error(f"The run ended by an error: {plain(view.run.phase)}. Remove the cause, then press Resume.")
    elif view.run.status == "interrupted":
        st.warning(f"Nobody works on this run: {view.run.phase}.")
    if view.active:
        _training(view, service.store.now())


def _headline(view: RunView, finished: int) -> str:
    parts = [f"**{finished} of {view.run.config.trials} trials**"]
    if view.run.status in ("queued", "running", "completed"):
        parts.append(view.run.phase)
    return " · ".join(parts)


def _times(view: RunView) -> str:
    parts = [f"{duration(view.seconds)} elapsed" if view.active else f"took {duration(view.seconds)}"]
    if view.seconds_left is not None:
        parts.append(f"about {duration(view.seconds_left)} left")
    parts += [f"{view.count(state)} {state}" for state in ("pruned", "failed") if view.count(state)]
    return " · ".join(parts)


def _buttons(service: RunService, view: RunView) -> None:
    name = view.run.name
    if view.active:
        asked = view.run.stop_requested
        st.button(
            "Stopping …" if asked else "Stop",
            key="stop",
            on_click=_try,
            args=(service.stop, name),
            disabled=asked,
            help="Stop after keeping the best network so far. The run can be resumed.",
        )
    elif view.run.resumable:
        st.button(
            "Resume",
            key="resume",
            type="primary",
            on_click=_try,
            args=(service.resume, name),
            help="Go on where the run ended. Finished trials are kept.",
        )


def _try(wish: object, name: str) -> None:
    """Do what a button says; two tabs may press it at once, so a refusal is a message."""
    assert callable(wish)
    try:
        wish(name)
    except LabError as error:
        st.toast(f"Not done: {plain(str(error))}", icon="⚠️")


def _training(view: RunView, now: float) -> None:
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
    if trial.epoch >= trial.epochs:
        return "finishing"  # the test data and the diagnostics come after the last epoch
    left = trial.seconds_left(now)
    return "starting" if left is None else f"{duration(left)} left"
