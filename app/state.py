"""What outlives a rerun of a page: the one run service of the server, and what a browser tab shows.

What is shown stands in the address of the page, so that a reload, a bookmark or a colleague sees the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import optuna
import streamlit as st

from core.number_ranges import parse_ranges, write_ranges
from core.service import RunService, RunView
from core.store import ACTIVE, RunRecord, TrialRecord
from core.study_store import StudyRecord

# Query parameters
_RUN, _VIEW, _TRIAL, _TRIALS, _STUDY, _MODULE = "run", "view", "trial", "trials", "study", "module"


@st.cache_resource(show_spinner=False)  # the server opens it before there is a page to spin on
def run_service() -> RunService:
    """Return the service that all sessions share: runs live in the server, not in a tab."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return RunService()


def show_run(name: str) -> None:
    """Make `name` the run that this tab shows, also after a reload; what was chosen of another run is forgotten."""
    if st.query_params.get(_RUN) != name:
        for key in (_TRIAL, _TRIALS):
            st.query_params.pop(key, None)
    st.query_params[_RUN] = name


def wanted_run() -> str | None:
    """Return the run that the address of the page asks for, whether it exists or not."""
    return st.query_params.get(_RUN)


def shown_run(runs: list[RunRecord]) -> RunRecord | None:
    """Return the run to show out of `runs`, the newest first: the wanted, else an active, else the newest one.

    A run of a study is shown when it is wanted, and never by itself: there are dozens of them.
    """
    wanted = wanted_run()
    by_wish = [run for run in runs if run.name == wanted]
    own = [run for run in runs if run.config.study is None]
    active = [run for run in reversed(own) if run.status in ACTIVE]  # the oldest of them is the one worked on
    return next(iter([*by_wish, *active, *own]), None)


def show_study(name: str) -> None:
    """Make `name` the study that this tab shows, also after a reload."""
    st.query_params[_STUDY] = name


def wanted_study() -> str | None:
    """Return the study that the address of the page asks for, whether it exists or not."""
    return st.query_params.get(_STUDY)


def shown_study(studies: list[StudyRecord]) -> StudyRecord | None:
    """Return the study to show out of `studies`, the newest first: the wanted, else an active, else the newest one."""
    wanted = wanted_study()
    by_wish = [study for study in studies if study.name == wanted]
    active = [study for study in reversed(studies) if study.active]
    return next(iter([*by_wish, *active, *studies]), None)


def show_module(name: str) -> None:
    """Make `name` the analysis that this tab shows."""
    st.query_params[_MODULE] = name


def wanted_module() -> str | None:
    """Return the analysis that the address asks for, whether there is one of this name or not."""
    return st.query_params.get(_MODULE)


def show_view(name: str) -> None:
    """Make `name` the view of the run that this tab shows."""
    st.query_params[_VIEW] = name


def wanted_view() -> str | None:
    """Return the view that the address asks for, whether there is one of this name or not."""
    return st.query_params.get(_VIEW)


def set_focus(number: int) -> None:
    """Make trial `number` the one that is looked into."""
    st.query_params[_TRIAL] = str(number)


def focus(view: RunView) -> TrialRecord | None:
    """Return the trial that is looked into: the wanted, else the best, else the newest completed one."""
    wanted = st.query_params.get(_TRIAL, "")
    if wanted.isdecimal() and int(wanted) < len(view.trials):
        return view.trials[int(wanted)]
    completed = [trial for trial in reversed(view.trials) if trial.state == "completed"]
    return view.best or next(iter(completed), None)


def select(numbers: Iterable[int]) -> None:
    """Make `numbers` the selected trials of this tab; an empty selection leaves the address."""
    text = write_ranges(numbers)
    if text:
        st.query_params[_TRIALS] = text
    else:
        st.query_params.pop(_TRIALS, None)


def selection(view: RunView) -> tuple[int, ...]:
    """Return the selected trials that exist, in order; none selected means that nothing is singled out."""
    chosen = parse_ranges(st.query_params.get(_TRIALS, ""), limit=len(view.trials))
    return tuple(sorted(chosen))
