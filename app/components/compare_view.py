"""Side by side: two trials of the run, or whole runs."""

from __future__ import annotations

import streamlit as st

from app.components.compare_runs import compare_runs
from app.components.compare_trials import compare_trials
from core.service import RunService, RunView

_TRIALS, _RUNS = "Two trials", "Whole runs"


def compare_view(service: RunService, view: RunView) -> None:
    """Draw one of the two comparisons; an address that names other runs opens on runs."""
    chosen = st.segmented_control(
        "What to compare",
        [_TRIALS, _RUNS],
        default=_RUNS if "with" in st.query_params else _TRIALS,
        key="compare_what",
        required=True,
        label_visibility="collapsed",
    )
    if chosen == _RUNS:
        compare_runs(service, service.store.runs(), view.run)
    else:
        compare_trials(service, view)
