"""Model A against model B: the two networks that stand for their modes, on the same rows."""

from __future__ import annotations

import streamlit as st

from core.study_numbers import Stored, count, percent
from core.study_words import bootstrap_text, detectable_text, mcnemar_rows, mcnemar_text

__all__ = ["bootstrap_text", "detectable_text", "mcnemar_rows", "mcnemar_text", "study_models"]


def study_models(result: Stored) -> None:
    """Draw both networks and the rows on which they differ."""
    models = result["models"]
    st.subheader("The two selected networks", anchor=False)
    st.caption(
        "Model A has the highest validation accuracy of all accuracy-only runs, model B the highest total score of all "
        "health-aware runs. This compares *two networks*, not two ways of searching: one lucky network proves nothing "
        "about its mode."
    )
    with st.container(horizontal=True, key="study_models"):
        for letter in ("a", "b"):
            _network(letter, models[letter], result["holdout_rows"])
    if models["same_network"]:
        st.info("**It is the same network.** Both modes arrived at it, so there is nothing to tell apart.")
        return
    st.table(mcnemar_rows(models), hide_index=True, border="horizontal", alt="On how many rows each network is right")
    st.markdown(
        "\n".join(
            f"- {text}"
            for text in (
                mcnemar_text(models["mcnemar"]),
                bootstrap_text(models["bootstrap"]),
                detectable_text(models["detectable"]),
            )
        )
    )


def _network(letter: str, found: Stored, rows: int) -> None:
    low, high = found["interval"]
    mode = "accuracy-only" if letter == "a" else "health-aware"
    size = "" if found["parameters"] is None else f", {count(found['parameters'], 'parameter')}"
    st.metric(
        f"Model {letter.upper()} ({mode})",
        percent(found["holdout"]),
        delta=f"95 %: {percent(low)} to {percent(high)}, n = {rows:,}",
        delta_color="off",
        delta_arrow="off",
        help=f"Holdout accuracy with its Wilson interval. Run {found['pair'] + 1}, trial {found['trial']}{size}. "
        f"Validation {percent(found['validation'])}, test {percent(found['test'])}.",
        width=270,
    )
