"""What the trials of a run teach: which settings matter, where good values lie, and what is still uncertain."""

from __future__ import annotations

import streamlit as st

from app.components import insight_figures
from app.components.figure_block import chart, figure_block, how_to_read
from app.components.insight_figures import Insights, Moment
from app.state import selection
from core.datasets import DATASETS
from core.figures.axes import Space, varied
from core.figures.parameter_importance import ImportanceData
from core.search_space import search_space
from core.service import RunService, RunView
from core.store import RunRecord

_ENDED = ("completed", "pruned", "failed")
_SLICES, _AXES = 3, 5  # settings shown at first
_MOST_SLICES, _MOST_AXES = 9, 10
# What to show first as long as there are too few trials to tell what matters
_USUAL = ("learning_rate", "optimizer", "batch_size", "dropout", "conv_layers", "lstm_layers", "dense_layers")
_MARKS = (
    "Marks are the same in all figures: ● completed, ★ best, ◇ over a budget (never the best), ○ pruned, ✕ failed, "
    "□ interrupted."
)


def insights_view(service: RunService, view: RunView) -> None:
    """Draw the figures from what happened, over what matters, to how settings work together."""
    drawn = tuple(t for t in view.trials if t.state in _ENDED or (t.state == "running" and not view.active))
    if not drawn:
        st.info(
            "No trial has ended yet. The first figures appear with the first one."
            if view.active
            else "This run ended before its first trial did, so there is nothing to learn from. Start a new run."
        )
        return
    moment = Moment(
        run=view.run.name,
        created=view.run.created,
        ended=view.count(*_ENDED),
        drawn=len(drawn),
    )
    best = view.best.number if view.best else None
    chosen = frozenset(selection(view))
    insights = Insights(moment=moment, trials=drawn, space=run_space(view.run), best=best, selected=chosen)
    st.caption(_summary(view) + " " + _MARKS)
    _history(insights)
    if not varied(insights.space):
        st.info("The search space of this run is not known here, or leaves nothing to choose: no settings to compare.")
    else:
        importance = insight_figures.importance_data(insights)
        _importance(insights, importance)
        ranked = ranked_settings(insights.space, importance)
        _slices(insights, ranked)
        _contour(insights, ranked)
        _parallel(insights, ranked)
    _pareto(insights)
    _distribution(insights)


def run_space(run: RunRecord) -> Space:
    """Return the space that the run searches; empty when its data set is no longer there."""
    if run.config.dataset_name not in DATASETS:
        return {}
    entry = DATASETS[run.config.dataset_name]
    return search_space(entry.kind, entry.shape, entry.vocabulary or 0, run.config.search_space)


def ranked_settings(space: Space, importance: ImportanceData) -> list[str]:
    """Return the settings that vary, the most telling first."""
    names = varied(space)
    first = importance.names(len(names)) or [name for name in _USUAL if name in names]
    return [*first, *(name for name in names if name not in first)]


def _summary(view: RunView) -> str:
    counts = [f"{view.count(state)} {state}" for state in _ENDED if view.count(state)]
    later = " Trials that still train are added when they end." if view.active else ""
    return f"From the trials that have ended: {', '.join(counts) or 'none'}.{later}"


def _history(insights: Insights) -> None:
    figure_block(
        "Score of every trial",
        insight_figures.history(insights),
        "Each mark is a trial, higher is better. The line is the best score so far: while it still climbs, more trials "
        "may help; when it has been flat for long, the search has found what it can find.",
        key="insights_history",
        alt="Total score of every trial and the best so far",
    )


def _importance(insights: Insights, data: ImportanceData) -> None:
    basis = (
        f"An estimate (PED-ANOVA) from {data.n} completed trials: how differently the best {data.top} and all of them "
        "are spread over each setting. "
        if data.bars
        else ""
    )
    figure_block(
        "Which settings mattered",
        insight_figures.importance(insights),
        f"{basis}A long bar means that good trials share certain values of this setting. The red tick is what chance "
        "alone would stay below in 95 of 100 cases: hatched bars within it are no evidence. Importance does not tell "
        "*which* values are good; the next figures do.",
        key="insights_importance",
        alt="Importance of every setting as bars, with the level that chance alone would reach",
    )


def _slices(insights: Insights, ranked: list[str]) -> None:
    st.subheader("One setting at a time", anchor=False)
    names = _settings("Settings to show", insights, ranked, "slices", _SLICES, _MOST_SLICES)
    columns = st.columns(min(max(len(names), 1), 3))
    unused = []
    for at, name in enumerate(names):
        figure, without = insight_figures.one_setting(insights, name)
        unused += [f"{_label(name)} ({without})"] if without else []
        with columns[at % len(columns)]:
            chart(figure, key=f"insights_slice_{at}", alt=f"Total score of every trial against {_label(name)}")
    how_to_read(
        "Each mark is a trial: its value from left to right, its score upwards. Look for values where the marks "
        "lie high *and* close together. Empty regions were not tried. Trials without a score lie along the bottom. "
        + (f"Networks without the setting are not shown: {', '.join(unused)}." if unused else "")
    )


def _contour(insights: Insights, ranked: list[str]) -> None:
    if len(ranked) < 2:
        return
    st.subheader("Two settings together", anchor=False)
    left, right = st.columns(2)
    with left:
        x = _setting("From left to right", insights, ranked, "contour_x", ranked[0])
    with right:
        y = _setting("Upwards", insights, ranked, "contour_y", ranked[1])
    chart(
        insight_figures.two_settings(insights, x, y),
        key="insights_contour",
        alt=f"Mean total score over {_label(x)} and {_label(y)}, with the trials on top",
    )
    how_to_read(
        "The colour is the mean score of the trials near a point, yellow is better. Where nothing is coloured no trial "
        "was near. The colours rest on the marks around them: with one or two marks they are a guess. A slanted "
        "ridge means that the two settings must be chosen together."
    )


def _parallel(insights: Insights, ranked: list[str]) -> None:
    st.subheader("All settings of each trial", anchor=False)
    names = _settings("Axes", insights, ranked, "axes", _AXES, _MOST_AXES)
    chart(
        insight_figures.all_settings(insights, names),
        key="insights_parallel",
        alt="One line per trial across its settings to its total score",
    )
    how_to_read(
        "Each line is a trial that crosses every axis at its value and ends at its score on the right. Follow the dark "
        "lines of the best quarter: where they run through one narrow place, that value matters; where they fan out, "
        "it does not. The lowest line holds settings that a network does not have, and scores that were not reached. "
        "A click on a name in the legend hides its lines."
    )


def _pareto(insights: Insights) -> None:
    figure, words = insight_figures.front(insights)
    figure_block(
        "Accuracy against health",
        figure,
        "To the right is healthier, upwards is more accurate. The dashed line joins the trials that no other trial "
        "beats: to gain in one there you must give in the other. The star is the best by the weights of this run; "
        f"other weights would choose another trial of the line. {words}",
        key="insights_pareto",
        alt="Validation accuracy against health score of every completed trial, with the Pareto front",
    )


def _distribution(insights: Insights) -> None:
    figure, data = insight_figures.spread(insights)
    left_out = f" {data.left_out} without a score or over a budget are not counted." if data.left_out else ""
    middle = "" if data.median is None else f" Half of the {len(data.scores)} trials scored {data.median:.3f} or less."
    figure_block(
        "How the scores are spread",
        figure,
        "The line rises by one step per trial, at its score. Steep: most trials scored alike. A long flat "
        f"foot on the left: some settings do great harm.{middle}{left_out}",
        key="insights_edf",
        alt="Share of trials up to each total score",
    )


def _settings(label: str, insights: Insights, ranked: list[str], name: str, shown: int, most: int) -> list[str]:
    """Ask which settings to show, the most telling ones at first."""
    key = f"insights_{name}_{insights.moment.run}"
    st.session_state.setdefault(key, ranked[:shown])
    return st.multiselect(
        label,
        varied(insights.space),
        key=key,
        format_func=_label,
        max_selections=most,
        help="At first the settings that mattered most. Those with one fixed value are not offered.",
    )


def _setting(label: str, insights: Insights, ranked: list[str], name: str, first: str) -> str:
    key = f"insights_{name}_{insights.moment.run}"
    st.session_state.setdefault(key, first)
    return str(st.selectbox(label, varied(insights.space), key=key, format_func=_label, help="One of the settings."))


def _label(name: str) -> str:
    return name.replace("_", " ")
