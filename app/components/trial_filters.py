"""What narrows down the trials, and in which order they stand."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from optuna.distributions import CategoricalDistribution

from app.components.formats import STATES
from app.components.insights_view import run_space
from core.service import RunView
from core.trial_filter import SortKey, TrialFilter

_SORTS: dict[SortKey, str] = {
    "total_score": "Total score",
    "number": "Trial number",
    "accuracy": "Accuracy",
    "health": "Health",
    "parameters": "Parameters",
    "seconds": "Seconds",
}
_STATES_KEY, _ACCURACY_KEY, _SIZE_KEY, _ONLY_KEY = "trials_states", "trials_accuracy", "trials_size", "trials_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which trials, and in which order."""

    filter: TrialFilter
    sort: SortKey
    descending: bool


def trial_filters(view: RunView, selected: tuple[int, ...]) -> Wanted:
    """Draw the filters and the order; return what was asked for. It stays when another view is looked at."""
    states = st.pills(
        "Show",
        [state for state in STATES if state != ("interrupted" if view.active else "running")],
        selection_mode="multi",
        format_func=STATES.__getitem__,
        key=f"{_STATES_KEY}_{view.active}",  # the states on offer differ
        persist_state="session",
        help="No state chosen shows all. Pruned: stopped early, as it was weaker than earlier trials. Failed: ended "
        "by an error.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="trials_order_row"):
        sort: SortKey = st.selectbox(
            "Sort by",
            list(_SORTS),
            format_func=_SORTS.__getitem__,
            key="trials_sort",
            persist_state="session",
            width=190,
            help="Trials that have no such number stand last.",
        )
        order = st.segmented_control(
            "Order",
            ["highest first", "lowest first"],
            default="highest first",
            required=True,
            key="trials_order",
            persist_state="session",
        )
        with st.popover("More filters", key="trials_more"):
            wanted = _conditions(view, frozenset(states), selected)
    return Wanted(filter=wanted, sort=sort, descending=order == "highest first")


def _conditions(view: RunView, states: frozenset[str], selected: tuple[int, ...]) -> TrialFilter:
    accuracy = st.number_input(
        "Validation accuracy at least, %",
        0.0,
        100.0,
        value=None,
        step=1.0,
        key=_ACCURACY_KEY,
        persist_state="session",
        placeholder="any",
        help="Of the finished network, else of its last epoch. Trials without an accuracy are left out.",
    )
    size = st.number_input(
        "Parameters at most",
        1,
        None,
        value=None,
        step=1000,
        key=_SIZE_KEY,
        persist_state="session",
        placeholder="any",
        help="Learned numbers in the network. Trials whose size is not known are left out.",
    )
    choices = {name: frozenset(_choice(name, offered)) for name, offered in _categories(view).items()}
    only = st.toggle("Only selected trials", key=_ONLY_KEY, persist_state="session")
    st.button("Reset filters", key="trials_reset", on_click=_reset, args=(view.active, tuple(choices)))
    return TrialFilter(
        states=states,
        min_accuracy=None if accuracy is None else accuracy / 100,
        max_parameters=size,
        choices=choices,
        only=frozenset(selected) if only else None,
    )


def _categories(view: RunView) -> dict[str, list[str]]:
    """Return the settings that have choices, with these as text."""
    space = run_space(view.run).items()
    return {
        name: [str(choice) for choice in distribution.choices]
        for name, distribution in space
        if isinstance(distribution, CategoricalDistribution) and not distribution.single()
    }


def _choice(name: str, offered: list[str]) -> list[str]:
    return st.multiselect(
        name.replace("_", " ").capitalize(),
        offered,
        key=f"trials_choice_{name}",
        persist_state="session",
        placeholder="any",
    )


def _reset(active: bool, names: tuple[str, ...]) -> None:
    st.session_state[f"{_STATES_KEY}_{active}"] = []
    st.session_state[_ACCURACY_KEY] = st.session_state[_SIZE_KEY] = None
    st.session_state[_ONLY_KEY] = False
    for name in names:
        st.session_state[f"trials_choice_{name}"] = []
