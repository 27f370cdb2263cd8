"""The door from inside a page: the way out, and Streamlit's own log-in for who the door lets in and Streamlit not."""

from __future__ import annotations

import time

import streamlit as st

from app.door.entrance import LOGOUT
from app.door.locks import Locks, locks
from app.mounts.base_path import base_path

# In the bar at the top, left of the page's menu
_STYLE = """<style>
.st-key-log_out {position: fixed; top: 1.05rem; right: 3.75rem; width: auto; z-index: 999991}
.st-key-log_out a {color: inherit; font-size: .875rem; text-decoration: none}
.st-key-log_out a:is(:hover, :focus-visible) {text-decoration: underline}
</style>"""


def door() -> None:
    """Draw "Log out" when people have to log in, and nothing else for who has not: call it before a page is drawn."""
    found = locks()
    if not found.closed:
        return
    if not _known(found):
        _log_in(found)
        st.stop()
    with st.container(key="log_out"):
        # A link button would open a new tab
        st.html(f'{_STYLE}<a href="{base_path()}{LOGOUT}" target="_self">Log out</a>')


def _known(found: Locks) -> bool:
    if found.oidc is None:  # nobody else comes through the door
        return True
    return found.knew_password(st.context.cookies, time.time()) or bool(st.user.is_logged_in)


def _log_in(found: Locks) -> None:
    """Streamlit compares the address of the page with `redirect_uri`, which the door cannot know beforehand."""
    assert found.oidc is not None
    st.title("Log in", anchor=False)
    st.write(f"This lab is at home at {found.oidc.origin}; a log-in counts there only.")
    for provider in found.oidc.providers:
        label = "Log in" if provider == "default" else f"Log in with {provider.replace('_', ' ').capitalize()}"
        st.button(label, key=f"log_in_{provider}", type="primary", on_click=st.login, args=(provider,))
