"""How far the shown run is, above every view: status, time left, and the buttons that steer it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.components.formats import duration, plain
from app.components.fragment import fragment
from app.components.run_picker import run_headline
from app.components.side_panels import side_panels
from core.errors import LabError
from core.progress import work_done
from core.service import RunService, RunView
from core.store import ACTIVE, RunRecord

_REFRESH = 1.0  # seconds
_MOST_ADDED = 1000


def run_header(service: RunService, run: RunRecord) -> None:
    """Draw the header of `run`; when its status changes, the whole page is drawn anew."""

    def header() -> None:
        try:
            view = service.view(run.name)
        except LabError as error:
            st.error(f"The run cannot be shown: {plain(str(error))}.")
            return
        if view.run.status != run.status:
            st.rerun()
        _draw(service, view)

    fragment(header, _REFRESH if run.status in ACTIVE else None)
    side_panels(service, service.view(run.name))  # outside of the fragment, whose refresh would close the drawer


def _draw(service: RunService, view: RunView) -> None:
    run_headline(view.run)
    finished = view.count("completed", "pruned", "failed")
    share = work_done(finished, view.running if view.active else ()) / view.run.config.trials
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(min(max(share, 0.0), 1.0), text=_headline(service, view, finished))
        _buttons(service, view)
    _, note = split_phase(view.run.phase)
    if view.active and note is not None:
        st.warning(plain(note), icon=":material/warning:")
    if view.run.status == "failed":
        st.error(f"The run ended by an error: {plain(view.run.phase)}. Remove the cause, then press Resume.")
    elif view.run.status == "interrupted":
        st.warning(f"Nobody works on this run: {view.run.phase}.")


def split_phase(text: str) -> tuple[str, str | None]:
    """Part what a run does from the note that may stand behind it.

    >>> split_phase("training. RunPod refuses the API key.")
    ('training', 'RunPod refuses the API key.')
    >>> split_phase("finished")
    ('finished', None)
    """
    phase, _, note = text.partition(". ")
    return phase, note or None


def _headline(service: RunService, view: RunView, finished: int) -> str:
    parts = [f"**{finished} of {view.run.config.trials} trials**"]
    if view.run.status in ("queued", "running", "completed"):
        parts.append(plain(split_phase(view.run.phase)[0]))
    before = service.waiting_before(view.run.name)
    if before is not None:
        parts.append(f"{before} {'run' if before == 1 else 'runs'} before it")
    if view.seconds_left is not None and not view.paused:
        parts.append(f"about {duration(view.seconds_left)} left")
    return " · ".join(parts)


def _buttons(service: RunService, view: RunView) -> None:
    name = view.run.name
    if view.run.config.study is not None:
        return  # its study steers it: alone it would no longer equal its partner
    if view.active:
        asked = view.run.stop_requested
        if view.run.pause_requested:
            wish, label, meaning = service.unpause, "Continue", "Start further trials again."
        else:
            wish, label, meaning = service.pause, "Pause", "Finish the trials that train and start no further ones."
        # A key for each meaning: Streamlit sends a press twice when a refresh is due in the same moment, and under
        # one key the second would be one of the button that stands there by then: a pause that ends at once.
        st.button(label, key=label.lower(), on_click=wished, args=(wish, name), disabled=asked, help=meaning)
        st.button(
            "Stopping …" if asked else "Stop",
            key="stop",
            on_click=wished,
            args=(service.stop, name),
            disabled=asked,
            help="End now and keep the best network so far. The run can be resumed.",
        )
    elif view.run.resumable:
        st.button(
            "Resume",
            key="resume",
            type="primary",
            on_click=wished,
            args=(service.resume, name),
            help="Go on where the run ended. Finished trials are kept.",
        )
    if not view.active or view.run.status == "running":
        _more_trials(service, view)


def _more_trials(service: RunService, view: RunView) -> None:
    with st.popover("Add trials", help="Let this run try more networks, building on what it has learned."):
        count = st.number_input("Trials to add", 1, _MOST_ADDED, 10, key=f"add_count_{view.run.name}")
        planned = view.run.config.trials
        st.button(
            "Add",
            key=f"add_to_{planned}",
            type="primary",
            on_click=_add,
            args=(service, view.run.name, planned + int(count)),
        )
        st.caption("A run that has ended goes on at once." if not view.active else "They follow the planned ones.")


def _add(service: RunService, name: str, wanted: int) -> None:
    """Let a run have `wanted` trials in all: a press that comes twice adds once."""

    def grow(run: str) -> None:
        missing = wanted - service.view(run).run.config.trials
        if missing > 0:
            service.add_trials(run, missing)

    wished(grow, name)


def wished(wish: Callable[[str], object], name: str) -> None:
    """Do what a button says; two tabs may press it at once, so a refusal is a message."""
    try:
        wish(name)
    except LabError as error:
        st.toast(f"Not done: {plain(str(error))}", icon="⚠️")
