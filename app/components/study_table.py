"""The means of every measure in both modes and their difference, with intervals."""

from __future__ import annotations

import streamlit as st

from core.study_numbers import Stored
from core.study_tables import MEANS_HOW, table_rows

__all__ = ["study_table", "table_rows"]


def study_table(result: Stored) -> None:
    """Draw the table and what its rows mean."""
    st.subheader("Means over the runs", anchor=False)
    st.table(table_rows(result), hide_index=True, border="horizontal", alt="Means of both modes and their difference")
    st.caption(MEANS_HOW)
