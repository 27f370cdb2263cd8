"""The form that starts a study."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.dataset_cards import dataset_names, kind_text, place_text
from app.components.formats import dataset_label, plain
from app.components.once_button import once_button, use_up
from app.components.search_space_editor import search_space_editor
from app.components.space_overrides import space_problem
from app.components.space_state import STUDY_SPACE
from app.components.study_address import write_address
from app.components.study_outlook import study_outlook
from app.components.study_place import study_place
from app.components.study_state import WEIGHTS, forget_name, remember, restore, wishes
from app.components.weight_sliders import stored_weights, weight_sliders
from app.state import show_study, show_view
from core.datasets import DATASETS
from core.errors import LabError
from core.service import RunService
from core.study_config import LONGEST_NAME, StudyConfig


def study_form(service: RunService, *, busy: bool) -> None:
    """Draw the form; a press of Start queues the study and shows it. `busy`: a run or a study is active."""
    problems = restore()
    if problems:
        st.warning("Not everything in this address could be used:\n" + "\n".join(f"- {plain(p)}" for p in problems))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What is compared", anchor=False)
        _data(service)
        _numbers()
        _weights()
        search_space_editor(STUDY_SPACE, st.session_state["study_dataset"])
    with right:
        study_place()
        _more()
        held = wishes()
        config = _checked(held)
        if config is not None:
            study_outlook(service, config)
    remember(held)
    if write_address(held):  # whoever opens the address wants the form
        show_view("new")
    pressed = once_button(
        "Start the study",
        "study_start",
        disabled=config is None,
        help="Do all runs of both modes, then open the holdout and compare.",
    )
    st.caption(
        ("Something is active; the study waits for its turn. " if busy else "")
        + "The study lives in the server: this page may be closed. The address of this page holds this set-up."
    )
    if pressed and config:
        _start(service, config, held)


def _checked(held: dict[str, Any]) -> StudyConfig | None:
    """Return what the form holds, or say what is wrong with it."""
    if space_problem(held["dataset_name"], held["search_space"]):
        return None  # the editor says what is wrong with it
    try:
        return StudyConfig(**held)
    except LabError as error:
        st.error(f"This study cannot be started: {plain(str(error))}.")
        return None


def _start(service: RunService, config: StudyConfig, held: dict[str, Any]) -> None:
    try:
        name = service.start_study(config)
    except LabError as error:
        st.error(f"The study was not started: {plain(str(error))}.")
        return
    use_up("study_start")
    forget_name(held)
    show_study(name)
    show_view("runs")
    st.rerun()


def _data(service: RunService) -> None:
    st.selectbox(
        "Data set",
        dataset_names(),
        format_func=dataset_label,
        key="study_dataset",
        help="What the networks learn to classify. Your own data from the page Data are here too.",
    )
    entry = DATASETS[st.session_state["study_dataset"]]
    st.caption(f"{kind_text(entry)} · {entry.classes} classes · {place_text(entry, service.settings)}")


def _numbers() -> None:
    first, second = st.container(horizontal=True), st.container(horizontal=True)
    first.number_input(
        "Runs per mode",
        min_value=5,
        max_value=20,
        step=1,
        key="study_runs",
        help="How many pairs of searches. More pairs find smaller differences. 5 to 20.",
    )
    first.number_input(
        "Trials per run",
        min_value=5,
        max_value=100,
        step=1,
        key="study_trials",
        help="How many networks each search tries. 5 to 100; with few, both modes see almost the same networks.",
    )
    second.number_input(
        "Epochs per trial",
        min_value=3,
        max_value=15,
        step=1,
        key="study_epochs",
        help="How often each network sees all training data, at most. 3 to 15.",
    )
    second.number_input(
        "Workers",
        min_value=1,
        max_value=32,
        step=1,
        key="study_workers",
        help="How many networks train at the same time. On this machine the number of processor cores is a good "
        "choice. 1 to 32.",
    )


def _weights() -> None:
    default = StudyConfig().weights
    body = st.expander("Weights of the health-aware mode", key="study_weights_open", on_change="rerun")
    with body:
        if body.open:
            weight_sliders(WEIGHTS, default)
    chosen = stored_weights(WEIGHTS, default)
    changed = " The health components are weighted by hand." if chosen.components() != default.components() else ""
    text = f"Health-aware counts accuracy {chosen.accuracy:.0%} and health {chosen.health:.0%}".replace("%", " %")
    st.caption(f"{text}; accuracy-only counts accuracy alone.{changed}")


def _more() -> None:
    with st.container(horizontal=True):
        st.number_input(
            "Seed",
            min_value=0,
            step=1,
            key="study_seed",
            width=140,
            help="Where chance starts. The same seed, with one worker per run, gives the same study again.",
        )
        st.text_input(
            "Name of the study",
            placeholder="made from data set and time",
            key="study_name",
            max_chars=LONGEST_NAME,
            help="Letters, digits, “_”, “-” and “.”. Leave it empty to get one.",
        )
