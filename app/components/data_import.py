"""Bringing one's own data: a file is uploaded, checked in the background, reported on, and then used or discarded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.components.data_list import show_dataset
from app.components.data_progress import job_progress
from app.components.data_report import report_view
from app.components.formats import plain
from core.dataset_jobs import Job
from core.datasets import DATASETS
from core.errors import LabError
from core.importing.options import COLOURS, RESIZES, ImportLimits, ImportOptions
from core.service import RunService

_SIDES = (None, 28, 32, 48, 64, 96, 128, 160, 224)
_COLOUR_TEXTS = {"auto": "grey if all are, else colour", "grey": "grey", "rgb": "colour"}
_RESIZE_TEXTS = {"pad": "pad with black", "crop": "crop the middle", "stretch": "stretch"}
_ROUND = "data_upload_round"  # counts the files that were used: each gets an uploader of its own
_MINE = "data_import_job"
_EXPLANATION = """
- **Images**: a ZIP file with one folder per class.
- **Texts**: a table (CSV, TSV or Parquet) with a row per text, one column for the text and one for its class.

Each class needs ten different rows or more. The file is checked, and you see a report before anything is used. Nothing
leaves this computer.
"""
# What the importer's messages call the fields of this form
_FIELDS = {
    "text_column": "“Column with the texts”",
    "label_column": "“Column with the classes”",
    "image_side": "“Size”",
}
_IMAGE_EXAMPLE = """flowers.zip
├─ daisy/  a.jpg  b.jpg  …
└─ tulip/  c.png  d.png  …"""
_TEXT_EXAMPLE = """text,label
I liked it a lot,good
"Long, dull and loud",bad"""


def import_view(service: RunService) -> None:
    """Draw the imports that wait for a decision, and the form for another file."""
    st.markdown(_EXPLANATION)
    with st.container(horizontal=True, key="data_examples"):
        st.code(_IMAGE_EXAMPLE, language=None, width=300)
        st.code(_TEXT_EXAMPLE, language=None, width=300)
    uploader = f"data_upload_{st.session_state.setdefault(_ROUND, 0)}"
    upload = st.file_uploader(
        "File with your data",
        type=["zip", "csv", "tsv", "parquet"],
        key=uploader,
        help="Larger files and whole folders are taken from the disk by `python -m core import`.",
    )
    if upload is not None:
        _form(service, upload)
    for job in service.jobs.imports():
        with st.container(border=True, key=f"data_import_{job.id}"):
            _one(service, job)


def _form(service: RunService, upload: UploadedFile) -> None:
    images = upload.name.lower().endswith(".zip")
    left, right = st.columns(2)
    with left:
        name = st.text_input(
            "Name",
            free_name(upload.name),
            key=f"data_name_{upload.file_id}",
            max_chars=40,
            help="For files and addresses: lower-case letters, digits and “_”, a letter first.",
        )
    with right:
        label = st.text_input(
            "Label", "", key="data_label", max_chars=80, placeholder="as the name", help="For people."
        )
    given: dict[str, Any] = {"name": name.strip(), "label": label.strip() or None}
    given |= _image_options() if images else _text_options()
    given["drop_small_classes"] = st.checkbox("Leave out classes with too few rows", key="data_drop_small")
    if given["name"] in DATASETS and DATASETS[given["name"]].custom:
        given["replace_existing"] = st.checkbox(
            f"Replace your data set “{given['name']}”",
            key="data_replace",
            help="Runs on it keep their results, but can no longer be resumed.",
        )
    if st.button("Check", key="data_check", type="primary", help="Reads the file and reports; nothing is used yet."):
        _check(service, upload, given)


def _image_options() -> dict[str, Any]:
    with st.container(horizontal=True):
        return {
            "image_side": st.selectbox(
                "Size",
                _SIDES,
                format_func=_side_text,
                key="data_side",
                width=200,
                help="All images are brought to one square size. Small ones train faster.",
            ),
            "colour": st.selectbox(
                "Colour", COLOURS, format_func=_COLOUR_TEXTS.__getitem__, key="data_colour", width=260
            ),
            "resize": st.selectbox(
                "Images that are not square",
                RESIZES,
                format_func=_RESIZE_TEXTS.__getitem__,
                key="data_resize",
                width=260,
            ),
        }


def _side_text(side: int | None) -> str:
    return "by the images" if side is None else f"{side}×{side} pixels"


def _text_options() -> dict[str, Any]:
    with st.container(horizontal=True):
        text = st.text_input(
            "Column with the texts", key="data_text_column", placeholder="found by its name", width=260
        )
        label = st.text_input(
            "Column with the classes", key="data_label_column", placeholder="found by its name", width=260
        )
    return {"text_column": text.strip() or None, "label_column": label.strip() or None}


def _check(service: RunService, upload: UploadedFile, given: dict[str, Any]) -> None:
    """Start the check of the file; the one before it from this tab is forgotten."""
    try:
        options = ImportOptions(**given, limits=ImportLimits.from_environment())
        if (old := st.session_state.get(_MINE)) is not None:
            service.jobs.cancel(old)
            service.jobs.discard(old)
        with st.spinner("Storing the file …"):
            upload.seek(0)
            job = service.jobs.check(service.jobs.spool(upload.name, upload), options)
    except LabError as error:
        st.error(f"Not checked: {plain(_in_form_words(str(error)))}.")
        return
    st.session_state[_MINE] = job.id
    st.rerun()


def _one(service: RunService, job: Job) -> None:
    """Draw an import: its progress, its report with the decision, or why it failed."""
    st.markdown(f"#### {plain(job.source or job.name)}")
    if job.active:
        job_progress(service, job, f"{'Storing' if job.report is not None else 'Checking'} {job.name}")
        return
    if job.state == "failed":
        st.error(f"It could not be read: {plain(_in_form_words(job.error or 'for an unknown reason'))}.")
    if job.report is not None:
        report_view(job.report, key=f"data_check_{job.id}")
    with st.container(horizontal=True):
        if job.state == "checked" and job.report is not None and job.report.usable:
            st.button("Use this data", key=f"data_use_{job.id}", type="primary", on_click=_use, args=(service, job))
        st.button("Discard", key=f"data_discard_{job.id}", on_click=service.jobs.discard, args=(job.id,))


def _in_form_words(message: str) -> str:
    for option, field in _FIELDS.items():
        message = message.replace(option, field)
    return message


def _use(service: RunService, job: Job) -> None:
    try:
        service.jobs.use(job.id)
    except LabError as error:
        st.toast(plain(str(error)))
        return
    st.session_state["data_awaited"] = job.id


def show_what_came(service: RunService) -> bool:
    """Once the data that this tab wanted to use is a data set, choose it, empty the form, and return True."""
    job = service.jobs.state(st.session_state.get("data_awaited", ""))
    if job is None or job.active:
        return False
    del st.session_state["data_awaited"]
    if job.state == "done":
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        st.session_state.pop(_MINE, None)
        show_dataset(job.name)
        st.toast(f"{plain(job.name)} can now be used.")
    return job.state == "done"


def free_name(file: str) -> str:
    """Make a name that no data set has yet out of the name of a file.

    >>> free_name("My Flowers (v2).zip"), free_name("2024.csv")
    ('my_flowers_v2', 'data_2024')
    """
    name = re.sub(r"[^a-z0-9]+", "_", Path(file).stem.lower()).strip("_") or "data"
    name = (name if name[0].isalpha() else f"data_{name}")[:36]
    taken = {*DATASETS, "custom"}
    return next(
        candidate for number in range(1, len(taken) + 2)
        if (candidate := name if number == 1 else f"{name}_{number}") not in taken
    )  # fmt: skip
