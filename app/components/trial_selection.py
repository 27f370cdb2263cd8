"""The one selection of trials that cards, table and plots share, and the bar that says what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from app.state import select, selection, show_view
from core.service import RunView
from core.trial_filter import toggled

_GENERATION = "trials_generation"
_NAMED = 12  # trials named in the bar; more are counted


def choose(numbers: Iterable[int]) -> None:
    """Make `numbers` the selection. Plots are made anew, so that none keeps marks of its own that say otherwise."""
    select(numbers)
    st.session_state[_GENERATION] = generation() + 1


def generation() -> int:
    """Return how often the selection was changed in this tab: part of the keys of the plots."""
    return int(st.session_state.get(_GENERATION, 0))


def add(numbers: Iterable[int], selected: Iterable[int]) -> None:
    """Add `numbers` to `selected`, or take out those that are in it."""
    choose(toggled(selected, numbers))


def chosen_in_plot(event: Mapping[str, Any], selected: Iterable[int]) -> frozenset[int] | None:
    """Return the selection after an event of a plot; None when it changes nothing.

    A click on a mark adds its trial or takes it out; a box replaces the selection by the trials in it.
    """
    drawn = event.get("selection") or {}
    numbers = {number for point in drawn.get("points", []) if (number := _number(point)) is not None}
    if not numbers:
        return None
    before = frozenset(selected)
    after = frozenset(numbers) if drawn.get("box") or drawn.get("lasso") else toggled(before, numbers)
    return None if after == before else after


def _number(point: Mapping[str, Any]) -> int | None:
    data = point.get("customdata")
    value = data[0] if isinstance(data, list | tuple) and data else data
    return int(value) if isinstance(value, int | float) else None


def selection_bar(view: RunView) -> None:
    """Draw what is selected, with a way to clear it and to compare; as high when nothing is selected."""
    selected = selection(view)
    with st.container(horizontal=True, vertical_alignment="center", key="selection_bar"):
        st.markdown(selection_words(selected), width="stretch")
        two = selected[:2] if len(selected) >= 2 else None
        if st.button(
            f"Compare #{two[0]} and #{two[1]}" if two else "Compare two",
            key="compare_selected",
            disabled=two is None,
            help="Side by side: settings, scores, curves and layers. Select two trials first.",
        ):
            assert two is not None
            st.query_params["a"], st.query_params["b"] = map(str, two)
            show_view("compare")
            st.rerun()
        st.button("Clear selection", key="clear_selection", disabled=not selected, on_click=choose, args=((),))


def selection_words(selected: tuple[int, ...]) -> str:
    """Say what is selected.

    >>> selection_words((3, 7))
    '**2 selected:** #3, #7'
    """
    if not selected:
        return "**None selected.** Choose cards, rows or marks in a plot: they are highlighted everywhere."
    named = ", ".join(f"#{number}" for number in selected[:_NAMED])
    more = f" and {len(selected) - _NAMED} more" if len(selected) > _NAMED else ""
    return f"**{len(selected)} selected:** {named}{more}"
