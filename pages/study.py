"""Hyperparameter Study: search many times in two ways, and see honestly which finds the better networks."""

from __future__ import annotations

import streamlit as st

st.title("Hyperparameter Study", anchor=False)
st.caption("Does it pay to count health? Search many times with it and without, and compare on data that nobody used.")

# Only now: a fresh server needs a second to import this, and the visitor already sees the title.
from app.components.study_page import study_page  # noqa: E402

study_page()
