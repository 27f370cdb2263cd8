"""The body of a page, or in its place why it cannot be drawn."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.components.formats import plain
from app.state import run_service
from core.errors import LabError
from core.service import RunService


def page_body(draw: Callable[[RunService], None]) -> None:
    """Let `draw` draw the body; what stops it is said, with a button to try again."""
    try:
        draw(run_service())
    except LabError as error:
        st.error(f"{plain(str(error))}.")
        st.button("Try again", key="try_again")
