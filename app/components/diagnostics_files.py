"""The files of one trial, and what is drawn from them: read and drawn once for all tabs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.artifacts import RunFolder
from core.diagnostics import ARRAYS_FILE, DIAGNOSTICS_FILE, Diagnostics, load_diagnostics
from core.figures.diagnostics import DIAGNOSTICS
from core.records import from_json
from core.trial import RESULT_FILE, Trace, TrialResult

Stamp = tuple[str, str, int, int]  # two folders, and when their files were written: a new file is read anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A figure, what it says in a sentence, and a text that belongs to it."""

    figure: go.Figure
    finding: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What a trial left behind: its folder, and that of its stored diagnostics."""

    trial: Path
    plots: Path
    stamp: Stamp

    @property
    def result(self) -> TrialResult | None:
        """The result; None when there is none or it is damaged."""
        return _result(self.stamp[0], self.stamp[2])

    @property
    def trace(self) -> Trace | None:
        """The record of the training, or None."""
        return None if self.result is None else self.result.trace

    @property
    def stored(self) -> Diagnostics | None:
        """The stored diagnostics, or None."""
        return _stored(self.stamp[1], self.stamp[3])

    def raw(self) -> dict[str, bytes]:
        """Read the files that hold the numbers, by name."""
        wanted = (self.trial / RESULT_FILE, self.plots / DIAGNOSTICS_FILE, self.plots / ARRAYS_FILE)
        return {path.name: path.read_bytes() for path in wanted if path.is_file()}


def files_of(folder: RunFolder, number: int) -> Files:
    """Return the files of a trial as they are now."""
    trial, plots = folder.trial(number), folder.trial_plots(number)
    stamp = (str(trial), str(plots), _changed(trial / RESULT_FILE), _changed(plots / DIAGNOSTICS_FILE))
    return Files(trial=trial, plots=plots, stamp=stamp)


def diagnostic_variants(name: str, stamp: Stamp) -> tuple[str, ...] | str:
    """Return what a diagnostic can show, or why it shows nothing."""
    data = _data(name, stamp)
    return data if isinstance(data, str) else DIAGNOSTICS[name].variants(data)


@st.cache_resource(max_entries=64, show_spinner=False)
def diagnostic_figure(name: str, variant: int, stamp: Stamp) -> Drawn | None:
    """Draw a diagnostic; None when there is nothing to draw."""
    diagnostic, data = DIAGNOSTICS[name], _data(name, stamp)
    if isinstance(data, str):
        return None
    return Drawn(
        figure=diagnostic.draw(data, variant),
        finding=diagnostic.finding(data),
        text=diagnostic.text(data, variant),
    )


# Resources, not data: they are shared by all tabs and nobody changes them, so they need not be copied on each use.
@st.cache_resource(max_entries=64, show_spinner=False)
def _data(name: str, stamp: Stamp) -> Any:
    result = _result(stamp[0], stamp[2])
    return "its files are gone" if result is None else DIAGNOSTICS[name].compute(result, _stored(stamp[1], stamp[3]))


@st.cache_resource(max_entries=16, show_spinner=False)
def _result(folder: str, changed: int) -> TrialResult | None:
    try:
        return from_json(TrialResult, (Path(folder) / RESULT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


@st.cache_resource(max_entries=4, show_spinner=False)
def _stored(folder: str, changed: int) -> Diagnostics | None:
    return load_diagnostics(Path(folder))


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0
