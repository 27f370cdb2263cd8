"""The list of all runs, and what was asked of the one that is shown."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.components.formats import STATUS_COLOURS, dataset_label, mode_label
from app.state import show_run
from core.store import RunRecord

_KEY = "run_picker"


def run_picker(runs: list[RunRecord], shown: RunRecord) -> None:
    """Draw a select box of all runs; the choice goes into the address of the page.

    Of the runs of studies only those of the shown one's study are offered.
    """
    status = {run.name: run.status for run in runs if run.config.study in (None, shown.config.study)}
    st.session_state[_KEY] = shown.name  # the address decides, so the box follows when a run is started
    st.selectbox(
        "Run",
        list(status),
        format_func=partial(_label, status),  # no closure: Streamlit has to be able to pickle it
        key=_KEY,
        on_change=_show_chosen,
        help="All runs, the newest first. They go on in the server when this page is closed. The runs of a study "
        "stand on its page.",
    )


def _label(status: dict[str, str], name: str) -> str:
    return f"{name} · {status[name]}"


def _show_chosen() -> None:
    show_run(st.session_state[_KEY])


def run_headline(run: RunRecord) -> None:
    """Draw the status and the settings of a run in a line."""
    config = run.config
    place = " · RunPod" if config.use_runpod_service else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(run.status, color=STATUS_COLOURS[run.status])
        st.caption(
            f"{dataset_label(config.dataset_name)} · {mode_label(config.optimization_mode)} · "
            f"{_count(config.trials, 'trial')} of up to {_count(config.max_epochs_per_trial, 'epoch')} · "
            f"{_count(config.workers, 'worker')}{place} · seed {config.random_seed}",
            width="stretch",
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
