"""Trials in a table, also those that were pruned or failed; its rows are the selection that all parts share."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from app.components.device_lines import device_of
from app.components.formats import STATES
from app.components.trial_selection import choose
from core.devices import read_device
from core.service import RunView
from core.store import TrialRecord
from core.trial_filter import shown_accuracy, shown_state

_ROWS = 10  # visible without scrolling
_ROW_PIXELS = 35
_SHOWN_FAILURES = 10
_STATE = "trial_table_rows"  # (how often it was made anew, the rows that are ticked in it)
# Of twenty or more, those that matter most for either kind of network; the CSV file has them all.
KEY_PARAMS = ("learning_rate", "optimizer", "batch_size", "activation", "dropout", "conv_layers", "lstm_layers")


def trial_table(view: RunView, trials: list[TrialRecord], selected: tuple[int, ...]) -> None:
    """Draw `trials` as rows; ticking rows selects them."""
    shown = tuple(trial.number for trial in trials)
    key, rows = _place(shown, selected)
    costs = view.remote.costs if view.remote else {}
    lines = min(max(view.run.config.trials, len(view.trials)), _ROWS)  # as high as it will become: nothing jumps
    st.dataframe(
        [
            table_row(trial, active=view.active, device=device_of(view, trial), cost=costs.get(trial.number))
            for trial in trials
        ],
        hide_index=True,
        height=(lines + 1) * _ROW_PIXELS + 3,
        column_config=_columns(),
        key=key,
        placeholder="–",
        on_select=partial(_ticked, key, shown, selected),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": list(rows)}},
        alt="Trials of the run with their state, scores, size, time and main settings",
    )


def _place(shown: tuple[int, ...], selected: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Return the table's key and the rows to tick. The key changes when other rows are to be ticked than are."""
    places = {number: row for row, number in enumerate(shown)}
    wanted = tuple(sorted(places[number] for number in selected if number in places))
    count, ticked = st.session_state.get(_STATE, (0, ()))
    if tuple(ticked) != wanted:
        count += 1
        st.session_state[_STATE] = (count, wanted)
    return f"trial_table_{count}", wanted


def _ticked(key: str, shown: tuple[int, ...], selected: tuple[int, ...]) -> None:
    """Take over the ticked rows; selected trials that the table does not show stay selected."""
    rows = tuple(sorted(st.session_state[key]["selection"]["rows"]))
    count, _ = st.session_state.get(_STATE, (0, ()))
    st.session_state[_STATE] = (count, rows)
    choose(after_ticking(rows, shown, selected))


def after_ticking(rows: tuple[int, ...], shown: tuple[int, ...], selected: tuple[int, ...]) -> frozenset[int]:
    """Return the selection when `rows` of a table of the trials `shown` are ticked.

    >>> sorted(after_ticking((0,), shown=(5, 4), selected=(4, 9)))
    [5, 9]
    """
    ticked = {shown[row] for row in rows if row < len(shown)}
    return frozenset(selected) - frozenset(shown) | ticked


def table_row(
    trial: TrialRecord, *, active: bool, device: str | None = None, cost: float | None = None
) -> dict[str, Any]:
    """Return a trial as a row. In a run that nobody works on, no trial can be training."""
    state = STATES[shown_state(trial, active=active)]
    return {
        "Trial": trial.number,
        "State": state if trial.feasible else f"{state}, over budget",
        "Total": trial.total_score,
        "Accuracy %": _percent(shown_accuracy(trial)),
        "Test %": _percent(trial.test_accuracy),
        "Health": trial.health,
        "Parameters": trial.parameters,
        "Seconds": trial.seconds,
        **({} if cost is None else {"Cost $": cost}),
        **{name.replace("_", " "): trial.params[name] for name in KEY_PARAMS if name in trial.params},
        **({} if device is None else {"Trained on": read_device(device).place}),
        "Note": trial.note or trial.origin,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "Trial": column.NumberColumn(pinned=True, width=50),
        "State": column.TextColumn(width=130, help="Pruned: stopped early, as it was weaker than earlier trials."),
        "Total": column.NumberColumn(format="%.3f", help="Total score, what trials are ranked by"),
        "Accuracy %": column.NumberColumn(format="%.1f", help="Validation accuracy, of the last finished epoch"),
        "Test %": column.NumberColumn(format="%.1f", help="Test accuracy; it never chooses a trial"),
        "Health": column.NumberColumn(format="%.3f", help="Health score"),
        "Parameters": column.NumberColumn(format="localized", help="Weights of the network"),
        "Seconds": column.NumberColumn(format="%.1f", help="Time the trial took"),
        "Cost $": column.NumberColumn(format="%.4f", help="At RunPod, at least: all jobs of the trial, in US dollars"),
        "Trained on": column.TextColumn(help="Which hardware, and whether of this machine or of a worker at RunPod"),
        "learning rate": column.NumberColumn(format="%.2g"),
        "dropout": column.NumberColumn(format="%.2f"),
        "Note": column.TextColumn(width="large"),
    }


def failures(view: RunView) -> None:
    """Draw why trials failed, with the traceback of each behind an expander."""
    failed = [trial for trial in view.trials if trial.traceback or (trial.state == "failed" and trial.note)]
    for trial in failed[:_SHOWN_FAILURES]:
        with st.expander(f"Why trial {trial.number} failed"):
            st.text(trial.note or "No reason was recorded.")
            if trial.traceback:
                st.code(trial.traceback, language=None, wrap_lines=True)
    if len(failed) > _SHOWN_FAILURES:
        st.caption(f"{len(failed) - _SHOWN_FAILURES} more trials failed; their reasons stand in the table.")
