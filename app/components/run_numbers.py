"""The numbers at the top of a run's dashboard: how far it is, how fast it goes, and what several workers gain."""

from __future__ import annotations

import streamlit as st

from app.components.formats import NONE, duration
from core.service import RunView
from core.speedup import run_speedup

_PIXELS = 168
_TRIALS = "Networks that were tried, of those planned. Pruned ones were stopped early, failed ones ended by an error."
_LEFT = "Expected from the pace of this run so far, pauses not counted."
_PACE = "Trials that ended per minute of work, over all workers and all sessions of the run."
_SPEEDUP = (
    "The seconds of all ended trials added up, divided by the seconds of work of the run. Below it the bound: trials "
    "of these lengths on so many workers cannot take less time than their sum divided by the workers, nor less than "
    "the longest of them, and equal trials come in rounds. Starting, preparing the data and keeping the best network "
    "count as work too. Workers that share one machine slow each other down, which this number does not see."
)


def run_numbers(view: RunView) -> None:
    """Draw them in a row."""
    finished = view.count("completed", "pruned", "failed")
    pace = 60 * finished / view.seconds if finished and view.seconds > 0 else None
    shares = [f"{view.count(state)} {state}" for state in ("completed", "pruned", "failed") if view.count(state)]
    with st.container(horizontal=True, key="numbers"):
        number("Trials ended", f"{finished} / {view.run.config.trials}", ", ".join(shares) or "none yet", _TRIALS)
        left = NONE if view.seconds_left is None else duration(view.seconds_left)
        number("Time left", left if view.active else "ended", f"{duration(view.seconds)} of work so far", _LEFT)
        number("Trials per minute", NONE if pace is None else f"{pace:.1f}", _workers(view), _PACE)
        gained, bound = speedup_texts(view)
        number("Speed-up by workers", gained, bound, _SPEEDUP)


def number(label: str, value: str, below: str, meaning: str) -> None:
    """Draw one number of a fixed width, so that the row does not move when it changes."""
    st.metric(label, value, delta=below, delta_color="off", delta_arrow="off", help=meaning, width=_PIXELS)


def speedup_texts(view: RunView) -> tuple[str, str]:
    """Return how much faster the workers made the run, and what the most is."""
    found = run_speedup(view.trials, view.run.config.workers, view.seconds, view.remote)
    if found is None:
        return NONE, "no trial has ended"
    return f"{found.reached:.1f} ×", f"at most {found.bound:.1f} ×"


def _workers(view: RunView) -> str:
    planned = view.run.config.workers
    busy = f"{len(view.running)} of {planned} busy" if view.active else f"{planned}"
    return f"{busy} worker{'' if planned == 1 else 's'}"
