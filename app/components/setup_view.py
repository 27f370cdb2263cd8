"""The form that starts a run: digits is chosen, so one click is enough."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.dataset_cards import KEY as DATASET
from app.components.dataset_cards import dataset_cards, dataset_names
from app.components.formats import dataset_label, mode_label, money, plain
from app.components.once_button import once_button, use_up
from app.components.presets import presets
from app.components.search_space_editor import search_space_editor
from app.components.setup_address import write_address
from app.components.setup_state import WEIGHTS, forget_name, remember, restore, wishes
from app.components.space_state import RUN_SPACE
from app.components.training_place import training_place
from app.components.weight_sliders import stored_weights, weight_sliders
from app.state import show_run, show_view
from core.config import MODES, PLOT_GENERATIONS, Mode, OptimizationConfig
from core.errors import LabError
from core.service import RunService

_PLOTS = {"all": "of every trial", "best": "of the best trial only", "none": "of none"}
_MODE_TEXTS: dict[Mode, str] = {
    "health_aware": "Total score = validation accuracy and health, weighted as below.",
    "simple": "Total score = validation accuracy. Health is measured, but does not count.",
}


def setup_view(service: RunService, *, busy: bool) -> None:
    """Draw the form; a press of Start queues the run and shows it. `busy`: another run is active."""
    problems = restore()
    if problems:
        st.warning("Not everything in this address could be used:\n" + "\n".join(f"- {plain(p)}" for p in problems))
    _data(service)
    much, best = st.columns(2, gap="large")
    with much:
        st.subheader("How much is tried", anchor=False)
        presets()
        _numbers()
    with best:
        st.subheader("What counts as best", anchor=False)
        _mode()
    training_place()
    search_space_editor(RUN_SPACE, st.session_state[DATASET])
    with st.expander("More options"):
        _more_choices()
    held = wishes()
    remember(held)
    if write_address(held):  # whoever opens the address wants the form
        show_view("setup")
    st.markdown(summary(held))
    pressed = once_button("Start", "start", help="Train and compare the networks.")
    if busy:
        st.caption("A run is active. A new one waits for its turn.")
    if pressed:
        _start(service, held)


def summary(held: dict[str, Any]) -> str:
    """Say in one sentence what Start will do."""
    weights = held["weights"]
    counts = (
        f"accuracy {weights.accuracy:.0%} and health {weights.health:.0%}".replace("%", " %")
        if held["optimization_mode"] == "health_aware"
        else "accuracy alone"
    )
    workers, remote, budget = held["concurrent_workers"], held["use_runpod_service"], held["max_run_cost"]
    most = held["max_epochs_per_trial"]
    epochs = "1 epoch" if most == 1 else f"{most} epochs"
    place = "at RunPod" if remote else "on this machine"
    spent = f" No further trial starts once {plain(money(budget))} is spent." if remote and budget is not None else ""
    return (
        f"**{held['trials']} networks** for {plain(dataset_label(held['dataset_name']))}, up to "
        f"**{epochs}** each, {'one' if workers == 1 else workers} at a time {place}; the best is chosen by {counts}."
        f"{spent} The address of this page holds this set-up: copy it to share it."
    )


def _start(service: RunService, held: dict[str, Any]) -> None:
    try:
        name = service.start(OptimizationConfig(**held))
    except LabError as error:
        st.error(f"The run was not started: {plain(str(error))}.")
        return
    use_up("start")
    forget_name(held)
    show_run(name)
    show_view("progress")
    st.rerun()


def _data(service: RunService) -> None:
    st.subheader("What is learned", anchor=False)
    st.selectbox(
        "Data set",
        dataset_names(),
        format_func=dataset_label,
        key=DATASET,
        help="What the networks learn to classify. It is cut into parts for training, validation (which chooses the "
        "best network) and test (which is only reported).",
    )
    dataset_cards(service.settings, st.session_state[DATASET])


def _mode() -> None:
    modes = sorted(MODES, key=lambda mode: mode != OptimizationConfig().optimization_mode)
    mode = st.radio(
        "What counts as best",
        modes,
        format_func=mode_label,
        captions=[_MODE_TEXTS[mode] for mode in modes],
        key="mode",
        label_visibility="collapsed",
        help="Health is how soundly a network learned: six measurements taken during its training.",
    )
    default = OptimizationConfig().weights
    body = st.expander("Weights", key="weights_open", on_change="rerun")
    with body:
        if body.open:
            weight_sliders(WEIGHTS, default, locked_accuracy=mode == "simple")
    chosen = stored_weights(WEIGHTS, default)
    accuracy = 1.0 if mode == "simple" else chosen.accuracy
    changed = " The health components are weighted by hand." if chosen.components() != default.components() else ""
    st.caption(f"Accuracy counts {accuracy:.0%}, health {1 - accuracy:.0%}.".replace("%", " %") + changed)


def _numbers() -> None:
    first, second = st.container(horizontal=True), st.container(horizontal=True)
    first.number_input(
        "Trials",
        min_value=1,
        step=1,
        key="trials",
        help="How many different networks are tried. More trials find better ones, and take longer.",
    )
    first.number_input(
        "Epochs per trial",
        min_value=1,
        step=1,
        key="epochs",
        help="How often each network sees all training data, at most. Training ends earlier when it no longer "
        "improves.",
    )
    second.number_input(
        "Workers",
        min_value=1,
        max_value=32,
        step=1,
        key="workers",
        help="How many networks train at the same time, 32 at most. On this machine the number of processor cores is a "
        "good choice, at RunPod the max workers of your endpoint.",
    )
    second.number_input(
        "Seed",
        min_value=0,
        step=1,
        key="seed",
        help="Where chance starts: the split of the data, the first weights and the choice of networks. The same "
        "seed with one worker gives the same run again.",
    )


def _more_choices() -> None:
    st.selectbox(
        "Keep diagnostic plots",
        PLOT_GENERATIONS,
        format_func=_plots_label,
        key="plots",
        help="Plots of how a network trained and where it errs. They take some disk space.",
    )
    st.checkbox(
        "Stop weak trials early (pruning)",
        key="pruning",
        help="A trial that is less accurate than half of the earlier ones at the same epoch ends there.",
    )
    st.number_input(
        "Parameter budget",
        value=None,
        step=1,  # whole numbers, though there is no value to tell it by
        min_value=1,
        placeholder="no limit",
        key="max_parameters",
        help="Networks with more weights than this are not trained. Leave it empty for no limit.",
    )
    budgets = st.container(horizontal=True)
    budgets.number_input(
        "Seconds per trial",
        value=None,
        step=1.0,
        format="%g",
        placeholder="no limit",
        key="trial_seconds",
        help="Training ends with the epoch in which this time is over; such a network is shown, but is never the best. "
        "Leave it empty for no limit.",
    )
    budgets.number_input(
        "Minutes for the run",
        value=None,
        step=1.0,
        format="%g",
        placeholder="no limit",
        key="run_minutes",
        help="After this time no further trial starts; those that train are finished. Leave it empty for no limit.",
    )
    st.text_input(
        "Run name",
        placeholder="made from data set, mode and time",
        key="run_name",
        help="Name of the run and of its folder with results. Leave it empty to get one.",
    )


def _plots_label(choice: str) -> str:
    return _PLOTS[choice]
