"""How many rows each class has, as bars to sort and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app.components.figure_block import chart
from app.components.formats import plain
from core.figures.class_balance import ORDERS, compute, draw

_SHOWN = 20  # bars without scrolling
_SCROLLED_PIXELS = 520


def balance(names: Sequence[str], counts: Mapping[str, Sequence[int]], *, key: str) -> None:
    """Draw the classes `names`; `counts` holds rows per class by what they are counted in ("all rows", "train")."""
    with st.container(horizontal=True):
        where = next(iter(counts))
        if len(counts) > 1:
            where = st.selectbox("Count", list(counts), key=f"{key}_where", width=180)
        order = st.selectbox("Order", list(ORDERS), format_func=ORDERS.__getitem__, key=f"{key}_order", width=200)
    data = compute(names, counts[where], order)
    st.markdown(plain(data.summary))
    # The keys keep bars of one choice from moving into those of another, and scrolled bars at their place.
    with st.container(height=_SCROLLED_PIXELS if len(names) > _SHOWN else "content", key=f"{key}_bars"):
        chart(draw(data), key=f"{key}_{where}_{order}", alt=f"Rows per class, {where}. {data.summary}")
    with st.expander("As a table", key=f"{key}_table"):
        rows = zip(data.names, data.counts, data.shares, strict=True)
        st.dataframe(
            [{"Class": name, "Rows": count, "Share %": 100 * share} for name, count, share in rows],
            hide_index=True,
            column_config={"Share %": st.column_config.NumberColumn(format="%.1f")},
            alt=f"Rows per class, {where}",
        )
