"""What outlives a rerun of a page: the one run service of the server, and which run a browser tab shows."""

from __future__ import annotations

import optuna
import streamlit as st

from core.service import RunService
from core.store import ACTIVE, RunRecord

_RUN = "run"  # query parameter: the address of a page names the run it shows


@st.cache_resource(show_spinner=False)  # the server opens it before there is a page to spin on
def run_service() -> RunService:
    """Return the service that all sessions share: runs live in the server, not in a tab."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return RunService()


def show_run(name: str) -> None:
    """Make `name` the run that this tab shows, also after a reload."""
    st.query_params[_RUN] = name


def wanted_run() -> str | None:
    """Return the run that the address of the page asks for, whether it exists or not."""
    return st.query_params.get(_RUN)


def shown_run(runs: list[RunRecord]) -> RunRecord | None:
    """Return the run to show out of `runs`, the newest first: the wanted, else an active, else the newest one."""
    wanted = wanted_run()
    by_wish = [run for run in runs if run.name == wanted]
    active = [run for run in reversed(runs) if run.status in ACTIVE]  # the oldest of them is the one worked on
    return next(iter([*by_wish, *active, *runs]), None)
