"""The form that starts a run: digits is chosen, so one click is enough."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from app.components.formats import dataset_label, mode_label, plain
from app.state import show_run
from core.config import MODES, PLOT_GENERATIONS, Mode, OptimizationConfig, ScoringWeights
from core.datasets import DATASETS
from core.datasets.cache import is_cached
from core.errors import LabError
from core.service import RunService

_PLOTS = {"all": "of every trial", "best": "of the best trial only", "none": "of none"}
_SETTLE = 2.0  # seconds in which a second press of Start is a double click


def run_form(service: RunService, *, busy: bool) -> None:
    """Draw the form; a press of Start queues the run and shows it. `busy`: another run is active."""
    defaults = OptimizationConfig()
    wishes = _main_choices(service, defaults)
    with st.expander("More options"):
        wishes |= _more_choices(defaults)
    pressed = st.button("Start", key="start", type="primary", width="stretch", help="Train and compare the networks.")
    if busy:
        st.caption("A run is active. A new one waits for its turn.")
    if pressed and time.monotonic() - st.session_state.get("started_at", -_SETTLE) >= _SETTLE:
        _start(service, wishes)


def _start(service: RunService, wishes: dict[str, Any]) -> None:
    try:
        name = service.start(OptimizationConfig(**wishes))
    except LabError as error:
        st.error(f"The run was not started: {plain(str(error))}.")
        return
    st.session_state["started_at"] = time.monotonic()
    show_run(name)
    st.rerun()


def _main_choices(service: RunService, defaults: OptimizationConfig) -> dict[str, Any]:
    names = sorted(DATASETS, key=lambda name: (name != defaults.dataset_name, DATASETS[name].label))
    dataset = st.selectbox(
        "Data set",
        names,
        format_func=dataset_label,
        key="dataset",
        help="What the networks learn to classify. It is cut into parts for training, validation (which chooses the "
        "best network) and test (which is only reported).",
    )
    entry = DATASETS[dataset]
    fetch = " It is fetched at the first start." if entry.files and not is_cached(dataset, service.settings) else ""
    st.caption(entry.description + fetch)
    mode = st.radio(
        "What counts as best",
        sorted(MODES, key=lambda mode: mode != defaults.optimization_mode),
        format_func=mode_label,
        captions=[_mode_text(mode) for mode in sorted(MODES, key=lambda mode: mode != defaults.optimization_mode)],
        key="mode",
        help="Health is how soundly a network learned: six measurements taken during its training.",
    )
    return {"dataset_name": dataset, "optimization_mode": mode, **_numbers(defaults)}


def _numbers(defaults: OptimizationConfig) -> dict[str, Any]:
    first, second = st.container(horizontal=True), st.container(horizontal=True)
    return {
        "trials": first.number_input(
            "Trials",
            value=defaults.trials,
            key="trials",
            help="How many different networks are tried. More trials find better ones, and take longer.",
        ),
        "max_epochs_per_trial": first.number_input(
            "Epochs per trial",
            value=defaults.max_epochs_per_trial,
            key="epochs",
            help="How often each network sees all training data, at most. Training ends earlier when it no longer "
            "improves.",
        ),
        "concurrent_workers": second.number_input(
            "Workers",
            value=defaults.concurrent_workers,
            key="workers",
            help="How many networks train at the same time. The number of processor cores is a good choice.",
        ),
        "random_seed": second.number_input(
            "Seed",
            value=defaults.random_seed,
            key="seed",
            help="Where chance starts: the split of the data, the first weights and the choice of networks. The same "
            "seed with one worker gives the same run again.",
        ),
    }


def _more_choices(defaults: OptimizationConfig) -> dict[str, Any]:
    return {
        "plot_generation": st.selectbox(
            "Keep diagnostic plots",
            PLOT_GENERATIONS,
            index=PLOT_GENERATIONS.index(defaults.plot_generation),
            format_func=_plots_label,
            key="plots",
            help="Plots of how a network trained and where it errs. They take some disk space.",
        ),
        "pruning": st.checkbox(
            "Stop weak trials early (pruning)",
            value=defaults.pruning,
            key="pruning",
            help="A trial that is less accurate than half of the earlier ones at the same epoch ends there.",
        ),
        "max_parameters": st.number_input(
            "Parameter budget",
            value=defaults.max_parameters,
            step=1,  # whole numbers, though there is no value to tell it by
            placeholder="no limit",
            key="max_parameters",
            help="Networks with more weights than this are not trained. Leave it empty for no limit.",
        ),
        "run_name": st.text_input(
            "Run name",
            placeholder="made from data set, mode and time",
            key="run_name",
            help="Name of the run and of its folder with results. Leave it empty to get one.",
        )
        or None,
    }


def _plots_label(choice: str) -> str:
    return _PLOTS[choice]


def _mode_text(mode: Mode) -> str:
    weights = OptimizationConfig(optimization_mode=mode, weights=ScoringWeights()).effective_weights
    if weights.health == 0:
        return f"Total score = {weights.accuracy:.0%} validation accuracy. Health is measured, but does not count."
    return f"Total score = {weights.accuracy:.0%} validation accuracy + {weights.health:.0%} health."
