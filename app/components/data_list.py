"""All data sets in a table, one of them chosen; the choice stands in the address of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.dataset_cards import dataset_names, kind_text
from app.components.formats import dataset_label, plain
from app.state import show_view
from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare
from core.datasets.samples import Place, place_of

PLACES: dict[Place, str] = {
    "cached": "✔ on this computer",
    "embedded": "✔ ships with the program",
    "mirror": "⇣ in the local mirror",
    "remote": "⇣ to download",
    "missing": "✖ its rows are missing",
}
_ADDRESS = "dataset"
_TABLE, _PICKER = "data_table", "data_chosen"
_ROW_PIXELS, _ROWS = 35, 10


def show_dataset(name: str) -> None:
    """Make `name` the data set that this tab shows, also after a reload."""
    st.query_params[_ADDRESS] = name
    show_view("sets")


def data_list(settings: Settings) -> str:
    """Draw the table and the choice, and return the name of the chosen data set."""
    names = dataset_names()
    wanted = st.query_params.get(_ADDRESS)
    if wanted is not None and wanted not in names:
        st.warning(f"There is no data set named “{plain(wanted[:60])}”. It may have been removed.")
    chosen = wanted if wanted in names else names[0]
    st.dataframe(
        [row(name, settings) for name in names],
        key=_TABLE,
        hide_index=True,
        height=(min(len(names), _ROWS) + 1) * _ROW_PIXELS + 3,
        on_select=_pick_row,
        selection_mode="single-row",
        placeholder="–",
        column_config={"Data set": st.column_config.TextColumn(pinned=True)},
        alt="All data sets with where they are, kind, classes and rows; choose one below",
    )
    st.session_state[_PICKER] = chosen
    st.selectbox("Data set to look into", names, format_func=dataset_label, key=_PICKER, on_change=_pick)
    return chosen


def row(name: str, settings: Settings) -> dict[str, Any]:
    """Return a data set as a row of the table."""
    entry = DATASETS[name]
    place = place_of(entry, settings)
    return {
        "Data set": entry.label,
        "Where": PLACES[place],
        "Kind": kind_text(entry),
        "Classes": entry.classes,
        "Rows": prepare(name, settings).rows if place == "cached" else None,
        "Whose": "yours" if entry.custom else "built in",
    }


def _pick() -> None:
    st.query_params[_ADDRESS] = st.session_state[_PICKER]


def _pick_row() -> None:
    rows, names = st.session_state[_TABLE]["selection"]["rows"], dataset_names()
    if rows and rows[0] < len(names):
        st.query_params[_ADDRESS] = names[rows[0]]
