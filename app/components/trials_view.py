"""All trials of a run: cards or a table, and plots, with one selection for all of them."""

from __future__ import annotations

import streamlit as st

from app.components.trial_filters import trial_filters
from app.components.trial_gallery import trial_gallery
from app.components.trial_plots import trial_plots
from app.components.trial_selection import selection_bar
from app.components.trial_table import failures, trial_table
from app.state import selection
from core.service import RunService, RunView
from core.trial_filter import filter_trials, sort_trials, state_counts


def trials_view(service: RunService, view: RunView) -> None:
    """Draw the trials from what narrows them down, over what they are, to how they lie to each other."""
    if not view.trials:
        st.info(
            "No trial has started yet. They appear here one by one."
            if view.active
            else "This run ended before its first trial started. Resume it, or start a new run."
        )
        return
    selected = selection(view)
    wanted = trial_filters(view, selected)
    trials = sort_trials(
        filter_trials(view.trials, wanted.filter, active=view.active), wanted.sort, descending=wanted.descending
    )
    st.caption(_summary(view, len(trials), wanted.filter.conditions))
    selection_bar(view)
    form = st.segmented_control(
        "Show as",
        ["Cards", "Table"],
        default="Cards",
        required=True,
        key="trials_form",
        persist_state="session",
        label_visibility="collapsed",
    )
    if not trials:
        st.info("No trial meets the filters. Loosen one of them, or press “Reset filters” under “More filters”.")
    elif form == "Table":
        trial_table(view, trials, selected)
    else:
        trial_gallery(service, view, trials, selected)
    failures(view)
    trial_plots(view, selected)


def _summary(view: RunView, shown: int, conditions: int) -> str:
    counts = ", ".join(f"{n} {state}" for state, n in state_counts(view.trials, active=view.active).items())
    more = f" {conditions} condition{'' if conditions == 1 else 's'} under “More filters”." if conditions else ""
    return f"Showing {shown} of {len(view.trials)} trials ({counts}).{more}"
