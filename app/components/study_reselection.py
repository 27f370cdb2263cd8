"""Re-selection: which network other accuracy weights would have picked from the same trials, and how good it is."""

from __future__ import annotations

import streamlit as st

from app.components.figure_block import chart, how_to_read
from app.components.study_numbers import Stored, points
from core.figures import reselection
from core.study_config import StudyConfig

_WHAT: dict[reselection.What, str] = {"gain": "Gain over accuracy alone", "outcome": "Test accuracy"}


def study_reselection(result: Stored, config: StudyConfig) -> None:
    """Draw the curve, as a gain or as accuracies."""
    curve = result["reselection"]
    if curve is None:
        return
    st.subheader("What other weights would have bought", anchor=False)
    what = st.segmented_control(
        "Shown",
        list(_WHAT),
        default="gain",
        format_func=_label,
        key="study_reselection",
        required=True,
        label_visibility="collapsed",
    )
    text = gain_text(curve, config.weights.accuracy)
    chart(
        reselection.draw(reselection.compute(curve, what or "gain", config.weights.accuracy)),
        key="study_reselection_figure",
        alt=f"{_WHAT[what or 'gain']} by the weight of accuracy. {text}",
    )
    st.caption(text)
    how_to_read(
        "From the trials of every pair, each weight picks the network with the highest total score; the curve is the "
        "mean *test* accuracy of those picks. Right (1): accuracy alone. Left (0): health alone. The band is a 95 % "
        "bootstrap over pairs, for each weight by itself. This is exploratory: the best weight of a curve is picked in "
        "hindsight, so test it in a new study."
    )
    if curve["note"]:
        st.caption(f"{curve['note'].capitalize()}.")


def _label(what: reselection.What) -> str:
    return _WHAT[what]


def gain_text(curve: Stored, weight: float) -> str:
    """Say what the study's own weight, or the one closest to it, would have gained on test data."""
    index = min(range(len(curve["weights"])), key=lambda place: abs(curve["weights"][place] - weight))
    gain = points(curve["gain"][index], sign=True)
    interval = ""
    if curve["gain_low"] is not None and curve["gain_high"] is not None:
        low, high = (points(curve[name][index], sign=True) for name in ("gain_low", "gain_high"))
        interval = f" (95 %: {low} to {high})"
    return (
        f"At the weight {curve['weights'][index]:.2f} the picks gain {gain} points on test data over those by accuracy "
        f"alone{interval}, n = {curve['runs']} pairs; in {curve['changed'][index]} of them another network is picked."
    )
