"""The executive summary: both means, the difference, and the sentence that says no more than the data do."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from app.components.figure_block import chart
from app.components.formats import plain
from app.components.study_numbers import Stored, difference_cell, interval_line, percent, points
from core.figures import verdict_interval

Colour = Literal["green", "orange", "blue"]


def study_card(result: Stored) -> None:
    """Draw the card."""
    title, colour = headline(result)
    with st.container(border=True, key="study_card"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(title, anchor=False, width="content")
            if result["reused_holdout"]:
                st.badge("exploratory", icon=":material/warning:", color="orange")
            st.badge(f"{len(result['pairs'])} pairs · {result['holdout_rows']:,} holdout rows", color=colour)
        st.markdown(f"**{plain(result['procedure']['verdict']['sentence'])}**")
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


def headline(result: Stored) -> tuple[str, Colour]:
    """Return the verdict in a few words, and the colour of its badge.

    A winner only when the verdict names one, and when nobody can have chosen by an earlier look at the holdout.
    """
    verdict, difference = result["procedure"]["verdict"], result["procedure"]["difference"]
    if verdict["winner"] and result["reused_holdout"]:
        return f"{verdict['winner']} seems ahead", "blue"
    if verdict["winner"]:
        return f"Winner: {verdict['winner']}", "green" if verdict["outcome"] == "better" else "orange"
    if verdict["outcome"] == "equivalent":
        return "Equivalent: no winner, and none needed", "blue"
    if verdict["difference_shown"]:
        return "A difference, but its size is open", "blue"
    low, high = difference["low"], difference["high"]
    if low is None or high is None or not low <= 0 <= high:
        return "Undecided", "blue"
    return "No difference shown", "blue"


def meaning(result: Stored) -> str:
    """Say what the verdict means for whoever has to choose, and what the pairs were."""
    verdict, detectable = result["procedure"]["verdict"], result["procedure"]["detectable"]
    same = sum(pair["same_network"] for pair in result["pairs"])
    parts = []
    if same:
        parts.append(
            f"In {same} of {len(result['pairs'])} pairs both modes kept the same network, so their difference is 0."
        )
    if verdict["winner"] is None and verdict["outcome"] == "undecided" and detectable["difference"]:
        parts.append(
            f"With this spread, {detectable['n']} pairs find {100 * detectable['power']:.0f} % of all differences of "
            f"{points(detectable['difference'])} points; more runs find smaller ones."
        )
    elif verdict["outcome"] == "equivalent":
        parts.append("Choosing either mode costs nothing that matters, on these data and with so many trials.")
    return " ".join(parts)


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
