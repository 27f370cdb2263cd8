"""Data: what there is to learn from, a look into it, and bringing one's own."""

from __future__ import annotations

import streamlit as st

st.title("Data", anchor=False)
st.caption("What networks can learn from. Look into a data set before a run, or bring your own.")

# Only now: a fresh server needs a second to import this, and the visitor already sees the title.
from app.components.data_page import data_page  # noqa: E402

data_page()
