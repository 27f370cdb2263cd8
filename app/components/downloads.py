"""What can be taken home: the best network, the table of trials, and the summary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.artifacts import RunFolder, trials_csv
from core.service import RunService, RunView


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


def downloads(service: RunService, view: RunView) -> None:
    """Draw a button per file, and below them why a button cannot be pressed."""
    files = available(service, view)
    with st.container(horizontal=True, key="downloads"):
        for file in files:
            st.download_button(
                file.label,
                file.read,
                file_name=file.file_name,
                mime=file.mime,
                key=file.key,
                help=file.missing or file.help,
                disabled=file.missing is not None,
                on_click="ignore",
            )
    reasons = dict.fromkeys(file.missing for file in files if file.missing)
    st.caption(" ".join(reasons) or "Open the network with `keras.saving.load_model`.")


def available(service: RunService, view: RunView) -> list[Download]:
    """Return the three downloads of a run."""
    folder, name = RunFolder(service.settings, view.run.name), view.run.name
    model = next(iter(sorted(folder.optimized_model.glob("*.keras"))), None)
    return [
        Download(
            key="download_model",
            label="Best network (.keras)",
            file_name=model.name if model else "model.keras",
            mime="application/zip",
            read=_reader(model),
            help="The trained network, as the best trial left it.",
            missing=_missing(view, model is not None, "No network was kept."),
        ),
        Download(
            key="download_trials",
            label="All trials (.csv)",
            file_name=f"{name}_trials.csv",
            mime="text/csv",
            read=lambda: trials_csv(service.view(name).trials).encode(),
            help="A line per trial with scores, health components and all settings.",
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
    ]


def _reader(path: Path | None) -> Callable[[], bytes]:
    return lambda: path.read_bytes() if path is not None else b""


def _missing(view: RunView, exists: bool, never: str) -> str | None:
    if view.active:
        return "The network and the summary are ready when the run has ended or is stopped."
    if exists:
        return None
    return f"{never} Resume the run to get it." if view.run.resumable else never
