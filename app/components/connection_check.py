"""A button that sees whether RunPod and the bucket work, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from app.components.formats import plain
from app.components.fragment import fragment
from core.executors.runpod_check import Finding, check

_FOUND = "runpod_findings"  # (when it was, findings)
_MARKS = {True: "✔", False: "✖", None: "◌"}
_WORDS = {True: "works", False: "does not work", None: "not tried"}


def connection_check() -> None:
    """Draw the button and the last result, apart from the page: an answer may take half a minute."""
    fragment(_body, None)


def _body() -> None:
    pressed = st.button(
        "Check the connection",
        key="check_runpod",
        help="Asks RunPod for the state of the endpoint, and writes a few bytes to the bucket and deletes them. "
        "It starts no worker and costs nothing.",
    )
    if pressed:
        with st.spinner("Asking RunPod and the bucket …"):
            st.session_state[_FOUND] = (datetime.now().astimezone(), check())
    if _FOUND in st.session_state:
        moment, findings = st.session_state[_FOUND]
        _verdict(findings, f"{moment:%H:%M:%S}")
        st.markdown("\n\n".join(map(finding_line, findings)))


def _verdict(findings: Sequence[Finding], moment: str) -> None:
    if all(finding.ok is not False for finding in findings):
        st.success(f"All is well. Checked at {moment}.", icon=":material/check_circle:")
    else:
        wrong = ", ".join(finding.name for finding in findings if finding.ok is False)
        st.error(f"Does not work yet: {wrong}. Checked at {moment}.", icon=":material/error:")


def finding_line(finding: Finding) -> str:
    """Write a finding as a paragraph, with a sign and a word, so that no colour is needed."""
    line = f"{_MARKS[finding.ok]} **{finding.name}** ({_WORDS[finding.ok]}): {plain(finding.found)}"
    if finding.remedy is None:
        return line
    return f"{line} {'**What to do:** ' if finding.ok is False else ''}{plain(finding.remedy)}"
