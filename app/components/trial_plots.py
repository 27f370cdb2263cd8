"""Plots of a run's trials that share the selection: what is chosen in one is highlighted in all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from app.components.figure_block import how_to_read
from app.components.insights_view import run_space
from app.components.trial_selection import choose, chosen_in_plot, generation
from app.components.trial_table import KEY_PARAMS
from core.figures import learning_curves, parallel_coordinates, pareto, trial_scatter
from core.figures.axes import Space, varied
from core.figures.trial_scatter import Across
from core.service import RunView
from core.store import TrialRecord

_ENDED = ("completed", "pruned", "failed")
_AXES = 6
_CLICK = "clicking marks"
_MODES: dict[str, Literal["points", "box"]] = {_CLICK: "points", "dragging a box": "box"}  # Streamlit has no both
_MODE_KEY = "trials_select_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the plots depend on; equal moments have equal plots."""

    run: str
    created: float
    ended: int
    drawn: int  # with interrupted trials
    selected: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The trials that no longer train."""

    trials: tuple[TrialRecord, ...]
    best: int | None
    space: Space
    rows: int | None  # that the validation accuracy was measured on


def trial_plots(view: RunView, selected: tuple[int, ...]) -> None:
    """Draw the plots of all trials that have ended; those that still train are on the progress view."""
    drawn = tuple(t for t in view.trials if t.state in _ENDED or (t.state == "running" and not view.active))
    if not drawn:
        st.caption("The plots appear when the first trial has ended.")
        return
    moment = Moment(
        run=view.run.name,
        created=view.run.created,
        ended=view.count(*_ENDED),
        drawn=len(drawn),
        selected=selected,
    )
    best = view.best.number if view.best else None
    rows = view.run.facts.get("sizes", {}).get("validation")
    shown = _Shown(trials=drawn, best=best, space=run_space(view.run), rows=rows)
    st.segmented_control(
        "Select in the plots by",
        list(_MODES),
        default=_CLICK,
        required=True,
        key=_MODE_KEY,
        persist_state="session",
        help="A click adds a trial to the selection or takes it out. A box replaces the selection by what lies in it.",
    )
    st.caption(
        "All trials that have ended, whatever is filtered above. ● completed, ★ best, ◇ over a budget, ○ pruned, "
        "✕ failed, □ interrupted."
    )
    left, right = st.columns(2)
    with left:
        _pareto_plot(moment, shown)
    with right:
        _scatter_plot(moment, shown)
    if varied(shown.space):
        _parallel_plot(moment, shown)
    _curves_plot(moment, shown)


def _linked(name: str, figure: go.Figure, selected: tuple[int, ...], alt: str) -> None:
    """Draw a figure in which trials can be selected. A plot with a new selection is a new one: no event comes back."""
    mode = _MODES[st.session_state.get(_MODE_KEY) or _CLICK]
    key = f"trials_{name}_{mode}_{generation()}"
    st.plotly_chart(
        figure,
        key=key,
        theme="streamlit",
        on_select=partial(_chosen, key, selected),
        selection_mode=mode,
        config={"displayModeBar": False},
        alt=alt,
    )


def _chosen(key: str, selected: tuple[int, ...]) -> None:
    after = chosen_in_plot(st.session_state[key], selected)
    if after is not None:
        choose(after)


def _pareto_plot(moment: Moment, shown: _Shown) -> None:
    st.subheader("Accuracy against health", anchor=False)
    figure, words = _pareto(moment, shown)
    _linked("pareto", figure, moment.selected, "Validation accuracy against health score of every completed trial")
    how_to_read(
        "Right is healthier, up is more accurate. The dashed line joins the trials that no other beats in both. "
        f"{words}"
    )


def _scatter_plot(moment: Moment, shown: _Shown) -> None:
    st.subheader("Accuracy against cost", anchor=False)
    place = st.container()  # the switches stand below the plot, so that it is level with the one beside it
    with st.container(horizontal=True, key="trials_axes"):
        seconds = st.toggle("Seconds", key="trials_seconds", persist_state="session", help="Instead of parameters.")
        log_cost = st.toggle("Log cost", value=True, key="trials_log_cost", persist_state="session", help=_LOG_COST)
        log_error = st.toggle("Log error", key="trials_log_error", persist_state="session", help=_LOG_ERROR)
    across: Across = "seconds" if seconds else "parameters"
    figure = _scatter(moment, across, log_cost, log_error, shown)
    with place:
        _linked("scatter", figure, moment.selected, f"Validation accuracy against {across} of every completed trial")
    how_to_read(
        "Left is cheaper, up is more accurate. The dashed line joins the trials that are the most accurate for what "
        "they cost; a network below it is beaten by a smaller or faster one."
    )


_LOG_COST = "Logarithmic: each step along the axis multiplies, so small networks are not crowded together."
_LOG_ERROR = "Show the share of wrong answers, logarithmic: 99 % and 99.5 % then lie as far apart as 90 % and 95 %."


def _parallel_plot(moment: Moment, shown: _Shown) -> None:
    st.subheader("Settings of each trial", anchor=False)
    _linked("parallel", _parallel(moment, shown), moment.selected, "One line per trial across its main settings")
    how_to_read(
        "Each line is a trial; it crosses every axis at its value and ends at its score on the right. A box over "
        "part of an axis selects the trials that cross it there."
    )


def _curves_plot(moment: Moment, shown: _Shown) -> None:
    st.subheader("Learning curves", anchor=False)
    _linked("curves", _curves(moment, shown), moment.selected, "Validation accuracy by epoch of every trial")
    how_to_read("Each line is a trial. Curves that still rise at their end would gain from more epochs.")


# As they are, not as copies: to unpickle a figure takes as long as to draw it. Nobody may change them.
_kept = st.cache_resource(show_spinner=False, max_entries=48)


@_kept
def _pareto(moment: Moment, _shown: _Shown) -> tuple[go.Figure, str]:
    data = pareto.compute(_shown.trials, _shown.best, frozenset(moment.selected), active=False)
    return pareto.draw(data), data.words


@_kept
def _scatter(moment: Moment, across: Across, log_cost: bool, log_error: bool, _shown: _Shown) -> go.Figure:
    chosen = frozenset(moment.selected)
    data = trial_scatter.compute(_shown.trials, _shown.best, chosen, across=across, rows=_shown.rows, active=False)
    return trial_scatter.draw(data, log_cost=log_cost, log_error=log_error)


@_kept
def _parallel(moment: Moment, _shown: _Shown) -> go.Figure:
    names = [name for name in KEY_PARAMS if name in varied(_shown.space)][:_AXES]
    chosen = frozenset(moment.selected)
    data = parallel_coordinates.compute(
        _shown.trials, _shown.space, names or varied(_shown.space)[:_AXES], chosen, active=False
    )
    return parallel_coordinates.draw(data)


@_kept
def _curves(moment: Moment, _shown: _Shown) -> go.Figure:
    chosen = frozenset(moment.selected)
    return learning_curves.draw(learning_curves.compute(_shown.trials, _shown.best, chosen, active=False))
