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


def mcnemar_text(found: Stored) -> str:
    """Say what the test of the two networks answers."""
    text = f"**McNemar's exact test: {p_value(found['p'])}.** "
    if found["note"]:
        return f"{text}Here: {found['note']}."
    return (
        f"{text}Only the {found['only_a'] + found['only_b']} rows on which one network alone is right can tell them "
        "apart: how often would a coin share them out at least this unevenly?"
    )


def bootstrap_text(found: Stored) -> str:
    """Say how far the two networks are apart."""
    cell = difference_cell({**found, "mean": found["difference"]})
    text = f"**B minus A: {cell} points** (95 % bootstrap interval over {count(found['n'], 'row')})."
    return f"{text} Here: {found['note']}." if found["note"] else text


def detectable_text(found: Stored) -> str:
    """Say how large a difference so many rows can show."""
    if found["detectable"] is None:
        return f"How small a difference these rows could show cannot be told: {found['note']}."
    return (
        f"With {count(found['n'], 'row')}, a true difference of {points(found['detectable'])} points is found in "
        f"{100 * found['power']:.0f} % of the cases."
    )
