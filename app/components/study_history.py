"""All studies; a chosen one can be opened, resumed and deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from app.components.formats import STATUS_COLOURS, dataset_label, duration, plain
from app.components.run_header import wished
from app.components.study_card import headline
from app.components.study_numbers import count, difference_cell
from app.state import show_study, show_view
from core.errors import LabError
from core.service import RunService
from core.study_config import STUDY_MODES
from core.study_folder import StudyFolder
from core.study_store import StudyRecord

_ROW_PIXELS, _ROWS = 35, 10


def study_history(service: RunService) -> None:
    """Draw the table, and the chosen study below it."""
    studies = service.studies.studies()
    if not studies:
        st.info("There is no study yet.")
        return
    event = st.dataframe(
        [row(study) for study in studies],
        key="studies_chosen",
        hide_index=True,
        height=(min(len(studies), _ROWS) + 1) * _ROW_PIXELS + 3,
        on_select="rerun",
        selection_mode="single-row",
        placeholder="–",
        column_config={
            "Study": st.column_config.TextColumn(pinned=True),
            "Started": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
        alt="All studies with status, data set, size, verdict and time",
    )
    names = [study.name for study in studies]
    rows = [index for index in event["selection"]["rows"] if index < len(names)]
    chosen = st.selectbox("Study to work with", names, index=rows[0] if rows else 0, key=f"study_chosen_{rows}")
    _one_study(service, next(study for study in studies if study.name == chosen))


def row(study: StudyRecord) -> dict[str, Any]:
    """Return a study as a row of the table."""
    result, config = study.results.get("generalization"), study.config
    return {
        "Study": study.name,
        "Status": study.status,
        "Verdict": verdict_text(study),
        "Difference (points)": difference_cell(result["procedure"]["difference"]) if result else None,
        "Data set": dataset_label(config.dataset_name),
        "Runs": f"2 × {config.runs}",
        "Trials per run": config.trials,
        "Time": duration(study.seconds),
        "Started": datetime.fromtimestamp(study.created),
    }


def verdict_text(study: StudyRecord) -> str | None:
    """Return the verdict in a few words; None while there is none."""
    result = study.results.get("generalization")
    if not result:
        return None
    return headline(study.results, study.config.sesoi)[0] + (" (exploratory)" if result["reused_holdout"] else "")


def _one_study(service: RunService, study: StudyRecord) -> None:
    with st.container(border=True, key="one_study"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(study.status, color=STATUS_COLOURS[study.status])
            st.markdown(f"**{plain(study.name)}** · {plain(verdict_text(study) or study.phase)}", width="stretch")
        with st.container(horizontal=True):
            st.button("Open this study", key="study_open", type="primary", on_click=_open, args=(study,))
            if study.resumable:
                st.button(
                    "Resume", key="study_history_resume", on_click=wished, args=(service.resume_study, study.name)
                )
            if st.button(
                "Delete …",
                key="study_delete",
                disabled=study.active,
                help="Stop the study first." if study.active else "Remove it with its runs, networks and files.",
            ):
                _ask_delete(service, study)


def _open(study: StudyRecord) -> None:
    show_study(study.name)
    show_view("result" if "generalization" in study.results else "runs")


@st.dialog("Delete this study?")
def _ask_delete(service: RunService, study: StudyRecord) -> None:
    confirm_delete_study(service, study)


def confirm_delete_study(service: RunService, study: StudyRecord) -> None:
    """Draw what would be lost; delete once the study's name was typed."""
    known = {run.name for run in service.store.runs()}
    own = [study.config.run_name(mode, pair) for mode in STUDY_MODES for pair in range(study.config.runs)]
    runs = [name for name in own if name in known]
    folder = StudyFolder.of(service.settings, study.name).path
    files = [path.stat().st_size for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    size = (sum(files) + sum(service.disk_bytes(name) for name in runs)) / 1e6
    st.markdown(
        f"**{plain(study.name)}**: {count(len(runs), 'run')} with all trials and {size:,.1f} MB of files will be "
        "removed. This cannot be undone."
    )
    typed = st.text_input("Type the study's name to confirm", key="study_delete_name")
    if st.button("Delete for good", key="study_delete_now", type="primary", disabled=typed.strip() != study.name):
        try:
            service.delete_study(study.name)
        except LabError as error:
            st.error(f"Not deleted: {plain(str(error))}.")
            return
        if st.query_params.get("study") == study.name:
            st.query_params.pop("study", None)
        st.rerun()
