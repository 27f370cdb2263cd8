"""Two drawers beside a run: optuna-dashboard on its study and TensorBoard on its trials.

Call `side_panels` outside of a fragment that refreshes itself: its next run would close the drawer.
"""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from urllib.parse import quote

import streamlit as st

from app.mounts.base_path import OPTUNA, TENSORBOARD, base_path
from core.artifacts import RunFolder
from core.service import RunService, RunView
from core.tensorboard_logs import has_logs, zip_logs

_OPTUNA_TEXT = (
    "**optuna-dashboard** is Optuna's own view of this run as a *study*. Each point of the history is a trial, its "
    "height (“Objective 0”) the total score, and the line is the best so far. A pruned trial has no score and is shown "
    "at its last accuracy; switch *Include PRUNED trials* off to compare scores only. Below it, *Hyperparameter "
    "Importance* tells which settings made most of the difference; the second sign at the left leads to plots of "
    "single settings, the third to the list of trials. It refreshes itself about every ten seconds. Here it is "
    "read-only: what would change or delete something answers with a message."
)
_TENSORBOARD_TEXT = (
    "**TensorBoard** draws what each trial wrote after every epoch: the curve `train` is measured on the data it "
    "learns from, `validation` on data it does not. Curves that part – training still improves, validation does not – "
    "mean overfitting. The strong line is smoothed, the faint one behind it is what was measured. Pick trials by the "
    "check boxes on the left, or type `trial_3/` into the filter above them. While the run goes on, the reload button "
    "at the top right fetches the newest epochs."
)
_WAITING = (
    "There is nothing to show yet: {what} appears with the first trial that {event}. Close this panel and open it "
    "again then."
)
# The drawer scrolls when the screen is low; what stands around the frame takes 14.5rem of it.
_STYLE = "<style>.st-key-{key} iframe {{height: max(24rem, calc(100vh - 14.5rem)) !important}}</style>"
_OPEN = "open_panel"  # in the session: which drawer is open, so that it stays when a run ends and the page is redrawn
_HEIGHT = 640  # px, where the style does not reach


def side_panels(service: RunService, view: RunView) -> None:
    """Draw the two buttons, and the drawer that is open."""
    run = view.run.name
    with st.container(horizontal=True, key="side_panels"):
        if st.button("Optuna dashboard", key="panel_optuna", help="Optuna's own view of this run, beside the page."):
            st.session_state[_OPEN] = ("optuna", run)
        if st.button("TensorBoard", key="panel_tensorboard", help="The curves of every trial, beside the page."):
            st.session_state[_OPEN] = ("tensorboard", run)
    open_panel = st.session_state.get(_OPEN)
    if open_panel == ("optuna", run):
        _optuna_drawer(service, view)
    elif open_panel == ("tensorboard", run):
        _tensorboard_drawer(service, view)


def optuna_panel(service: RunService, view: RunView) -> None:
    """Draw what stands in the drawer of optuna-dashboard."""
    if not view.trials:
        st.info(_WAITING.format(what="the study", event="starts"))
        return
    study = service.store.optuna_storage.get_study_id_from_name(view.run.name)
    address = f"{base_path()}{OPTUNA}/dashboard/studies/{study}"
    with st.container(horizontal=True, key="optuna_actions"):
        _new_tab(address, "optuna_new_tab")
    _explanation(_OPTUNA_TEXT, "optuna_explained")
    _frame(address, "optuna_frame", f"optuna-dashboard of the run {view.run.name}")


def tensorboard_panel(service: RunService, view: RunView) -> None:
    """Draw what stands in the drawer of TensorBoard."""
    trials = RunFolder(service.settings, view.run.name).trials
    if not has_logs(trials):
        st.info(_WAITING.format(what="TensorBoard", event="has trained for one epoch"))
        return
    address = f"{base_path()}{TENSORBOARD}/{quote(view.run.name)}/"
    with st.container(horizontal=True, key="tensorboard_actions"):
        _new_tab(address, "tensorboard_new_tab")
        st.download_button(
            "Logs (ZIP)",
            partial(logs_zip, trials),
            file_name=f"{view.run.name}_tensorboard.zip",
            mime="application/zip",
            key="tensorboard_logs",
            on_click="ignore",
            help="The event files of all trials, to be opened with TensorBoard on another computer.",
        )
    _explanation(_TENSORBOARD_TEXT, "tensorboard_explained")
    _frame(address, "tensorboard_frame", f"TensorBoard of the run {view.run.name}")


def logs_zip(trials: Path) -> io.BytesIO:
    """Return the TensorBoard logs below `trials` as a ZIP file."""
    target = io.BytesIO()
    zip_logs(trials, target)
    target.seek(0)
    return target


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Optuna dashboard", width="large", position="right", on_dismiss=_close)
def _optuna_drawer(service: RunService, view: RunView) -> None:
    optuna_panel(service, view)


@st.dialog("TensorBoard", width="large", position="right", on_dismiss=_close)
def _tensorboard_drawer(service: RunService, view: RunView) -> None:
    tensorboard_panel(service, view)


def _new_tab(address: str, key: str) -> None:
    st.link_button("Open in a new tab", address, key=key, type="primary")


def _explanation(text: str, key: str) -> None:
    with st.expander("What is this, and how do I read it?", key=key):
        st.markdown(text)


def _frame(address: str, key: str, title: str) -> None:
    with st.container(key=key):
        st.html(_STYLE.format(key=key))
        st.iframe(address, height=_HEIGHT, alt=title)
