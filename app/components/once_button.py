"""A button whose second press, before the page has followed the first, does nothing.

A double click sends two presses. However late the second is read (a busy server may take seconds for the first), it
names the button of the first: once that press is used, the button that is drawn is another one to Streamlit.
"""

from __future__ import annotations

import streamlit as st


def once_button(label: str, key: str, *, disabled: bool = False, help: str) -> bool:
    """Draw the form's main button and return whether it was pressed; `use_up(key)` when the press did its work."""
    used = st.session_state.get(_count(key), 0)
    return st.button(
        label, key=f"{key}_{used}" if used else key, type="primary", width="stretch", disabled=disabled, help=help
    )


def use_up(key: str) -> None:
    """Let no further press of the button that is drawn now count."""
    st.session_state[_count(key)] = st.session_state.get(_count(key), 0) + 1


def _count(key: str) -> str:
    return f"{key}_used"
