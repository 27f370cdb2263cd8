"""What a data set is and where it is, and the buttons to fetch it, to use it and to remove it."""

from __future__ import annotations

import streamlit as st

from app.components.data_list import PLACES
from app.components.data_progress import job_progress
from app.components.data_remove import ask_removal
from app.components.data_report import stored_report
from app.components.dataset_cards import kind_text
from app.components.formats import plain
from core.config import Settings
from core.datasets import DatasetEntry
from core.datasets.cache import CachedDataset, prepare
from core.datasets.samples import Place, place_of
from core.errors import LabError
from core.service import RunService

_ORIGINS = {
    "mirror": "copied from the local mirror",
    "download": "downloaded",
    "embedded": "from an installed package",
    "import": "imported by you",
}


def data_facts(service: RunService, entry: DatasetEntry) -> None:
    """Draw the facts of `entry` and what can be done with it."""
    place = place_of(entry, service.settings)
    st.subheader(plain(entry.label), anchor=False)
    if entry.description:
        st.markdown(plain(entry.description))
    st.markdown("\n".join(f"- **{name}:** {value}" for name, value in facts(entry, place, service.settings).items()))
    if place == "missing":
        st.error(f"The imported rows of {plain(entry.label)} are missing or damaged. Import it again, or remove it.")
    elif place != "cached":
        _fetch(service, entry, place)
    with st.container(horizontal=True, key="data_actions"):
        st.page_link(
            "../pages/exploration.py",
            label="Start a run with it",
            query_params={"dataset": entry.name, "view": "setup"},
        )
        if entry.custom and st.button("Remove …", key="data_remove", help="Remove its rows from this computer."):
            ask_removal(service, entry.name)
    if entry.custom:
        stored_report(entry.name, service.settings)


def facts(entry: DatasetEntry, place: Place, settings: Settings) -> dict[str, str]:
    """Return what there is to say of `entry`, in Markdown, by name."""
    link = entry.source.startswith(("https://", "http://"))
    found = {"What": f"{kind_text(entry)}, {entry.classes} classes"}
    if entry.vocabulary is not None:
        found["Words"] = (
            f"{entry.vocabulary:,} different; networks read {entry.default_sequence_length:,} of a text by default"
        )
    if place == "cached":
        cached = prepare(entry.name, settings)
        found["Rows"] = f"{cached.rows:,}"
        found["Where"] = f"{PLACES[place]}, {_megabytes(cached)}, {_ORIGINS[cached.origin]}"
        found["Content"] = f"sha256 `{cached.content_hash[:12]}`"
    else:
        found["Where"] = PLACES[place]
    found["Source"] = f"<{entry.source}>" if link else plain(entry.source)
    found["Licence"] = plain(entry.licence)
    return found


def _megabytes(cached: CachedDataset) -> str:
    return f"{sum(path.stat().st_size for path in cached.folder.iterdir()) / 1e6:,.1f} MB"


def _fetch(service: RunService, entry: DatasetEntry, place: Place) -> None:
    job = service.jobs.fetching(entry.name)
    if job is not None and job.active:
        job_progress(service, job, f"Fetching {entry.label}")
        return
    if job is not None and job.state == "failed":
        st.error(f"Not fetched: {plain(job.error or 'for an unknown reason')}.")
    elif job is not None and job.state == "cancelled":
        st.info("The fetch was cancelled. Files that had arrived whole are kept for the next time.")
    how = {"embedded": "unpacked", "mirror": "copied from the mirror", "remote": "downloaded from its official source"}
    st.caption(f"Classes, split and examples are shown once it is on this computer. It will be {how[place]}.")
    st.button(
        "Fetch again" if job is not None else "Fetch",
        key="data_fetch",
        type="primary",
        on_click=_ask_fetch,
        args=(service, entry.name),
        help="Works in the background; this page may be closed meanwhile.",
    )


def _ask_fetch(service: RunService, name: str) -> None:
    try:
        service.jobs.fetch(name)
    except LabError as error:
        st.toast(plain(str(error)))
