"""Copy a trial's settings, change some, and let the run train the result as one more trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from app.components.formats import plain
from app.components.insights_view import run_space
from core.datasets import DATASETS
from core.errors import InvalidInputError, LabError
from core.figures.axes import Space, used_value
from core.search_space import check_params, default_params
from core.service import RunService, RunView
from core.store import TrialRecord

_PER_ROW = 2
_FEW = 8  # whole numbers; fewer are offered one by one


def clone_trial(service: RunService, view: RunView, number: int) -> None:
    """Open the dialog for trial `number`."""
    st.dialog(f"Copy and edit trial {number}", width="medium")(clone_form)(service, view, number)


def clone_form(service: RunService, view: RunView, number: int) -> None:
    """Draw the settings of a trial to be changed, and put the result into the run's queue when asked to."""
    trial, space = view.trials[number], run_space(view.run)
    if not space:
        st.error(f"The data set {plain(view.run.config.dataset_name)} is not known here. Bring it back to train on it.")
        return
    st.markdown(
        "Change what you like. The result is trained as one more trial of this run, with the same data and the same "
        "epochs, and takes part in the ranking."
    )
    start = starting_values(view, trial, space)
    wanted = _fields(trial, space, start, f"clone_{view.run.name}_{number}")
    changes = [
        f"{_label(name)} {_text(start[name])} → {_text(wanted[name])}" for name in space if start[name] != wanted[name]
    ]
    st.caption(f"Changed: {plain('; '.join(changes))}." if changes else _UNCHANGED)
    problem = problem_with(space, wanted)
    if problem is not None:
        st.error(f"{plain(problem)}.")
    if not view.active:
        st.caption("This run has ended: it will go on for this trial.")
    if st.button("Train it", type="primary", key="clone_start", disabled=problem is not None):
        try:
            service.enqueue_trial(view.run.name, wanted, origin=f"copy of trial {number}")
        except LabError as error:
            st.error(f"Not added: {plain(str(error))}.")
            return
        st.toast(f"A copy of trial {number} waits for its turn.")
        st.rerun()


_UNCHANGED = "Nothing changed yet. Unchanged, it shows how much chance alone matters: its weights start differently."


def starting_values(view: RunView, trial: TrialRecord, space: Space) -> dict[str, Any]:
    """Return the trial's value of every setting of `space`; where it has none, the usual one."""
    entry = DATASETS[view.run.config.dataset_name]
    usual = default_params(entry.kind, dict(space), entry.default_batch_size, entry.default_sequence_length)
    return {name: trial.params.get(name, usual[name]) for name in space}


def problem_with(space: Space, params: Mapping[str, Any]) -> str | None:
    """Return what is wrong with `params` and how to mend it, or None."""
    empty = next((name for name, value in params.items() if value is None), None)
    if empty is not None:
        return f"{_label(empty)} is empty; give it a value"
    try:
        check_params(dict(space), params)
    except InvalidInputError as error:
        return str(error)
    return None


def _fields(trial: TrialRecord, space: Space, start: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Draw a field per setting that can differ and that the network has; return all values."""
    values = dict(start)
    fixed = [f"{_label(name)} {_text(start[name])}" for name, distribution in space.items() if distribution.single()]
    place = 0
    for name, distribution in space.items():
        if distribution.single() or used_value(replace(trial, params=values), name) is None:
            continue
        if place % _PER_ROW == 0:  # row by row, so that the fields keep their order on a phone
            columns = st.columns(_PER_ROW)
        with columns[place % _PER_ROW]:
            values[name] = _field(name, distribution, start[name], f"{prefix}_{name}")
        place += 1
    if fixed:
        st.caption(f"Fixed in this run: {plain(', '.join(fixed))}.")
    return values


def _field(name: str, distribution: BaseDistribution, value: Any, key: str) -> Any:
    """Draw one field with the limits of the run's search space."""
    offered = _offered(distribution)
    if offered is not None:
        at = offered.index(value) if value in offered else 0
        return st.selectbox(_label(name), offered, index=at, format_func=_text, key=key)
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high = distribution.low, distribution.high
    whole = isinstance(distribution, IntDistribution)
    step = distribution.step or (high - low) / 100
    return st.number_input(
        _label(name),
        low,
        high,
        value=min(max(value, low), high),
        step=step if whole else float(low if distribution.log else step),
        format="%d" if whole else "%.4g",
        key=key,
        help=f"From {_text(low)} to {_text(high)}" + (f" in steps of {_text(step)}." if distribution.step else "."),
    )


def _offered(distribution: BaseDistribution) -> list[Any] | None:
    """Return the values to choose from; None where there are too many."""
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    if isinstance(distribution, IntDistribution) and (distribution.high - distribution.low) // distribution.step < _FEW:
        return list(range(distribution.low, distribution.high + 1, distribution.step))
    return None


def _label(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
