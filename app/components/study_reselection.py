"""Re-selection: which network other accuracy weights would have picked from the same trials, and how good it is."""

from __future__ import annotations

import streamlit as st

from app.components.figure_block import chart, how_to_read
from core.figures import reselection
from core.study_config import StudyConfig
from core.study_numbers import Stored
from core.study_words import gain_text

__all__ = ["gain_text", "study_reselection"]
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
