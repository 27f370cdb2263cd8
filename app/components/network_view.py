"""The network of a trial: as a graph, in space, at work, and to take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from app.components.architecture_graph import architecture_graph, layer_rows
from app.components.formats import STATES, accuracy, plain, score
from app.components.network_3d import passage, space
from app.state import focus, set_focus
from core.architecture import ARCHITECTURE_FILE, Architecture, load_architecture
from core.artifacts import RunFolder
from core.diagnostics import DIAGNOSTICS_FILE, Diagnostics, load_diagnostics
from core.diagram import diagram, to_pdf, to_png, to_svg
from core.layer_colouring import COLOURINGS, Colouring, LayerColours, colour_layers
from core.network_document import architecture_json
from core.network_graph import NetworkGraph, network_graph
from core.records import from_json
from core.service import RunService, RunView
from core.store import TrialRecord
from core.trial import RESULT_FILE, Trace, TrialResult

_TRIAL, _PART, _COLOUR, _FOLD = "network_trial", "network_part", "network_colour", "network_fold"
_PARTS = {"graph": "Graph", "space": "3D", "passage": "Forward pass"}


def network_view(service: RunService, view: RunView) -> None:
    """Draw the network of the trial that is looked into, or say why there is none."""
    st.subheader("Network", anchor=False)
    trial = _picker(view)
    if trial is None:
        waiting = "Its first network appears here when a trial has been completed."
        st.info(waiting if view.active else "This run has no completed trial. Resume it, or start another run.")
        return
    folder = RunFolder(service.settings, view.run.name)
    architecture = _architecture(folder.trial(trial.number))
    if architecture is None:
        st.info(_no_architecture(trial))
        return
    trace = _trace(folder.trial(trial.number))
    diagnostics = _diagnostics(folder.trial_plots(trial.number))
    part, by, folded = _controls(trial.number, architecture)
    graph = network_graph(architecture, trace, folded=folded)
    colours = colour_layers(graph, by)
    if trace is None:
        st.caption("The record of this training is gone, so no health is shown; the drawing itself is whole.")
    why = _no_diagnostics(view)
    if part == "graph":
        architecture_graph(graph, colours, diagnostics, why)
    elif part == "space":
        space(graph, colours)
    else:
        passage(graph, colours, diagnostics, why)
    _table(graph)
    _exports(view.run.name, trial, architecture, trace, graph, colours)


def _picker(view: RunView) -> TrialRecord | None:
    """Choose the trial; the same one is looked into by the other views."""
    focused = focus(view)
    offered = [trial for trial in view.trials if trial.state == "completed" or trial == focused]
    if focused is None or not offered:
        return None
    st.session_state[_TRIAL] = focused.number  # another view may have changed it
    labels = {trial.number: _label(trial, view.best) for trial in offered}
    st.selectbox(
        "Trial",
        list(labels),
        key=_TRIAL,
        format_func=partial(_written, labels),
        on_change=_picked,
        help="Every completed trial has a network of its own.",
    )
    return focused


def _picked() -> None:
    set_focus(int(st.session_state[_TRIAL]))


def _written(labels: Mapping[Any, str], name: Any) -> str:
    return labels.get(name, str(name))


def _label(trial: TrialRecord, best: TrialRecord | None) -> str:
    words = [f"Trial {trial.number}"]
    if trial.state == "completed":
        words.append(f"accuracy {accuracy(trial.accuracy)}")
        words.append(f"score {score(trial.total_score)}")
    else:
        words.append(STATES.get(trial.state, trial.state))
    if best is not None and trial.number == best.number:
        words.append("★ best")
    return " · ".join(words)


def _controls(number: int, architecture: Architecture) -> tuple[str, Colouring, bool]:
    with st.container(horizontal=True, key="network_controls", vertical_alignment="bottom"):
        part = st.segmented_control(
            "View",
            list(_PARTS),
            default="graph",
            required=True,
            wrap=True,
            key=_PART,
            format_func=partial(_written, _PARTS),
            help="Graph: click a layer to learn about it. 3D: how the shapes change on the way. Forward pass: one "
            "real test sample on its way through the layers.",
        )
        by = st.segmented_control(
            "Colour by",
            list(COLOURINGS),
            default="type",
            required=True,
            wrap=True,
            key=_COLOUR,
            format_func=partial(_written, COLOURINGS),
            help="The text in each box says the same as its colour.",
        )
        many = network_graph(architecture).folded
        folded = st.toggle(
            "Fold into blocks",
            value=many,
            key=f"{_FOLD}_{number}",
            help="One box for a layer with the normalization, activation, pooling and dropout that belong to it. "
            "Networks of more than 24 layers start folded.",
        )
    return str(part or "graph"), by or "type", folded


def _table(graph: NetworkGraph) -> None:
    column = st.column_config
    with st.expander("The network as a table"):
        st.dataframe(
            layer_rows(graph),
            hide_index=True,
            key="network_table",
            placeholder="–",
            column_config={
                "Parameters": column.NumberColumn(format="localized"),
                "Dormant %": column.NumberColumn(format="%.1f", help="Units whose output hardly varies"),
                "Gradient": column.NumberColumn(format="%.2g", help="Relative to the weights, last epoch, slowest"),
            },
            alt="Every layer with its type, inputs, output shape, parameters and health",
        )


def _exports(
    run: str,
    trial: TrialRecord,
    architecture: Architecture,
    trace: Trace | None,
    graph: NetworkGraph,
    colours: LayerColours,
) -> None:
    """Offer the files; each is made on the click and not before."""
    title = f"{run}, trial {trial.number}"
    facts = f"{graph.parameters:,} parameters · validation accuracy {accuracy(trial.accuracy)}"
    drawing = partial(diagram, graph, colours, title, facts)
    name = f"{run}_trial_{trial.number}_network"
    files: dict[str, tuple[str, Callable[[], bytes]]] = {
        "json": ("Architecture (JSON)", partial(architecture_json, architecture, trace, run, trial)),
        "svg": ("Diagram (SVG)", lambda: to_svg(drawing(), title)),
        "pdf": ("Diagram (PDF)", lambda: to_pdf(drawing(), title)),
        "png": ("Diagram (PNG)", lambda: to_png(drawing())),
    }
    mimes = {"json": "application/json", "svg": "image/svg+xml", "pdf": "application/pdf", "png": "image/png"}
    with st.container(horizontal=True, key="network_exports"):
        for ending, (label, make) in files.items():
            st.download_button(
                label, make, f"{name}.{ending}", mimes[ending], key=f"network_{ending}", on_click="ignore"
            )
    st.caption(
        "The diagrams are drawn as you see the graph: its colours, folded or not. The JSON file has every layer with "
        "place, size, parameters and health, and the trial's scores."
    )


def _no_architecture(trial: TrialRecord) -> str:
    if trial.state in ("waiting", "running"):
        return f"Trial {trial.number} is {STATES[trial.state]}; its network appears here when it is completed."
    if trial.state in ("pruned", "failed"):
        return f"Trial {trial.number} was {STATES[trial.state]}: its network was not kept. Choose a completed trial."
    return (
        f"The files of trial {plain(str(trial.number))} hold no description of its network: they were removed, or "
        "an older version of this program wrote them. Choose another trial, or train it again."
    )


def _no_diagnostics(view: RunView) -> str:
    stored = view.run.config.plot_generation
    if stored == "none":
        return "This run stored no diagnostics. Start one with diagnostics of the best or of all trials."
    if stored == "best":
        return "This run keeps the diagnostics of its best trial only, when it ends. Choose that one, or store all."
    return "None were stored for this trial, or its files were removed."


def _architecture(folder: Path) -> Architecture | None:
    return _cached_architecture(str(folder), _changed(folder / ARCHITECTURE_FILE))


def _trace(folder: Path) -> Trace | None:
    return _cached_trace(str(folder), _changed(folder / RESULT_FILE))


def _diagnostics(folder: Path) -> Diagnostics | None:
    return _cached_diagnostics(str(folder), _changed(folder / DIAGNOSTICS_FILE))


def _changed(path: Path) -> int:
    """Return when a file was written last; a new file is read anew."""
    return path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(max_entries=32, show_spinner=False)
def _cached_architecture(folder: str, changed: int) -> Architecture | None:
    return load_architecture(Path(folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def _cached_trace(folder: str, changed: int) -> Trace | None:
    try:
        return from_json(TrialResult, (Path(folder) / RESULT_FILE).read_text(encoding="utf-8")).trace
    except (OSError, ValueError):
        return None


@st.cache_resource(max_entries=4, show_spinner=False)
def _cached_diagnostics(folder: str, changed: int) -> Diagnostics | None:
    return load_diagnostics(Path(folder))
