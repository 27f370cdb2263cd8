"""The runs of a study, live: both modes side by side, and every run as a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.components.figure_block import chart
from app.components.formats import NONE, accuracy, accuracy_interval, score
from app.components.study_distribution import study_distribution
from app.components.study_numbers import count, points
from app.components.study_pace import ModeBest, at_work, mode_best
from core.datasets import DATASETS
from core.errors import LabError
from core.figures import architecture_sketch, study_bars
from core.figures.mode_looks import MODE_LABELS
from core.progress import best_trial
from core.search_space import model_config
from core.service import RunService, RunView, StudyView
from core.study_config import STUDY_MODES, StudyMode

_PIXELS = 134
_BY: dict[StudyMode, str] = {"accuracy_only": "validation accuracy", "health_aware": "total score"}


def study_runs(service: RunService, view: StudyView) -> None:
    """Draw the two modes, the distribution, and the table of runs."""
    for mode, column in zip(STUDY_MODES, st.columns(2, gap="large"), strict=True):
        with column:
            _mode(view, mode)
    study_distribution(view)
    _table(view)


def _mode(view: StudyView, mode: StudyMode) -> None:
    runs, config = view.runs[mode], view.study.config
    st.subheader(MODE_LABELS[mode], anchor=False)
    text = at_work(runs, config.trials)
    st.caption(text[:1].upper() + text[1:] + ".")
    _best(mode, mode_best(mode, runs), active=view.study.active)
    bars = study_bars.compute(
        mode,
        config.trials,
        [((), ()) if run is None else (run.trials, run.running if run.active else ()) for run in runs],
        active=view.study.active,
    )
    ended = sum(bar.ended for bar in bars.bars)
    chart(
        study_bars.draw(bars),
        key=f"study_bars_{mode}",
        alt=f"Trials of each run of mode {MODE_LABELS[mode]}: {ended} of {config.runs * config.trials} in all",
    )


def _best(mode: StudyMode, best: ModeBest | None, *, active: bool) -> None:
    """Draw the best network of the mode; before there is one, the same places without numbers."""
    trial = best.trial if best else None
    sizes = best.run.run.facts.get("sizes", {}) if best else {}
    gap = None if trial is None or trial.test_accuracy is None else (trial.accuracy or 0.0) - trial.test_accuracy
    with st.container(horizontal=True, key=f"study_best_{mode}"):
        for label, value, name in (
            ("Validation", trial.accuracy if trial else None, "validation"),
            ("Test", trial.test_accuracy if trial else None, "test"),
        ):
            interval = accuracy_interval(value, sizes.get(name))
            _number(label, accuracy(value), f"95 %: {interval}" if interval else "–", _MEANINGS[name])
        _number("Health", score(trial.health if trial else None), "0 to 1", _MEANINGS["health"])
        _number("Gap", f"{points(gap, sign=True)}", "points", _MEANINGS["gap"])
    so_far = "so far " if active else ""
    if best is None:
        st.caption(f"Best {so_far}by {_BY[mode]}: none yet.")
    else:
        st.caption(
            f"Best {so_far}by {_BY[mode]}: run {best.pair + 1}, trial {best.trial.number}. {network_words(best)}"
        )


_MEANINGS = {
    "validation": "Share of right answers on the data that choose the network, so a little too good. Below it the 95 % "
    "interval (Wilson) of this one network.",
    "test": "Share of right answers on data that neither trained nor chose the network, with its 95 % interval.",
    "health": "How soundly the network learned: the weighted average of six measurements.",
    "gap": "Validation minus test accuracy. Above 0: validation promised too much, mostly because the best of many was "
    "picked by it. A gap of one network is mostly chance.",
}


def _number(label: str, value: str, below: str, meaning: str) -> None:
    st.metric(label, value, delta=below, delta_color="off", delta_arrow="off", help=meaning, width=_PIXELS)


def network_words(best: ModeBest) -> str:
    """Describe a network in a line: its layers and its size."""
    config, trial = best.run.run.config, best.trial
    size = "" if trial.parameters is None else f" · {count(trial.parameters, 'parameter')}"
    if config.dataset_name not in DATASETS:
        return size.removeprefix(" · ")
    entry = DATASETS[config.dataset_name]
    try:
        words = architecture_sketch.compute(model_config(entry.kind, trial.params), entry.classes).words
    except LabError:
        return size.removeprefix(" · ")
    return f"{words}{size}"


def _table(view: StudyView) -> None:
    with st.expander("All runs as a table"):
        rows = run_rows(view)
        st.dataframe(
            rows,
            hide_index=True,
            placeholder=NONE,
            key="study_runs_table",
            column_config={
                "Validation %": st.column_config.NumberColumn(format="%.1f"),
                "Test %": st.column_config.NumberColumn(format="%.1f"),
                "Gap": st.column_config.NumberColumn(format="%.2f", help="Validation − test, points"),
                "Health": st.column_config.NumberColumn(format="%.3f"),
            },
            alt="All runs of both modes with status, trials and the numbers of their best network",
        )
        begun = [run.run.name for runs in view.runs.values() for run in runs if run is not None]
        if begun:
            name = st.selectbox("A run is an ordinary run: look at it on the page Exploration", begun, key="study_run")
            st.page_link("../pages/exploration.py", label="Open this run", query_params={"run": name})


def run_rows(view: StudyView) -> list[dict[str, Any]]:
    """Return the runs as rows of a table, partners one below the other."""
    rows = []
    for pair in range(view.study.config.runs):
        for mode in STUDY_MODES:
            rows.append(_row(mode, pair, view.runs[mode][pair]))
    return rows


def _row(mode: StudyMode, pair: int, run: RunView | None) -> dict[str, Any]:
    trials: Sequence[Any] = run.trials if run else ()
    best = best_trial(trials)
    known = best is not None and best.accuracy is not None and best.test_accuracy is not None
    return {
        "Run": pair + 1,
        "Mode": MODE_LABELS[mode],
        "Status": run.run.status if run else "not begun",
        "Trials": run.count("completed", "pruned", "failed") if run else 0,
        "Best": best.number if best else None,
        "Validation %": 100 * best.accuracy if best and best.accuracy is not None else None,
        "Test %": 100 * best.test_accuracy if best and best.test_accuracy is not None else None,
        "Gap": 100 * ((best.accuracy or 0.0) - (best.test_accuracy or 0.0)) if best and known else None,
        "Health": best.health if best else None,
        "Parameters": best.parameters if best else None,
    }
