"""The statistics of the procedure: runs against runs, each with a sentence on what it says."""

from __future__ import annotations

import streamlit as st

from core.study_numbers import Stored
from core.study_statistics import Statistic, statistics

__all__ = ["Statistic", "statistics", "study_statistics"]
_PER_ROW = 3


def study_statistics(result: Stored) -> None:
    """Draw them as cards."""
    procedure = result["procedure"]
    st.subheader("Is it more than chance?", anchor=False)
    st.caption(
        f"All of these compare the {procedure['difference']['n']} pairs of runs on the holdout. They answer whether "
        "the *way of searching* matters. The verdict rests on the interval, the permutation test and the equivalence "
        "test."
    )
    found = statistics(procedure)
    for start in range(0, len(found), _PER_ROW):
        for column, one in zip(st.columns(_PER_ROW), found[start : start + _PER_ROW], strict=False):
            with column, st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"**{one.name}**  \n{one.value}")
                st.caption(one.text)
