"""The means of every measure in both modes and their difference, with intervals."""

from __future__ import annotations

import streamlit as st

from app.components.study_numbers import Stored, difference_cell, mean_cell

_LABELS = {
    "train": "Training rows",
    "validation": "Validation",
    "test": "Test",
    "holdout": "Holdout",
    "optimism": "Selection optimism",
    "gap": "Train − holdout",
}


def study_table(result: Stored) -> None:
    """Draw the table and what its rows mean."""
    st.subheader("Means over the runs", anchor=False)
    st.table(table_rows(result), hide_index=True, border="horizontal", alt="Means of both modes and their difference")
    st.caption(
        "Accuracies in %, differences in percentage points, 95 % t intervals in brackets, n = pairs of runs. "
        "*Validation* chose the networks, *test* was only reported, *holdout* was opened at the end. *Selection "
        "optimism* is validation minus holdout: what picking the best of many promised too much. *Train − holdout* is "
        "what a network does better on the rows it was trained on."
    )


def table_rows(result: Stored) -> list[dict[str, str]]:
    """Return the rows as text."""
    return [
        {
            "Measure": _LABELS.get(row["measure"], row["label"]),
            "Accuracy-only": mean_cell(row["accuracy_only"], row["measure"]),
            "Health-aware": mean_cell(row["health_aware"], row["measure"]),
            "Difference": difference_cell(row["difference"]),
            "n": str(row["difference"]["n"]),
        }
        for row in result["table"]
    ]
