"""The body of the exploration page: which run is shown, how far it is, and one view of it at a time."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import streamlit as st

from app.components.formats import plain
from app.components.fragment import fragment
from app.components.page_body import page_body
from app.components.run_header import run_header
from app.components.run_picker import run_picker
from app.state import show_view, shown_run, wanted_run, wanted_view
from core.errors import LabError
from core.service import RunService, RunView
from core.store import ACTIVE, RunRecord

_INTRODUCTION = """
**What happens when you press Start**

1. Each *trial* trains one network. Its settings – depth, width, learning rate and so on – are chosen by Optuna, which
   learns from the trials before.
2. Each trained network gets a *total score* from its accuracy on validation data and from its *health*: six
   measurements of how soundly it learned.
3. The best network is kept with everything that was measured, ready to look into and to download.

The run lives in the server: this page may be closed or opened a second time meanwhile.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view of a run. `refresh`: seconds between its own refreshes while the run is active, None for none."""

    label: str
    refresh: float | None = None


# The function `{name}_view` of the module `{name}_view` draws it. It is imported when somebody first looks, so that a
# fresh server answers soon.
VIEWS = {
    "setup": View(label="New run"),
    "progress": View(label="Progress", refresh=1.0),
    "trials": View(label="Trials", refresh=3.0),
    "insights": View(label="Insights", refresh=5.0),
    "weights": View(label="What if"),
    "network": View(label="Network"),
    "diagnostics": View(label="Diagnostics"),
    "health": View(label="Health"),
    "compare": View(label="Compare"),
    "downloads": View(label="Downloads", refresh=3.0),
}
_KEY = "view_picker"


def exploration() -> None:
    """Draw the body, or why it cannot be drawn."""
    page_body(draw)


def draw(service: RunService) -> None:
    """Draw the form for a first run; later the shown run with the form as one of its views."""
    runs = service.store.runs()
    shown = shown_run(runs)
    if shown is None:
        with st.expander("New here? This is what it does.", expanded=True):
            st.markdown(_INTRODUCTION)
        _setup(service, runs)
        return
    if wanted_run() not in (None, shown.name):
        st.warning(f"There is no run named “{plain(wanted_run() or '')}”. This is {shown.name}.")
    run_picker(runs, shown)
    _study_of(shown)
    run_header(service, shown)
    name = _pick_view()
    if name == "setup":
        _setup(service, runs)
    else:
        _draw_view(service, shown, name)


def _study_of(shown: RunRecord) -> None:
    study = shown.config.study
    if study is not None:
        st.page_link("../pages/study.py", label=f"Part of the study “{plain(study)}”", query_params={"study": study})


def _setup(service: RunService, runs: list[RunRecord]) -> None:
    from app.components.setup_view import setup_view

    setup_view(service, busy=any(run.status in ACTIVE for run in runs))


def _pick_view() -> str:
    """Draw the row of views; the address decides which is open."""
    wanted = wanted_view()
    name = wanted if wanted in VIEWS else "progress"
    st.session_state[_KEY] = name
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=_label,
        key=_KEY,
        on_change=_show_picked,
        label_visibility="collapsed",
        width="stretch",
        required=True,
    )
    return name


def _label(name: str) -> str:
    return VIEWS[name].label


def _show_picked() -> None:
    if st.session_state[_KEY]:
        show_view(st.session_state[_KEY])


def _draw_view(service: RunService, run: RunRecord, name: str) -> None:
    """Draw a view in a fragment of its own, so that what is pressed in it draws nothing else anew."""
    module = importlib.import_module(f"app.components.{name}_view")

    def body() -> None:
        try:
            view: RunView = service.view(run.name)
            getattr(module, f"{name}_view")(service, view)
        except LabError as error:
            st.error(f"This cannot be shown: {plain(str(error))}.")

    fragment(body, VIEWS[name].refresh if run.status in ACTIVE else None)
