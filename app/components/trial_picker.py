"""Which trial is looked into: one choice, shared by all views of a run by way of the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from app.components.formats import STATES, accuracy, score
from app.state import focus, set_focus
from core.service import RunView
from core.store import TrialRecord


def trial_picker(view: RunView, key: str) -> TrialRecord | None:
    """Choose among the completed trials; None when there is nothing to choose from."""
    focused = focus(view)
    if focused is None:
        return None
    offered = [trial for trial in view.trials if trial.state == "completed" or trial.number == focused.number]
    labels = {trial.number: trial_label(trial, view.best) for trial in offered}
    st.session_state[key] = focused.number  # another view may have changed it
    st.selectbox(
        "Trial",
        list(labels),
        key=key,
        format_func=partial(written, labels),
        on_change=_picked,
        args=(key,),
        help="Every completed trial can be looked into.",
    )
    return focused


def nothing_kept(trial: TrialRecord) -> str:
    """Say why a trial left nothing to look at, and what to do."""
    if trial.state in ("waiting", "running"):
        return f"Trial {trial.number} has not been completed; look again when it is, or choose another trial."
    if trial.state in ("pruned", "failed"):
        return f"Trial {trial.number} was {trial.state}, so its files were not kept. Choose a completed trial."
    return (
        f"The files of trial {trial.number} are gone or damaged, so there is nothing to draw from. Choose another "
        "trial, or train the same settings again."
    )


def trial_label(trial: TrialRecord, best: TrialRecord | None) -> str:
    """Name a trial with what tells it apart."""
    words = [f"Trial {trial.number}"]
    if trial.state == "completed":
        words += [f"accuracy {accuracy(trial.accuracy)}", f"score {score(trial.total_score)}"]
    else:
        words.append(STATES.get(trial.state, trial.state))
    if best is not None and best.number == trial.number:
        words.append("★ best")
    return " · ".join(words)


def written(labels: Mapping[int, str], number: int) -> str:
    """Return the label of a number; as a `partial` it outlives a rerun, which a lambda does not."""
    return labels.get(number, str(number))


def _picked(key: str) -> None:
    set_focus(int(st.session_state[key]))
