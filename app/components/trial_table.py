"""All trials of a run in a table, also those that were pruned or failed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.formats import STATES
from core.service import RunView
from core.store import TrialRecord

_ROWS = 10  # visible without scrolling
_ROW_PIXELS = 35
_SHOWN_FAILURES = 10
# Of twenty or more, those that matter most for either kind of network; the CSV file has them all.
KEY_PARAMS = ("learning_rate", "optimizer", "batch_size", "activation", "dropout", "conv_layers", "lstm_layers")


def trial_table(view: RunView) -> None:
    """Draw the table, and the traceback of every failed trial behind an expander."""
    st.subheader("All trials", anchor=False)
    rows = [table_row(trial, active=view.active) for trial in view.trials]
    if not rows:
        st.caption("No trial has started yet." if view.active else "This run ended before its first trial started.")
        return
    shown = min(max(view.run.config.trials, len(rows)), _ROWS)  # as high as it will become, so that nothing jumps
    st.dataframe(
        rows,
        hide_index=True,
        height=(shown + 1) * _ROW_PIXELS + 3,
        column_config=_columns(),
        key="trial_table",
        placeholder="–",
        alt="All trials of the run with their state, scores, size, time and main settings",
    )
    _failures([trial for trial in view.trials if trial.traceback or (trial.state == "failed" and trial.note)])


def table_row(trial: TrialRecord, *, active: bool) -> dict[str, Any]:
    """Return a trial as a row. In a run that nobody works on, no trial can be training."""
    state = "interrupted" if trial.state == "running" and not active else trial.state
    return {
        "Trial": trial.number,
        "State": STATES[state] if trial.feasible else f"{STATES[state]}, over budget",
        "Total": trial.total_score,
        "Accuracy %": _percent(trial.accuracy if trial.accuracy is not None else _last_accuracy(trial)),
        "Test %": _percent(trial.test_accuracy),
        "Health": trial.health,
        "Parameters": trial.parameters,
        "Seconds": trial.seconds,
        **{name.replace("_", " "): trial.params[name] for name in KEY_PARAMS if name in trial.params},
        "Note": trial.note,
    }


def _last_accuracy(trial: TrialRecord) -> float | None:
    return trial.accuracies[max(trial.accuracies)] if trial.accuracies else None


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
        "learning rate": column.NumberColumn(format="%.2g"),
        "dropout": column.NumberColumn(format="%.2f"),
        "Note": column.TextColumn(width="large"),
    }


def _failures(failed: list[TrialRecord]) -> None:
    for trial in failed[:_SHOWN_FAILURES]:
        with st.expander(f"Why trial {trial.number} failed"):
            st.text(trial.note or "No reason was recorded.")
            if trial.traceback:
                st.code(trial.traceback, language=None, wrap_lines=True)
    if len(failed) > _SHOWN_FAILURES:
        st.caption(f"{len(failed) - _SHOWN_FAILURES} more trials failed; their reasons stand in the table.")
