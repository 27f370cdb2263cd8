"""Choosing analyses and running them: check boxes, one button, and how far it is."""

from __future__ import annotations

import streamlit as st

from app.components.formats import duration, plain
from app.components.fragment import fragment
from core.analyses import MODULES
from core.analyses.suite import module_names
from core.analysis_jobs import AnalysisState
from core.claims import current
from core.errors import LabError
from core.service import RunService, StudyView
from core.store import ACTIVE

_POLL = 1.0  # seconds
_KEY = "analysis_wanted"


def analysis_runner(service: RunService, view: StudyView) -> None:
    """Draw what can be run, or how far the analysis at work is."""
    name = view.study.name
    state = service.analyses.state(name)
    st.subheader("Run analyses", anchor=False)
    if state is not None and state.active:
        fragment(_progress, _POLL, service, name, state.done)
        return
    if state is not None and state.error:
        st.error(f"The analysis ended early: {plain(state.error)}. What was done before is kept.")
    elif state is not None and state.stopping:
        st.info("The analysis was stopped. What was done before is kept.")
    _choice(service, view)


def _choice(service: RunService, view: StudyView) -> None:
    names = module_names(["all"])
    missing = [name for name in names if not current(view.study.results, name)]
    with st.container(horizontal=True, key="analysis_boxes"):
        wanted = [
            name
            for name in names
            if st.checkbox(
                MODULES[name].label,
                value=name in missing,
                key=f"{_KEY}_{view.study.name}_{name}_{name in missing}",
                help=_help(view, name),
            )
        ]
    pressed = st.button(
        "Run analysis",
        key="analysis_run",
        type="primary",
        disabled=not wanted,
        help="In the background of this server; this page may be closed. Each result is kept as soon as it is there, "
        "and replaces the earlier one of its module only.",
    )
    if any(run.status in ACTIVE for run in service.store.runs()):
        st.caption("A run is training too; both take longer than alone.")
    if pressed:
        try:
            service.analyses.ask(view.study.name, wanted)
        except LabError as error:
            st.error(f"The analysis was not started: {plain(str(error))}.")
        else:
            st.rerun()


def _help(view: StudyView, name: str) -> str:
    earlier = view.study.results.get(name)
    took = f" It took {duration(earlier['seconds'])} last time." if earlier and "seconds" in earlier else ""
    return f"{MODULES[name].question}{took}"


def _progress(service: RunService, name: str, done: int) -> None:
    state = service.analyses.state(name)
    if state is None or not state.active or state.done != done:
        st.rerun(scope="app")  # a result has come
    st.progress(overall(state), text=progress_text(state, service.analyses.now()))
    st.button(
        "Stop the analysis",
        key="analysis_stop",
        disabled=state.stopping,
        on_click=service.analyses.stop,
        args=(name,),
        help="Ends the module at work; what is done before is kept.",
    )


def overall(state: AnalysisState) -> float:
    """Return the share of all modules that is done, each counting the same."""
    return min((state.done + (state.share if state.done < len(state.modules) else 0)) / len(state.modules), 1.0)


def progress_text(state: AnalysisState, now: float) -> str:
    """Say which module is at work, how far it is and how long it will take."""
    if state.module is None:
        return "Loading the networks …"
    parts = [f"**{MODULES[state.module].label}** {100 * state.share:.0f} %"]
    left = state.seconds_left(now)
    if left is not None:
        parts.append(f"about {duration(left)} left for it")
    parts.append(f"{state.done} of {len(state.modules)} done")
    return " · ".join(parts)
