"""Sliders for what counts: accuracy, health as the rest, and the six health components that total 100 %."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.config import ScoringWeights
from core.health import METRICS
from core.weight_balance import move, room, to_shares, to_weights

_ACCURACY_HELP = (
    "The share of the total score that validation accuracy decides. The rest is decided by health: six measurements of "
    "how soundly a network learned, taken during its training."
)
State = dict[str, Any]  # accuracy: percent; shares: percent by component; locked: names


def weight_sliders(key_prefix: str, weights: ScoringWeights, locked_accuracy: bool = False) -> ScoringWeights:
    """Draw the sliders and return what they say; `weights` is where they start.

    `locked_accuracy`: accuracy counts 100 %, as in mode `simple`. Weights that are no whole percent are shown
    rounded, and are returned as they were until a slider moves.
    """
    state = _state(key_prefix, weights)
    accuracy = _accuracy_slider(key_prefix, state, locked_accuracy)
    st.markdown(f"**Health counts {100 - accuracy} %**, what accuracy leaves. Its six components share it:")
    for name in state["shares"]:
        _component_slider(key_prefix, state, name)
    _footer(key_prefix, weights, 100 - accuracy, state["shares"])
    shown = stored_weights(key_prefix, weights)
    return to_weights(100, state["shares"]) if locked_accuracy else shown


def stored_weights(key_prefix: str, weights: ScoringWeights) -> ScoringWeights:
    """Return the weights that the sliders of `key_prefix` hold, drawn or not; `weights` where none moved yet."""
    state = _state(key_prefix, weights)
    untouched = state["accuracy"] == round(weights.accuracy * 100) and state["shares"] == to_shares(weights)
    return weights if untouched else to_weights(state["accuracy"], state["shares"])


def put_weights(key_prefix: str, weights: ScoringWeights) -> None:
    """Set the sliders; locks are opened."""
    _keep(key_prefix, accuracy=round(weights.accuracy * 100), shares=to_shares(weights), locked=[])


def _state(prefix: str, weights: ScoringWeights) -> State:
    if f"{prefix}_weights" not in st.session_state:
        put_weights(prefix, weights)
    state: State = st.session_state[f"{prefix}_weights"]
    return state


def _keep(prefix: str, **changes: Any) -> None:
    st.session_state[f"{prefix}_weights"] = st.session_state.get(f"{prefix}_weights", {}) | changes


def _show(key: str, value: Any) -> None:
    """Make a widget show `value`; it is drawn after this."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _accuracy_slider(prefix: str, state: State, locked: bool) -> int:
    key = f"{prefix}_accuracy_locked" if locked else f"{prefix}_accuracy"
    _show(key, 100 if locked else state["accuracy"])
    st.slider(
        "Accuracy",
        0,
        100,
        key=key,
        format="%d %%",
        disabled=locked,
        help=_ACCURACY_HELP + (" “Accuracy only” locks it at 100 %." if locked else ""),
        on_change=_accuracy_moved,
        args=(prefix,),
    )
    return 100 if locked else int(state["accuracy"])


def _accuracy_moved(prefix: str) -> None:
    _keep(prefix, accuracy=st.session_state[f"{prefix}_accuracy"])


def _component_slider(prefix: str, state: State, name: str) -> None:
    metric, locked = METRICS[name], name in state["locked"]
    _show(f"{prefix}_{name}", state["shares"][name])
    _show(f"{prefix}_{name}_lock", locked)
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.slider(
            metric.label,
            0,
            100,
            key=f"{prefix}_{name}",
            format="%d %%",
            disabled=locked,
            help=metric.meaning,
            on_change=_component_moved,
            args=(prefix, name),
        )
        st.toggle(
            "Lock",
            key=f"{prefix}_{name}_lock",
            help=f"{metric.label} stays at {state['shares'][name]} % when another slider moves.",
            on_change=_lock_pressed,
            args=(prefix, name),
        )


def _component_moved(prefix: str, name: str) -> None:
    state: State = st.session_state[f"{prefix}_weights"]
    locked, wanted = frozenset(state["locked"]), st.session_state[f"{prefix}_{name}"]
    moved = move(state["shares"], locked, name, wanted)
    _keep(prefix, shares=moved)
    if moved[name] != wanted:
        _tell_limit(prefix, name, moved[name], room(state["shares"], locked, name))


def _tell_limit(prefix: str, name: str, kept: int, most: int) -> None:
    label = METRICS[name].label
    st.session_state[f"{prefix}_limit"] = (
        f"{label} can have {most} % at most: the locked components hold the rest."
        if kept == most
        else f"{label} stays at {kept} %: all others are locked, so none of them can give or take."
    )


def _lock_pressed(prefix: str, name: str) -> None:
    others = [other for other in st.session_state[f"{prefix}_weights"]["locked"] if other != name]
    _keep(prefix, locked=[*others, name] if st.session_state[f"{prefix}_{name}_lock"] else others)


def _footer(prefix: str, weights: ScoringWeights, health: int, shares: Mapping[str, int]) -> None:
    limit = st.session_state.pop(f"{prefix}_limit", None)
    if limit:
        st.info(limit)
    parts = " + ".join(f"{share} %" for share in shares.values())
    st.caption(f"{parts} = {sum(shares.values())} % of health, which is {health} % of the total score.")
    with st.container(horizontal=True):
        st.button("Reset to default", key=f"{prefix}_reset", on_click=put_weights, args=(prefix, ScoringWeights()))
        if weights != ScoringWeights():
            st.button("Back to where it was", key=f"{prefix}_back", on_click=put_weights, args=(prefix, weights))
