"""The live dashboard of a run: how fast it goes, what trains now, and the best network so far."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from app.components.best_model import best_model
from app.components.device_lines import device_lines
from app.components.live_progress import training_now
from app.components.remote_numbers import remote_numbers
from app.components.run_numbers import run_numbers
from core.figures import learning_curves, optimization_history, worker_timeline
from core.service import RunService, RunView
from core.store import TrialRecord

_NEXT_SHOWN = 5
BEST_CURVES, NEWEST_CURVES = 40, 20


def progress_view(service: RunService, view: RunView) -> None:
    """Draw the dashboard; while the run is active it is drawn anew every second."""
    run_numbers(view)
    remote_numbers(view)
    if view.active:
        training_now(view, service.store.now())
        _next(view)
    device_lines(view)
    best_model(service, view)
    _figures(view)
    _timeline(service, view)
    _runs_in_line(service, view)


def _next(view: RunView) -> None:
    """Say which trials wait that a person put into the queue."""
    waiting = [trial for trial in view.trials if trial.state == "waiting"]
    if not waiting:
        return
    names = [f"trial {trial.number}" + (f" ({trial.origin})" if trial.origin else "") for trial in waiting]
    more = f" and {len(names) - _NEXT_SHOWN} more" if len(names) > _NEXT_SHOWN else ""
    st.caption(f"Next in the queue: {', '.join(names[:_NEXT_SHOWN])}{more}.")


def _figures(view: RunView) -> None:
    best = view.best.number if view.best else None
    finished = view.count("completed", "pruned", "failed")
    left, right = st.columns(2)
    with left:
        st.subheader("Score of every trial", anchor=False)
        st.plotly_chart(
            _history(f"{view.run.name} {view.run.created}", finished, view.trials),
            key="history",
            theme="streamlit",
            config={"displayModeBar": False},
            alt="Total score of every trial and the best so far",
        )
    with right:
        st.subheader("Learning curves", anchor=False)
        st.plotly_chart(
            learning_curves.draw(learning_curves.compute(curves_shown(view.trials), best, active=view.active)),
            key="curves",
            theme="streamlit",
            config={"displayModeBar": False},
            alt="Validation accuracy by epoch of every trial",
        )
        if len(view.trials) > BEST_CURVES + NEWEST_CURVES:
            st.caption(
                f"The {BEST_CURVES} best and the {NEWEST_CURVES} newest of {len(view.trials)} trials; all are in the "
                "view Trials."
            )


@st.cache_resource(max_entries=8, show_spinner=False)  # it changes when a trial ends, and is looked at every second
def _history(run: str, finished: int, _trials: tuple[TrialRecord, ...]) -> go.Figure:
    return optimization_history.draw(optimization_history.compute(_trials))


def curves_shown(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the trials whose curves are drawn every second: a thousand would take longer than they are looked at."""
    if len(trials) <= BEST_CURVES + NEWEST_CURVES:
        return list(trials)
    scored = sorted(trials, key=lambda trial: -1.0 if trial.total_score is None else trial.total_score)
    chosen = {trial.number for trial in (*scored[-BEST_CURVES:], *trials[-NEWEST_CURVES:])}
    return [trial for trial in trials if trial.number in chosen or trial.state == "running"]


def _timeline(service: RunService, view: RunView) -> None:
    st.subheader("What the workers did", anchor=False)
    epochs = tuple((trial.number, trial.epoch) for trial in view.running)
    st.plotly_chart(
        _busy(f"{view.run.name} {view.run.created}", len(view.trials), epochs, view.active, view, service.store.now()),
        key="timeline",
        theme="streamlit",
        config={"displayModeBar": False},
        alt="Which trials trained at the same time, over the time of work",
    )
    st.caption(
        "A bar per trial, one row for each that trained at the same time. Gaps are pauses, stops, or workers with "
        "nothing to do."
    )


@st.cache_resource(max_entries=8, show_spinner=False)  # it grows with every epoch, and is looked at every second
def _busy(
    run: str, trials: int, epochs: tuple[tuple[int, int], ...], active: bool, _view: RunView, _now: float
) -> go.Figure:
    return worker_timeline.draw(worker_timeline.compute(_view.trials, _view.running, _now, active))


def _runs_in_line(service: RunService, view: RunView) -> None:
    others = [run for run in reversed(service.store.runs()) if run.status == "queued" and run.name != view.run.name]
    if others:
        st.caption("Runs that wait for their turn: " + ", ".join(f"`{run.name}`" for run in others) + ".")
