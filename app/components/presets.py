"""Ready-made answers to "how much?": numbers of a run that go well together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.config import OptimizationConfig

_DEFAULTS = OptimizationConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A name, what it is for, and the values of the form's widgets by key."""

    label: str
    text: str
    values: Mapping[str, Any]


# What one preset sets, all of them set: choosing another one leaves nothing behind.
PRESETS: Mapping[str, Preset] = {
    "first": Preset(
        label="First look",
        text="A few small trials, to see how everything works.",
        values={"trials": 4, "epochs": 3, "pruning": False, "plots": "best"},
    ),
    "usual": Preset(
        label="Usual",
        text="What the program does if nothing is changed.",
        values={
            "trials": _DEFAULTS.trials,
            "epochs": _DEFAULTS.max_epochs_per_trial,
            "pruning": _DEFAULTS.pruning,
            "plots": _DEFAULTS.plot_generation,
        },
    ),
    "thorough": Preset(
        label="Thorough",
        text="Enough trials for the search to learn from them, and enough epochs to finish learning.",
        values={"trials": 60, "epochs": 20, "pruning": True, "plots": "best"},
    ),
}


def presets() -> None:
    """Draw one button per preset; the one that the form agrees with is marked."""
    with st.container(horizontal=True, key="presets"):
        for name, preset in PRESETS.items():
            agrees = all(st.session_state.get(key) == value for key, value in preset.values.items())
            st.button(
                f"✔ {preset.label}" if agrees else preset.label,
                key=f"preset_{name}",
                on_click=_apply,
                args=(name,),
                help=f"{preset.text} {preset.values['trials']} trials of {preset.values['epochs']} epochs at most.",
            )


def _apply(name: str) -> None:
    st.session_state.update(PRESETS[name].values)
