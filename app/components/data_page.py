"""The body of the data page: the known data sets with a look into the chosen one, or bringing one's own."""

from __future__ import annotations

import streamlit as st

from app.components.data_facts import data_facts
from app.components.data_import import import_view, show_what_came
from app.components.data_list import data_list
from app.components.data_rows import data_rows
from app.components.page_body import page_body
from app.state import show_view, wanted_view
from core.datasets import DATASETS
from core.service import RunService

VIEWS = {"sets": "Data sets", "own": "Bring your own data"}
_KEY = "data_view"


def data_page() -> None:
    """Draw the page's body, or why it cannot be drawn."""
    page_body(draw)


def draw(service: RunService) -> None:
    """Draw the view that the address asks for."""
    show_what_came(service)
    wanted = wanted_view()
    name = wanted if wanted in VIEWS else "sets"
    st.session_state[_KEY] = name
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.__getitem__,
        key=_KEY,
        on_change=_show_picked,
        label_visibility="collapsed",
        required=True,
    )
    if name == "own":
        import_view(service)
        if show_what_came(service):  # it ended while this was drawn, so nothing on the page waits for it
            st.rerun()
        return
    entry = DATASETS[data_list(service.settings)]
    data_facts(service, entry)
    data_rows(service.settings, entry)


def _show_picked() -> None:
    if st.session_state[_KEY]:
        show_view(st.session_state[_KEY])
