"""Runs: everything that was ever searched; find it, note it, resume it, delete it."""

from __future__ import annotations

import streamlit as st

st.title("Runs", anchor=False)
st.caption("All runs of this lab, the newest first. They stay until you delete them.")

# Only now: a fresh server needs a second to import this, and the visitor already sees the title.
from app.components.runs_table import runs_page  # noqa: E402

runs_page()
