"""The figures of the insights view, each made once per run and number of ended trials and kept for all tabs."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from core.figures import (
    contour,
    edf,
    optimization_history,
    parallel_coordinates,
    parameter_importance,
    pareto,
    slice_plot,
)
from core.figures.axes import Space
from core.figures.parameter_importance import ImportanceData
from core.store import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the figures of a run depend on; equal moments have equal figures."""

    run: str
    created: float
    ended: int
    drawn: int  # with interrupted trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Insights:
    """The trials of a run that no longer train, with its search space and the number of its best trial."""

    moment: Moment
    trials: tuple[TrialRecord, ...]
    space: Space
    best: int | None
    selected: frozenset[int]


# As they are, not as copies: to unpickle a figure takes as long as to draw it. Nobody may change them.
_kept = st.cache_resource(show_spinner=False, max_entries=32)


def importance_data(insights: Insights) -> ImportanceData:
    """Return which settings mattered."""
    return _importance_data(insights.moment, insights)


def importance(insights: Insights) -> go.Figure:
    """Return the bars of the settings that mattered."""
    return _importance(insights.moment, insights)


def history(insights: Insights) -> go.Figure:
    """Return the score of every trial."""
    return _history(insights.moment, insights)


def one_setting(insights: Insights, name: str) -> tuple[go.Figure, int]:
    """Return the scores over one setting, and how many trials had no such setting."""
    return _one_setting(insights.moment, name, insights)


def two_settings(insights: Insights, x: str, y: str) -> go.Figure:
    """Return the scores over two settings."""
    return _two_settings(insights.moment, x, y, insights)


def all_settings(insights: Insights, names: list[str]) -> go.Figure:
    """Return the trials as lines across the settings `names`."""
    return _all_settings(insights.moment, tuple(names), sorted(insights.selected), insights)


def front(insights: Insights) -> tuple[go.Figure, str]:
    """Return accuracy against health, and in words who is not in it."""
    return _front(insights.moment, sorted(insights.selected), insights)


def spread(insights: Insights) -> tuple[go.Figure, edf.Distribution]:
    """Return how the scores are spread."""
    return _spread(insights.moment, insights)


@st.cache_data(show_spinner=False, max_entries=16)
def _importance_data(moment: Moment, _insights: Insights) -> ImportanceData:
    return parameter_importance.compute(_insights.trials, _insights.space)


@_kept
def _importance(moment: Moment, _insights: Insights) -> go.Figure:
    return parameter_importance.draw(importance_data(_insights))


@_kept
def _history(moment: Moment, _insights: Insights) -> go.Figure:
    return optimization_history.draw(optimization_history.compute(_insights.trials))


@_kept
def _one_setting(moment: Moment, name: str, _insights: Insights) -> tuple[go.Figure, int]:
    data = slice_plot.compute(_insights.trials, _insights.space, name, active=False)
    figure = slice_plot.draw(data)
    figure.update_layout(showlegend=False)  # several stand beside each other, and the marks are explained above
    return figure, data.unused


@_kept
def _two_settings(moment: Moment, x: str, y: str, _insights: Insights) -> go.Figure:
    return contour.draw(contour.compute(_insights.trials, _insights.space, x, y, active=False))


@_kept
def _all_settings(moment: Moment, names: tuple[str, ...], selected: list[int], _insights: Insights) -> go.Figure:
    chosen = frozenset(selected)
    data = parallel_coordinates.compute(_insights.trials, _insights.space, names, chosen, active=False)
    return parallel_coordinates.draw(data)


@_kept
def _front(moment: Moment, selected: list[int], _insights: Insights) -> tuple[go.Figure, str]:
    data = pareto.compute(_insights.trials, _insights.best, frozenset(selected), active=False)
    return pareto.draw(data), data.words


@_kept
def _spread(moment: Moment, _insights: Insights) -> tuple[go.Figure, edf.Distribution]:
    data = edf.compute({moment.run: _insights.trials})
    return edf.draw(data), data[0]
