"""What can be taken home: the final package, the network alone, tables, the architecture and the logs."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.components.formats import plain
from core.architecture import ARCHITECTURE_FILE
from core.artifacts import RunFolder, trials_csv
from core.errors import LabError
from core.package import package, usage_lines
from core.report.run_report import run_report
from core.service import RunService, RunView
from core.tensorboard_logs import has_logs, zip_logs


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One button. `missing`: why there is nothing to download yet."""

    key: str
    label: str
    file_name: str
    mime: str
    read: Callable[[], bytes]  # called on a click and not before
    help: str
    missing: str | None


def downloads_view(service: RunService, view: RunView) -> None:
    """Draw the final package with its five lines, then a button per single file with what it is."""
    files = available(service, view)
    st.subheader("Final package", anchor=False)
    st.markdown(
        "The best network with its diagnostics, the configuration of the search, the table of all trials, and a README "
        "with the five lines below."
    )
    _button(files[0], "primary")
    if files[0].missing:
        st.caption(files[0].missing)
    else:
        _usage(service, view)
    st.subheader("Single files", anchor=False)
    for file in files[1:]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"row_{file.key}"):
            _button(file, "secondary")
            st.caption(file.missing or file.help, width="stretch")


def _button(file: Download, kind: str) -> None:
    st.download_button(
        file.label,
        file.read,
        file_name=file.file_name,
        mime=file.mime,
        key=file.key,
        disabled=file.missing is not None,
        on_click="ignore",
        type="primary" if kind == "primary" else "secondary",
        width=260,
    )


def _usage(service: RunService, view: RunView) -> None:
    try:
        lines = usage_lines(RunFolder(service.settings, view.run.name), view.run.config.dataset_name)
    except LabError as error:
        st.warning(f"{plain(str(error))}.")
        return
    st.markdown("Unpack it, and in its folder:")
    st.code(lines, language="python")


def available(service: RunService, view: RunView) -> list[Download]:
    """Return the downloads of a run, the final package first."""
    folder, name = RunFolder(service.settings, view.run.name), view.run.name
    model = next(iter(sorted(folder.optimized_model.glob("*.keras"))), None)
    layers = folder.optimized_model / ARCHITECTURE_FILE
    no_model = _missing(view, model is not None, "No network was kept.")
    dataset = view.run.config.dataset_name
    return [
        Download(
            key="download_package",
            label="Final package (.zip)",
            file_name=f"{name}_package.zip",
            mime="application/zip",
            read=lambda: package(service.settings, name, dataset),
            help="Everything about the best network.",
            missing=no_model,
        ),
        Download(
            key="download_report",
            label="Report (.pdf)",
            file_name=f"{name}_report.pdf",
            mime="application/pdf",
            read=lambda: run_report(service.settings, service.store, name),
            help="A few pages to print: what was searched, the best network and its health, all trials.",
            missing=None if view.trials else "No trial has started yet.",
        ),
        Download(
            key="download_model",
            label="Best network (.keras)",
            file_name=model.name if model else "model.keras",
            mime="application/zip",
            read=_reader(model),
            help="The trained network alone, as the best trial left it. Open it with keras.saving.load_model.",
            missing=no_model,
        ),
        Download(
            key="download_architecture",
            label="Architecture (.json)",
            file_name=f"{name}_architecture.json",
            mime="application/json",
            read=_reader(layers),
            help="The layers of the best network: type, shape, parameters, settings and how they are joined.",
            missing=no_model or (None if layers.is_file() else "This run is of a version that kept no architecture."),
        ),
        Download(
            key="download_trials",
            label="All trials (.csv)",
            file_name=f"{name}_trials.csv",
            mime="text/csv",
            read=lambda: _table(service.view(name)),
            help="A line per trial with scores, health components, device, cost at RunPod and all settings.",
            missing=None if view.trials else "No trial has started yet.",
        ),
        Download(
            key="download_summary",
            label="Summary (.json)",
            file_name=f"{name}_summary.json",
            mime="application/json",
            read=_reader(folder.summary),
            help="The result, the configuration and the hashes of data and split.",
            missing=_missing(view, folder.summary.is_file(), "No summary was written."),
        ),
        Download(
            key="download_logs",
            label="TensorBoard logs (.zip)",
            file_name=f"{name}_tensorboard.zip",
            mime="application/zip",
            read=lambda: _logs(folder.trials),
            help="The event files of every trial, for a TensorBoard of your own.",
            missing=None if has_logs(folder.trials) else "No trial has written logs yet.",
        ),
    ]


def _table(view: RunView) -> bytes:
    return trials_csv(view.trials, view.remote.costs if view.remote else {}).encode()


def _reader(path: Path | None) -> Callable[[], bytes]:
    return lambda: path.read_bytes() if path is not None else b""


def _logs(trials: Path) -> bytes:
    target = io.BytesIO()
    zip_logs(trials, target)
    return target.getvalue()


def _missing(view: RunView, exists: bool, never: str) -> str | None:
    if view.active:
        return "The network and the summary are ready when the run has ended or is stopped."
    if exists:
        return None
    return f"{never} Resume the run to get it." if view.run.resumable else never
