"""The analyses of a finished study: the claims and what follows, what to run, and a tab for every module."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.components.analysis_runner import analysis_runner
from app.components.analysis_tab import analysis_tab
from app.components.study_claims import study_claims
from app.components.study_report import report_button
from app.state import show_module, wanted_module
from core.analyses import MODULES
from core.analyses.suite import FIRST, module_names
from core.claims import current
from core.service import RunService, StudyView

_PICKER = "analysis_module"


def analyses_view(service: RunService, view: StudyView) -> None:
    """Draw the dashboard, or say what has to come first."""
    if FIRST not in view.study.results:
        ending = "when the study has ended" if view.study.active else "after the study was resumed and has ended"
        st.info(f"The networks can be analysed {ending}: only then is the holdout opened.")
        return
    study_claims(view)
    report_button(service, view.study.name)
    analysis_runner(service, view)
    st.subheader("One by one", anchor=False)
    analysis_tab(view, _pick(view))


def _pick(view: StudyView) -> str:
    """Draw a tab for every module; the address decides which is open, else the first that has a result."""
    names = module_names(["all"])
    known = [name for name in names if current(view.study.results, name)]
    wanted = wanted_module()
    st.session_state[_PICKER] = wanted if wanted in names else (known or names)[0]
    picked = st.segmented_control(
        "Analysis",
        names,
        key=_PICKER,
        format_func=partial(_label, tuple(known)),
        on_change=_show_picked,
        required=True,
        label_visibility="collapsed",
        help="○ has no result yet.",
    )
    return picked or names[0]


def _label(known: tuple[str, ...], name: str) -> str:
    return MODULES[name].label if name in known else f"{MODULES[name].label} ○"


def _show_picked() -> None:
    show_module(st.session_state[_PICKER])
