"""How far a job on a data set is: a bar that moves by itself, the time left, and a way to end it."""

from __future__ import annotations

import streamlit as st

from app.components.formats import duration, plain
from app.components.fragment import fragment
from core.dataset_jobs import Job
from core.service import RunService

_POLL = 0.5  # seconds between two looks


def job_progress(service: RunService, job: Job, doing: str) -> None:
    """Draw the progress of an active job; when it ends, the whole page is drawn anew. `doing`: "Fetching MNIST"."""

    def body() -> None:
        now = service.jobs.state(job.id)
        if now is None or not now.active or now.state != job.state:
            st.rerun()
        st.progress(min(now.done / now.total, 1.0) if now.total else 0.0, text=progress_text(now, doing))
        st.button("Cancel", key=f"cancel_{job.id}", on_click=service.jobs.cancel, args=(job.id,))

    fragment(body, _POLL)


def progress_text(job: Job, doing: str) -> str:
    """Say how far a job is, short enough for a phone."""
    if job.state == "waiting":
        return f"{plain(doing)}: waits for the job before it"
    parts = [f"{plain(doing)} …"]
    if job.note:
        parts.append(plain(job.note))
    if job.total and job.kind == "fetch":
        parts.append(f"{job.done / 1e6:,.1f} of {job.total / 1e6:,.1f} MB")
    elif job.total:
        parts.append(f"{job.done:,} of {job.total:,}")
    elif job.done and job.kind == "fetch":
        parts.append(f"{job.done / 1e6:,.1f} MB")
    if job.seconds_left is not None:
        parts.append(f"about {duration(job.seconds_left)} left")
    return " · ".join(parts)
