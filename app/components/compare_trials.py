"""Two trials side by side: what was set differently, what came out, and how their networks differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from app.components.figure_block import chart, how_to_read
from app.components.formats import STATES, accuracy, accuracy_interval, score
from app.state import selection
from core.architecture import load_architecture
from core.architecture_diff import AlignedLayer, compare_networks
from core.artifacts import RunFolder
from core.datasets import DATASETS
from core.errors import LabError
from core.figures import trial_pair
from core.figures.axes import used_value
from core.search_space import model_config
from core.service import RunService, RunView
from core.store import TrialRecord
from core.trial_filter import pair, shown_accuracy, shown_state, sort_trials

_SYMBOLS = {"same": "= same", "changed": "≠ changed", "only in A": "◧ only in A", "only in B": "◨ only in B"}
_NONE = "–"


def compare_trials(service: RunService, view: RunView) -> None:
    """Draw two trials of a run beside each other; which two stands in the address."""
    st.subheader("Compare two trials", anchor=False)
    begun = [trial for trial in view.trials if trial.state != "waiting"]
    ranked = [trial.number for trial in sort_trials(begun, "total_score", descending=True)]
    first = pair(view.best.number if view.best else None, ranked, selection(view))
    if first is None:
        st.info("Two trials are needed to compare. They can be chosen here as soon as a second one has started.")
        return
    labels = {trial.number: _label(view, trial) for trial in begun}
    left, right = st.columns(2)
    with left:
        a = _pick("A", "a", ranked, first[0], labels)
    with right:
        b = _pick("B", "b", ranked, first[1] if first[1] != a else first[0], labels)
    if a == b:
        st.info("A and B are the same trial. Choose another one to see a difference.")
        return
    _draw(service, view, view.trials[a], view.trials[b])


def _label(view: RunView, trial: TrialRecord) -> str:
    best = "★ best, " if view.best is not None and view.best.number == trial.number else ""
    total = "" if trial.total_score is None else f", total {trial.total_score:.3f}"
    return f"Trial {trial.number} ({best}{STATES[shown_state(trial, active=view.active)]}{total})"


def _pick(side: str, parameter: str, ranked: list[int], first: int, labels: dict[int, str]) -> int:
    """Draw the select box of one side; the address decides what it shows."""
    wanted = st.query_params.get(parameter, "")
    number = int(wanted) if wanted.isdecimal() and int(wanted) in labels else first
    key = f"compare_{parameter}"
    st.session_state[key] = number
    return int(
        st.selectbox(
            side,
            ranked,
            format_func=partial(_text_of, labels),
            key=key,
            on_change=_remember,
            args=(parameter, key),
            help="Best total score first. Selected trials are taken first.",
        )
    )


def _text_of(labels: Mapping[int, str], number: int) -> str:
    return labels[number]


def _remember(parameter: str, key: str) -> None:
    st.query_params[parameter] = str(st.session_state[key])


def _draw(service: RunService, view: RunView, a: TrialRecord, b: TrialRecord) -> None:
    left, right = st.columns(2)
    for column, side, trial in ((left, "A", a), (right, "B", b)):
        with column, st.container(border=True, height="stretch", key=f"compare_scores_{side.lower()}"):
            _scores(view, side, trial)
    st.markdown("#### Settings")
    _settings(a, b)
    data = trial_pair.compute(a, b)
    left, right = st.columns(2)
    with left:
        st.markdown("#### Learning curves")
        chart(trial_pair.draw_curves(data), key="compare_curves", alt="Validation accuracy by epoch of both trials")
        how_to_read("A is solid with circles, B dashed with squares.")
    with right:
        st.markdown("#### Health")
        figure = trial_pair.draw_components(data)
        chart(figure, key="compare_health", alt="Health components of both trials, 0 to 1")
        how_to_read("Each row is a component of the health score. The longer the line, the more the two differ.")
    st.markdown("#### Networks")
    _networks(service, view, a, b)


def _scores(view: RunView, side: str, trial: TrialRecord) -> None:
    sizes: Mapping[str, int] = view.run.facts.get("sizes", {})
    st.markdown(f"**{side}: {_label(view, trial)}**")
    for line in score_lines(trial, sizes):
        st.markdown(line)


def score_lines(trial: TrialRecord, sizes: Mapping[str, int]) -> list[str]:
    """Return what a trial reached, each accuracy with its interval and the rows it was measured on."""
    last = " of its last epoch" if trial.accuracy is None and trial.accuracies else ""
    return [
        f"Total score **{score(trial.total_score)}** · health **{score(trial.health)}**",
        f"Validation accuracy{last} " + _measured(shown_accuracy(trial), sizes.get("validation")),
        "Test accuracy " + _measured(trial.test_accuracy, sizes.get("test")),
        f"{_NONE if trial.parameters is None else f'{trial.parameters:,}'} parameters · "
        f"{_NONE if trial.seconds is None else f'{trial.seconds:,.1f}'} seconds",
    ]


def _measured(value: float | None, n: int | None) -> str:
    interval = accuracy_interval(value, n)
    return f"**{accuracy(value)}**" + (f" (95 %: {interval}, n = {n:,})" if interval else "")


def _settings(a: TrialRecord, b: TrialRecord) -> None:
    differing, same = setting_rows(a, b)
    if not differing and not same:
        st.caption("The settings of these trials were not recorded.")
        return
    if differing:
        st.table(differing, hide_index=True, border="horizontal")
    else:
        st.caption("All settings are the same. What differs comes from chance: their weights started differently.")
    if same:
        with st.expander(f"{len(same)} settings are the same"):
            st.table(same, hide_index=True, border="horizontal")


def setting_rows(a: TrialRecord, b: TrialRecord) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the settings in which the two networks differ, and those that are the same; unused ones count as none."""
    differing: list[dict[str, str]] = []
    same: list[dict[str, str]] = []
    for name in dict.fromkeys([*a.params, *b.params]):
        values = used_value(a, name), used_value(b, name)
        if values == (None, None):
            continue
        row = {"Setting": name.replace("_", " "), "A": _plain(values[0]), "B": _plain(values[1])}
        (same if values[0] == values[1] else differing).append(row)
    return differing, same


def _plain(value: Any) -> str:
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _networks(service: RunService, view: RunView, a: TrialRecord, b: TrialRecord) -> None:
    rows = _aligned(service, view, a, b)
    if rows is None:
        st.caption("The layers cannot be compared: the settings of one of the trials were not recorded.")
        return
    alike = sum(row.difference == "same" for row in rows)
    st.caption(
        f"{alike} of {len(rows)} layers are the same. A layer counts as changed when a setting, its output or its "
        "number of parameters differs; that can also come from the layer before it."
    )
    st.dataframe(
        layer_rows(rows),
        hide_index=True,
        key="compare_layers",
        height=min(len(rows) + 1, 16) * 35 + 3,
        column_config={
            "Layer": st.column_config.TextColumn(pinned=True),
            "Difference": st.column_config.TextColumn(width=110),
            "What differs": st.column_config.TextColumn(width="large"),
        },
        alt="Layers of both networks, aligned by their names, with what differs",
    )


def layer_rows(rows: tuple[AlignedLayer, ...]) -> list[dict[str, str]]:
    """Return the aligned layers as rows of a table."""
    return [
        {
            "Layer": row.name,
            "Difference": _SYMBOLS[row.difference],
            "What differs": "; ".join(row.changes),
            "A": row.a.words if row.a else _NONE,
            "B": row.b.words if row.b else _NONE,
        }
        for row in rows
    ]


def _aligned(service: RunService, view: RunView, a: TrialRecord, b: TrialRecord) -> tuple[AlignedLayer, ...] | None:
    """Compare what the workers built; for trials that kept no files, what their settings describe."""
    folder = RunFolder(service.settings, view.run.name)
    built = [load_architecture(folder.trial(trial.number)) for trial in (a, b)]
    if built[0] is not None and built[1] is not None:
        return compare_networks(built[0], built[1])
    if view.run.config.dataset_name not in DATASETS or not (a.params and b.params):
        return None
    kind = DATASETS[view.run.config.dataset_name].kind
    try:
        return compare_networks(model_config(kind, a.params), model_config(kind, b.params))
    except LabError:
        return None
