"""All runs with filters; a chosen run can be opened, noted, resumed and deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from app.components.formats import STATUS_COLOURS, accuracy, dataset_label, duration, mode_label, plain, score
from app.components.fragment import fragment
from app.components.page_body import page_body
from app.components.run_header import wished
from app.components.support_download import support_download
from core.errors import LabError
from core.service import RunService
from core.store import ACTIVE, NOTES_LIMIT, RunRecord

_ROW_PIXELS = 35
_ROWS = 12
_CHOSEN = "runs_chosen"


def runs_page() -> None:
    """Draw the page's body, or why it cannot be drawn."""
    page_body(draw)


def draw(service: RunService) -> None:
    """Draw the filters, the table, and the chosen run below it."""
    runs = service.store.runs()
    if not runs:
        st.info("There is no run yet. Start one on the page **Hyperparameter Exploration**.")
    else:
        fragment(_table_and_choice, 3.0 if any(run.status in ACTIVE for run in runs) else None, service)
    support_download(service)


def _table_and_choice(service: RunService) -> None:
    runs = _wanted(service.store.runs())
    shown = _filter(runs)
    st.caption(f"{len(shown)} of {len(runs)} runs")
    if not shown:
        st.info("No run fits the filters." if runs else "There are runs of studies only.")
        return
    event = st.dataframe(
        [row(run) for run in shown],
        key=_CHOSEN,
        hide_index=True,
        height=(min(len(shown), _ROWS) + 1) * _ROW_PIXELS + 3,
        on_select="rerun",
        selection_mode="single-row",
        column_config=_columns(),
        placeholder="–",
        alt="All runs with status, data set, trials, best scores, time and notes",
    )
    names = [run.name for run in shown]
    rows = [index for index in event["selection"]["rows"] if index < len(names)]
    chosen = st.selectbox("Run to work with", names, index=rows[0] if rows else 0, key=f"run_chosen_{rows}")
    _one_run(service, next(run for run in shown if run.name == chosen))


def _wanted(runs: list[RunRecord]) -> list[RunRecord]:
    """Leave out the runs of studies, dozens of each, until somebody asks for them."""
    of_studies = sum(run.config.study is not None for run in runs)
    if not of_studies:
        return runs
    everything = st.toggle(
        f"Runs of studies ({of_studies})",
        key="filter_studies",
        help="Every study has a pair of runs for each of its repetitions. Its page shows them together.",
    )
    return runs if everything else [run for run in runs if run.config.study is None]


def _filter(runs: list[RunRecord]) -> list[RunRecord]:
    with st.container(horizontal=True, key="run_filters"):
        text = st.text_input("Name or notes contain", key="filter_text", width=260)
        statuses = sorted({run.status for run in runs})
        status = st.multiselect("Status", statuses, key="filter_status", placeholder="any", width=220)
        datasets = sorted({run.config.dataset_name for run in runs})
        dataset = st.multiselect(
            "Data set", datasets, format_func=dataset_label, key="filter_dataset", placeholder="any", width=260
        )
    return matching(runs, text, status, dataset)


def matching(runs: list[RunRecord], text: str, statuses: list[str], datasets: list[str]) -> list[RunRecord]:
    """Return the runs that fit all filters; an empty filter fits every run."""
    wanted = text.strip().lower()
    return [
        run
        for run in runs
        if (not wanted or wanted in run.name.lower() or wanted in run.notes.lower())
        and (not statuses or run.status in statuses)
        and (not datasets or run.config.dataset_name in datasets)
    ]


def row(run: RunRecord) -> dict[str, Any]:
    """Return a run as a row of the table."""
    summary = run.summary or {}
    best = summary.get("best") or {}
    return {
        "Run": run.name,
        "Status": "paused" if run.status == "running" and run.pause_requested else run.status,
        "Data set": dataset_label(run.config.dataset_name),
        "Mode": mode_label(run.config.optimization_mode),
        "Trials": run.config.trials,
        "Best total": best.get("total_score"),
        "Validation %": _percent(best.get("accuracy")),
        "Test %": _percent(best.get("test_accuracy")),
        "Health": (best.get("health") or {}).get("overall"),
        "Time": duration(run.seconds),
        "Started": datetime.fromtimestamp(run.created),
        "Notes": run.notes or None,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "Run": column.TextColumn(pinned=True),
        "Best total": column.NumberColumn(format="%.3f", help="Total score of the best trial, once the run has ended"),
        "Validation %": column.NumberColumn(format="%.1f"),
        "Test %": column.NumberColumn(format="%.1f", help="It never chose a network"),
        "Health": column.NumberColumn(format="%.3f"),
        "Started": column.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        "Notes": column.TextColumn(width="large"),
    }


def _one_run(service: RunService, run: RunRecord) -> None:
    best = (run.summary or {}).get("best") or {}
    with st.container(border=True, key="one_run"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(run.status, color=STATUS_COLOURS[run.status])
            st.markdown(
                f"**{run.name}** · best total {score(best.get('total_score'))} · "
                f"validation {accuracy(best.get('accuracy'))} · test {accuracy(best.get('test_accuracy'))}"
            )
        _notes(service, run)
        with st.container(horizontal=True, key="run_actions"):
            st.page_link("../pages/exploration.py", label="Open this run", query_params={"run": run.name})
            of_study = run.config.study is not None  # its study steers and deletes it
            if run.resumable and not of_study:
                st.button("Resume", key=f"resume_{run.name}", on_click=wished, args=(service.resume, run.name))
            if run.status in ACTIVE:
                st.button("Stop", key=f"stop_{run.name}", on_click=wished, args=(service.stop, run.name))
            if st.button(
                "Delete …",
                key=f"delete_{run.name}",
                disabled=run.status in ACTIVE or of_study,
                help=_delete_help(run),
            ):
                _ask_delete(service, run)


def _delete_help(run: RunRecord) -> str:
    if run.config.study is not None:
        return "It belongs to a study, which would lose a pair. Delete the study on its page."
    return "Stop the run first." if run.status in ACTIVE else "Remove its trials, networks and files."


def _notes(service: RunService, run: RunRecord) -> None:
    notes = st.text_area(
        "Notes",
        run.notes,
        key=f"notes_{run.name}",
        max_chars=NOTES_LIMIT,
        placeholder="What was this run for? What did it show?",
    )
    if notes != run.notes:
        service.store.set_notes(run.name, notes)
        st.caption("Notes saved.")


@st.dialog("Delete this run?")
def _ask_delete(service: RunService, run: RunRecord) -> None:
    confirm_delete(service, run)


def confirm_delete(service: RunService, run: RunRecord) -> None:
    """Draw what would be lost; delete once the run's name was typed."""
    size = service.disk_bytes(run.name) / 1e6
    count = len(service.store.trials(run.name))
    st.markdown(f"**{run.name}**: {count} trials and {size:,.1f} MB of files will be removed. This cannot be undone.")
    typed = st.text_input("Type the run's name to confirm", key="delete_name")
    if st.button("Delete for good", key="delete_for_good", type="primary", disabled=typed.strip() != run.name):
        try:
            service.delete(run.name)
        except LabError as error:
            st.error(f"Not deleted: {plain(str(error))}.")
            return
        st.rerun()
