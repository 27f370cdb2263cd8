"""The executive summary: both means, the difference, and the sentence that says no more than the data do."""

from __future__ import annotations

import streamlit as st

from app.components.figure_block import chart
from app.components.formats import plain
from core.figures import verdict_interval
from core.study_numbers import Stored, difference_cell, interval_line, percent, points
from core.study_store import StudyRecord
from core.study_words import alone, headline, meaning

__all__ = ["headline", "meaning", "study_card"]


def study_card(study: StudyRecord) -> None:
    """Draw the card of a study that was compared."""
    result: Stored = study.results["generalization"]
    title, colour = headline(study.results, study.config.sesoi)
    with st.container(border=True, key="study_card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(title, anchor=False, width="content")
            if result["reused_holdout"]:
                st.badge("exploratory", icon=":material/warning:", color="orange")
            st.badge(f"{len(result['pairs'])} pairs · {result['holdout_rows']:,} holdout rows", color=colour)
        st.markdown(f"**{plain(result['procedure']['verdict']['sentence'])}**")
        if note := alone(study.results, study.config.sesoi):
            st.info(plain(note), icon=":material/info:")
        if result["reused_holdout"]:
            st.warning(plain(result["reused_holdout"]), icon=":material/warning:")
        _means(result)
        chart(
            verdict_interval.draw(verdict_interval.compute(result["procedure"])),
            key="study_verdict",
            alt=f"Difference on the holdout in points: {difference_cell(result['procedure']['difference'])}; "
            f"differences within ±{100 * result['procedure']['sesoi']:g} are too small to matter",
        )
        st.caption(
            f"Diamond and bar: the mean difference with its 95 % interval. Grey: less than "
            f"{100 * result['procedure']['sesoi']:g} points, too small to matter. {meaning(result)}"
        )


def _means(result: Stored) -> None:
    row = next(row for row in result["table"] if row["measure"] == "holdout")
    with st.container(horizontal=True, key="study_means"):
        _number("Accuracy-only", percent(row["accuracy_only"]["mean"]), interval_line(row["accuracy_only"]))
        _number("Health-aware", percent(row["health_aware"]["mean"]), interval_line(row["health_aware"]))
        difference = result["procedure"]["difference"]
        value = points(difference["mean"], sign=True)
        _number("Difference", f"{value} points", interval_line(difference, _signed))


def _signed(share: float) -> str:
    return points(share, sign=True)


def _number(label: str, value: str, below: str) -> None:
    meaning = (
        "Mean holdout accuracy of the best networks of all runs."
        if label != "Difference"
        else ("Health-aware minus accuracy-only, the mean over pairs, in percentage points.")
    )
    st.metric(label, value, delta=below, delta_color="off", delta_arrow="off", help=meaning, width=250)
