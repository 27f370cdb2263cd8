"""The body of the study page: a new study, the runs of the shown one, its result, and all studies there were."""

from __future__ import annotations

import streamlit as st

from app.components.formats import plain
from app.components.fragment import fragment
from app.components.page_body import page_body
from app.components.study_header import study_header
from app.components.study_introduction import study_introduction
from app.components.study_method import study_method
from app.state import show_study, show_view, shown_study, wanted_study, wanted_view
from core.errors import LabError
from core.service import RunService
from core.store import ACTIVE
from core.study_store import StudyRecord

VIEWS = {"new": "New study", "runs": "Runs", "result": "Result", "analyses": "Analyses", "history": "History"}
_REFRESH = 2.0  # seconds
_VIEW_KEY, _STUDY_KEY = "study_view_picker", "study_picker"


def study_page() -> None:
    """Draw the body, or why it cannot be drawn."""
    page_body(draw)


def draw(service: RunService) -> None:
    """Draw the introduction and the form; later the views of the shown study."""
    studies = service.studies.studies()
    shown = shown_study(studies)
    if shown is None:
        study_introduction(first=True)
        study_method()
        _form(service)
        return
    name = _pick_view(shown)
    if name == "new":
        study_introduction(first=False)
        study_method()
        _form(service)
    elif name == "history":
        from app.components.study_history import study_history

        study_history(service)
    else:
        if wanted_study() not in (None, shown.name):
            st.warning(f"There is no study named “{plain(wanted_study() or '')}”. This is {shown.name}.")
        _pick_study(studies, shown)
        _shown(service, shown, name)


def _form(service: RunService) -> None:
    from app.components.study_form import study_form

    busy = any(run.status in ACTIVE for run in service.store.runs())
    study_form(service, busy=busy or any(study.active for study in service.studies.studies()))


def _shown(service: RunService, shown: StudyRecord, name: str) -> None:
    """Draw the header and the view in one fragment, so that the runs are read once for both."""
    from app.components.analyses_view import analyses_view
    from app.components.study_result import study_result
    from app.components.study_runs import study_runs

    drawers = {"result": study_result, "analyses": analyses_view, "runs": study_runs}

    def body() -> None:
        try:
            view = service.study_view(shown.name)
        except LabError as error:
            st.error(f"The study cannot be shown: {plain(str(error))}.")
            return
        if view.study.status != shown.status:
            if view.study.status == "completed":
                show_view("result")
            st.rerun()
        study_header(service, view)
        drawers[name](service, view)

    if name == "analyses" and not shown.active:  # it holds a fragment of its own
        body()
    else:
        fragment(body, _REFRESH if shown.active else None)


def _pick_view(shown: StudyRecord) -> str:
    """Draw the row of views; the address decides which is open, else what there is to see."""
    wanted = wanted_view()
    name = wanted if wanted in VIEWS else ("result" if "generalization" in shown.results else "runs")
    st.session_state[_VIEW_KEY] = name
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=_label,
        key=_VIEW_KEY,
        on_change=_show_picked,
        label_visibility="collapsed",
        width="stretch",
        required=True,
    )
    return name


def _label(name: str) -> str:
    return VIEWS[name]


def _show_picked() -> None:
    if st.session_state[_VIEW_KEY]:
        show_view(st.session_state[_VIEW_KEY])


def _pick_study(studies: list[StudyRecord], shown: StudyRecord) -> None:
    st.session_state[_STUDY_KEY] = shown.name  # the address decides, so the box follows when a study is started
    st.selectbox(
        "Study",
        [study.name for study in studies],
        key=_STUDY_KEY,
        on_change=_show_chosen,
        help="All studies, the newest first. They go on in the server when this page is closed.",
    )


def _show_chosen() -> None:
    show_study(st.session_state[_STUDY_KEY])
