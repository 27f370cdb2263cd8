"""Real rows of every category of mistakes, with what they are and what both models took them for."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from app.components.formats import plain

_PIXELS = 96


def failure_gallery(result: Mapping[str, Any]) -> None:
    """Draw the examples of a category that a person picks."""
    st.markdown("##### Examples from the holdout")
    categories = {one["key"]: one for one in result["categories"] if one["examples"]}
    if not categories:
        st.caption("There are no examples.")
        return
    first = next((key for key in categories if key != "both_right"), next(iter(categories)))
    key = st.segmented_control(
        "Which rows",
        list(categories),
        default=first,
        required=True,
        key="failure_category",
        format_func=partial(_label, {name: (one["label"], one["count"]) for name, one in categories.items()}),
        label_visibility="collapsed",
    )
    examples = categories[key or first]["examples"]
    with st.container(horizontal=True, key="failure_examples"):
        for example in examples:
            _example(example)
    st.caption("Drawn by chance, the same ones every time. Percent: how sure the model was of its answer.")


def _label(known: Mapping[str, tuple[str, int]], name: str) -> str:
    label, amount = known[name]
    return f"{label} ({amount:,})"


def _example(example: Mapping[str, Any]) -> None:
    text = "text" in example
    with st.container(border=True, width="stretch" if text else 170):
        if text:
            st.markdown(plain(example["text"]))
        else:
            alt = html.escape(f"Row {example['row']}: {example['truth']}", quote=True)
            st.html(
                f'<img src="{example["image"]}" alt="{alt}" width="{_PIXELS}" '
                f'style="image-rendering:pixelated;display:block">'
            )
        st.markdown(f"**{plain(str(example['truth']))}** · row {example['row']}")
        st.caption(" · ".join(_answer(example, key) for key in "ab"))


def _answer(example: Mapping[str, Any], key: str) -> str:
    found = example[key]
    right = "✓" if found["answer"] == example["truth"] else "✗"
    return f"{key.upper()} {right} {plain(str(found['answer']))} {100 * found['confidence']:.0f} %"
