"""The editor of the search space: what Optuna may choose, what is fixed, what is switched off, and what each means."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.components.formats import plain
from app.components.parameter_controls import change_text, parameter_controls
from app.components.space_overrides import Overrides, fitting, space_of, space_problem
from app.components.space_state import SpaceState
from core.lessons import GROUPS, lesson
from core.search_space import Space


def search_space_editor(state: SpaceState, dataset: str) -> None:
    """Draw the editor for the networks of a data set in an expander; what is in it is drawn only when open."""
    changed = fitting(dataset, state.overrides())
    space = space_of(dataset)
    problem = space_problem(dataset, changed) if changed else None
    body = st.expander("Search space: what may be tried", key=f"{state.prefix}_open", on_change="rerun")
    with body:
        if body.open:
            _editor(state, dataset, space, changed, problem)
    st.caption(space_summary(space, changed))
    if problem and not body.open:
        st.error(f"Search space: {plain(problem)}. Open it to change that.")


def space_summary(space: Space, changed: Mapping[str, object]) -> str:
    """Say how many hyperparameters of the space differ from the defaults, and which."""
    if not changed:
        return f"All {len(space)} hyperparameters are searched over their usual ranges."
    names = ", ".join(f"{lesson(name).label} ({change_text(value)})" for name, value in changed.items())
    return f"{len(changed)} of {len(space)} hyperparameters changed: {plain(names)}."


def _editor(state: SpaceState, dataset: str, space: Space, changed: Overrides, problem: str | None) -> None:
    st.caption(
        "**Search** lets Optuna choose within limits, **Fix** sets one value for all trials. Fewer and narrower "
        "choices need fewer trials. Press a name to read what it does."
    )
    own = {name: space_problem(dataset, {name: value}) for name, value in changed.items()}
    if problem and not any(own.values()):  # each is right by itself
        st.error(f"{plain(problem)}.")
    with st.container(horizontal=True, vertical_alignment="center"):
        key = f"{state.prefix}_group"
        st.session_state.setdefault(key, GROUPS[0])
        group = st.segmented_control("Part", list(GROUPS), key=key, required=True, label_visibility="collapsed")
        st.button("Reset all", key=f"{state.prefix}_reset", on_click=_reset, args=(state,), disabled=not changed)
    for name in space:
        if lesson(name).group == group:
            with st.container(border=True, key=f"{state.prefix}_row_{name}"):
                parameter_controls(state, dataset, name, changed.get(name))
                if own.get(name):
                    st.error(f"{plain(own[name] or '')}.")


def _reset(state: SpaceState) -> None:
    state.put({})
    state.forget_controls()
