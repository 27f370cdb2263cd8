"""Model A against model B: the two networks that stand for their modes, on the same rows."""

from __future__ import annotations

import streamlit as st

from app.components.study_numbers import Stored, count, difference_cell, p_value, percent, points


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
    test, interval = models["mcnemar"], models["bootstrap"]
    st.table(mcnemar_rows(models), hide_index=True, border="horizontal", alt="On how many rows each network is right")
    st.markdown(
        f"- **McNemar's exact test: {p_value(test['p'])}.** "
        + (
            f"Here: {test['note']}."
            if test["note"]
            else f"Only the {test['only_a'] + test['only_b']} rows on which one network alone is right can tell them "
            "apart: how often would a coin share them out at least this unevenly?"
        )
        + f"\n- **B minus A: {difference_cell({**interval, 'mean': interval['difference']})} points** (95 % bootstrap interval over "
        f"{count(interval['n'], 'row')}).{_note(interval)}\n- {detectable_text(models['detectable'])}"
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


def mcnemar_rows(models: Stored) -> list[dict[str, str]]:
    """Return the table of rows by who is right."""
    test = models["mcnemar"]
    right_a = round(models["a"]["holdout"] * test["n"])
    both = right_a - test["only_a"]
    neither = test["n"] - both - test["only_a"] - test["only_b"]
    return [
        {"Rows": "A right", "B right": f"{both:,}", "B wrong": f"{test['only_a']:,}"},
        {"Rows": "A wrong", "B right": f"{test['only_b']:,}", "B wrong": f"{neither:,}"},
    ]


def detectable_text(found: Stored) -> str:
    """Say how large a difference so many rows can show."""
    if found["detectable"] is None:
        return f"How small a difference these rows could show cannot be told: {found['note']}."
    return (
        f"With {count(found['n'], 'row')}, a true difference of {points(found['detectable'])} points is found in "
        f"{100 * found['power']:.0f} % of the cases."
    )


def _note(found: Stored) -> str:
    return f" Here: {found['note']}." if found["note"] else ""
