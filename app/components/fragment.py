"""A part of a page that draws itself anew without the rest: on its own every so often, and when it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

P = ParamSpec("P")


def fragment(body: Callable[P, None], every: float | None, *args: P.args, **kwargs: P.kwargs) -> None:
    """Draw `body`, now and `every` so many seconds, alone in a container.

    Alone, because a fragment that is due while the whole page is drawn runs at once afterwards, and Streamlit then
    takes what the page sent for it out of the line to the browser, but not what the page sent for the places behind
    it. The browser meets those first, has no place for them and shows an error instead of the page. In a container of
    its own a fragment has nothing behind it.
    """
    with st.container():
        st.fragment(body, run_every=every)(*args, **kwargs)
