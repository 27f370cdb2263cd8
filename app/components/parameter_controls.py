"""The controls of one hyperparameter: search within limits, fix a value, or switch it off."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import streamlit as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from app.components.space_overrides import space_of, usual_value
from app.components.space_state import SpaceState
from core.lessons import lesson

How = Literal["search", "fix", "off"]
_HOW: dict[How, str] = {"search": "Search", "fix": "Fix", "off": "Switch off"}


def parameter_controls(state: SpaceState, dataset: str, name: str, current: Any) -> None:
    """Draw the controls; `current` is the override in force, None for the usual range."""
    about, distribution = lesson(name), space_of(dataset)[name]
    title, choice, value = st.columns([3, 3, 5], vertical_alignment="center")
    changed = " · changed" if current is not None else ""
    with title.popover(f"{about.label}{changed}", key=f"{state.prefix}_p_lesson_{name}"):
        st.markdown(about.text)
        st.caption(f"Its name in the results is `{name}`.")
    options: list[How] = ["search", "fix"] if about.off is None else ["search", "fix", "off"]
    _seed(_key(state, dataset, "how", name), how_of(about.off, current))
    with choice:
        how = st.segmented_control(
            f"{about.label}: how it is chosen",
            options,
            key=_key(state, dataset, "how", name),
            format_func=_how_label,
            required=True,
            label_visibility="collapsed",
            on_change=_changed,
            args=(state, dataset, name),
        )
    with value:
        if how == "off":
            st.caption(f"Not used: “{choice_label(about.off)}” in all trials.")
        elif isinstance(distribution, CategoricalDistribution):
            _choices(state, dataset, name, list(distribution.choices), current, how)
        elif how == "fix":
            _seed(_key(state, dataset, "value", name), _fixed(dataset, name, current))
            _numeric(state, dataset, name, "value", "value")
        else:
            _limits(state, dataset, name, distribution, current)


def how_of(off: Any, current: Any) -> How:
    """Tell which of the three ways an override is.

    >>> how_of(0.0, None), how_of(0.0, {"low": 0.1}), how_of(0.0, 0.0), how_of(0.0, 0.3)
    ('search', 'search', 'off', 'fix')
    """
    if current is None or isinstance(current, Mapping | list | tuple):
        return "search"
    return "off" if off is not None and current == off else "fix"


def change_text(value: Any) -> str:
    """Write an override for people.

    >>> change_text({"low": 1, "high": 3}), change_text([1, 2]), change_text(0.5)
    ('1 to 3', '1 or 2', '0.5')
    """
    if isinstance(value, Mapping):
        ends = [f"{end} {value[key]:g}" for key, end in (("low", "from"), ("high", "to")) if key in value]
        return " ".join(ends).removeprefix("from ") or "as usual"
    if isinstance(value, list | tuple):
        return " or ".join(map(choice_label, value)) or "nothing"
    return choice_label(value)


def choice_label(choice: Any) -> str:
    """Write one value for people.

    >>> choice_label(True), choice_label(0.001), choice_label("adam")
    ('on', '0.001', 'adam')
    """
    if isinstance(choice, bool):
        return "on" if choice else "off"
    return f"{choice:g}" if isinstance(choice, float) else str(choice)


def _key(state: SpaceState, dataset: str, part: str, name: str) -> str:
    # By data set: the usual range of a parameter differs from one to the other.
    return f"{state.prefix}_p_{part}_{dataset}_{name}"


def _limits(state: SpaceState, dataset: str, name: str, distribution: BaseDistribution, current: Any) -> None:
    given = current if isinstance(current, Mapping) else {}
    with st.container(horizontal=True):
        for end, word in (("low", "from"), ("high", "to")):
            _seed(_key(state, dataset, end, name), _typed(distribution, given.get(end, getattr(distribution, end))))
            _numeric(state, dataset, name, end, word)


def _numeric(state: SpaceState, dataset: str, name: str, part: str, word: str) -> None:
    distribution = space_of(dataset)[name]
    real = isinstance(distribution, FloatDistribution)
    st.number_input(
        f"{lesson(name).label}: {word}",
        value=None,  # it always holds one, from the session
        step=(distribution.step or distribution.low) if isinstance(distribution, FloatDistribution) else 1,
        format="%g" if real else None,
        key=_key(state, dataset, part, name),
        on_change=_changed,
        args=(state, dataset, name),
    )


def _choices(state: SpaceState, dataset: str, name: str, usual: list[Any], current: Any, how: str | None) -> None:
    draw = partial(
        st.pills,
        format_func=choice_label,
        label_visibility="collapsed",
        on_change=_changed,
        args=(state, dataset, name),
    )
    if how == "fix":
        value = _fixed(dataset, name, current)
        _seed(_key(state, dataset, "value", name), value)
        options = [*usual, *(extra for extra in [value] if extra not in usual)]
        draw(f"{lesson(name).label}: value", options, key=_key(state, dataset, "value", name), required=True)
        return
    chosen = list(current) if isinstance(current, list | tuple) else usual
    options = [*usual, *(extra for extra in chosen if extra not in usual)]
    _seed(_key(state, dataset, "choices", name), chosen)
    draw(f"{lesson(name).label}: choices", options, key=_key(state, dataset, "choices", name), selection_mode="multi")


def _fixed(dataset: str, name: str, current: Any) -> Any:
    """Return the value that fixing starts with."""
    fixed = current is not None and not isinstance(current, Mapping | list | tuple)
    return _typed(space_of(dataset)[name], current if fixed else usual_value(dataset, name))


def _typed(distribution: BaseDistribution, value: Any) -> Any:
    """Return `value` as the number input wants it: one type for value and step."""
    if isinstance(distribution, CategoricalDistribution):
        return value
    return int(value) if isinstance(distribution, IntDistribution) else float(value)


def _changed(state: SpaceState, dataset: str, name: str) -> None:
    """Keep what the controls of a parameter say as its override."""
    distribution = space_of(dataset)[name]
    how, value, chosen = (
        st.session_state.get(_key(state, dataset, part, name)) for part in ("how", "value", "choices")
    )
    if how == "off":
        state.change(name, lesson(name).off)
    elif how == "fix":
        state.change(name, _fixed(dataset, name, value))
    elif isinstance(distribution, CategoricalDistribution):
        state.change(name, None if chosen is None or set(distribution.choices) == set(chosen) else list(chosen))
    else:
        state.change(name, _range(state, dataset, name, distribution))


def _range(state: SpaceState, dataset: str, name: str, distribution: BaseDistribution) -> dict[str, Any] | None:
    usual = {end: getattr(distribution, end) for end in ("low", "high")}
    held = {end: st.session_state.get(_key(state, dataset, end, name)) for end in usual}
    ends = {end: usual[end] if value is None else value for end, value in held.items()}
    if ends == usual:
        return None
    step = getattr(distribution, "step", None) if isinstance(distribution, FloatDistribution) else None
    return ends | ({"step": step} if step else {})


def _seed(key: str, value: Any) -> None:
    """Give a widget its first value; from then on it is the person's."""
    if st.session_state.get(key) is None:
        st.session_state[key] = value


def _how_label(how: How) -> str:
    return _HOW[how]
