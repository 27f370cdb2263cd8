"""Hyperparameter Exploration: start a search, watch it, and take its best network home."""

from __future__ import annotations

import streamlit as st

st.title("Hyperparameter Exploration", anchor=False)
st.caption("Try many small networks on a data set, and keep the one that is accurate and soundly trained.")

# Only now: a fresh server needs a second to import this, and the visitor already sees the title.
from app.components.exploration import exploration  # noqa: E402

exploration()
