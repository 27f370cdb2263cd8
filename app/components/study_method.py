"""The method of a study, and where it departs from the formulas that were first asked for, with the reasons."""

from __future__ import annotations

import streamlit as st

from core.study_method import DEPARTURES, LIMITS, WHAT


def study_method() -> None:
    """Draw it, closed."""
    with st.expander("Method, and where it departs from the first plan"):
        st.markdown(WHAT)
        st.markdown("\n".join(f"- {asked} → **{used}**: {why}." for asked, used, why in DEPARTURES))
        st.markdown(LIMITS)
