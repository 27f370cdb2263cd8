"""What can be looked at of one trained network: a group of diagnostics at a time, each to read and to take away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.components.diagnostics_files import Files, diagnostic_figure, diagnostic_variants, files_of
from app.components.figure_block import chart
from app.components.formats import plain
from app.components.fragment import fragment
from app.components.trial_picker import nothing_kept, trial_picker, written
from core.artifacts import RunFolder
from core.diagnostics_export import bundle, page, section, sections, slug
from core.figures.diagnostics import GROUPS, NOT_STORED, Diagnostic, in_group, network_kind
from core.service import RunService, RunView
from core.store import TrialRecord
from core.trial import MODEL_FILE, SPEC_FILE, TrialResult

_POLL = 2.0  # seconds between two looks at a measurement that is under way


def diagnostics_view(service: RunService, view: RunView) -> None:
    """Draw the diagnostics of the trial that is looked into, or say why there are none."""
    st.subheader("Diagnostics", anchor=False)
    trial = trial_picker(view, "diagnostics_trial")
    if trial is None:
        waiting = "They appear here when the first trial has been completed."
        st.info(waiting if view.active else "This run has no completed trial. Resume it, or start another run.")
        return
    files = files_of(RunFolder(service.settings, view.run.name), trial.number)
    result, stored = files.result, files.stored
    if result is None:
        st.info(nothing_kept(trial))
        return
    group = st.segmented_control(
        "What to look at", list(GROUPS), default=GROUPS[0], required=True, wrap=True, key="diagnostics_group"
    )
    if stored is None:
        _not_stored(service, view, trial, files)
    for diagnostic in in_group(group or GROUPS[0], network_kind(result, stored)):
        _draw(diagnostic, files, result, view.run.name, trial.number)
    st.divider()
    _download_all(files, result, view.run.name, trial.number)


def _draw(diagnostic: Diagnostic, files: Files, result: TrialResult, run: str, number: int) -> None:
    """Draw one diagnostic with what it says, how to read it and its download."""
    key = f"{diagnostic.name}_{number}"
    with st.container(key=f"diagnostic_{diagnostic.name}"):
        st.markdown(f"#### {diagnostic.label}")
        names = diagnostic_variants(diagnostic.name, files.stamp)
        if isinstance(names, str):
            note = "Needs stored diagnostics; see the note above" if names == NOT_STORED else f"Not shown: {names}"
            st.caption(f"{plain(note)}.")
            return
        place = _variant_picker(names, key)
        drawn = diagnostic_figure(diagnostic.name, place, files.stamp)
        assert drawn is not None  # there are variants, so there are data
        st.markdown(plain(drawn.finding))
        if drawn.text:
            st.markdown(f"> {_emphasised(drawn.text)}")
        chart(drawn.figure, key=f"chart_{key}_{place}", alt=f"{diagnostic.label}. {drawn.finding}")
        with st.expander("How to read this", key=f"how_{key}"):
            st.markdown(diagnostic.how_to_read)
            st.download_button(
                "Download this figure (HTML)",
                partial(_one_page, diagnostic, files, result, f"{run}, trial {number}"),
                file_name=f"{slug(run)}_trial_{number}_{diagnostic.name}.html",
                mime="text/html",
                key=f"download_{key}",
                on_click="ignore",
                help="A page that opens without a network; about 5 MB, as the drawing library is in it.",
            )


def _variant_picker(names: tuple[str, ...], key: str) -> int:
    if len(names) < 2:
        return 0
    labels = dict(enumerate(names))
    return int(st.selectbox("Show", list(labels), format_func=partial(written, labels), key=f"variant_{key}"))


def _emphasised(text: str) -> str:
    """Set the words in «marks» in bold."""
    return plain(text).replace("«", "**").replace("»", "**")


def _not_stored(service: RunService, view: RunView, trial: TrialRecord, files: Files) -> None:
    """Say why nothing was stored, and offer to measure it now."""
    request = service.diagnoses.state(view.run.name, trial.number)
    if request is not None and not request.done:
        fragment(_wait, _POLL, service, view.run.name, trial.number)
        return
    st.info(f"{_why(view, trial)} The figures that need only the record of the training are shown.")
    if request is not None and request.error:
        st.error(f"{plain(request.error)}.")
    if all((files.trial / name).is_file() for name in (MODEL_FILE, SPEC_FILE)):
        st.button(
            "Measure this network now",
            key=f"measure_{trial.number}",
            on_click=service.diagnoses.ask,
            args=(view.run, trial.number),
            help="A worker loads the saved network and measures it on the validation rows; nothing is trained. It "
            "takes some seconds to a few minutes.",
        )


def _why(view: RunView, trial: TrialRecord) -> str:
    stored = view.run.config.plot_generation
    if stored == "none":
        return "This run was told to store no diagnostics."
    if stored == "best":
        when = ", when the run ends" if view.active else ""
        return f"This run stores the diagnostics of its best trial only{when}; trial {trial.number} has none."
    return f"The diagnostics of trial {trial.number} could not be stored, or were removed."


def _wait(service: RunService, run: str, number: int) -> None:
    request = service.diagnoses.state(run, number)
    if request is None or request.done:
        st.rerun()
    st.info("The network is being measured in the background; its figures appear here when it is done.")


def _download_all(files: Files, result: TrialResult, run: str, number: int) -> None:
    st.download_button(
        "Download all diagnostics (ZIP)",
        partial(_all_files, files, result, f"{run}, trial {number}"),
        file_name=f"{slug(run)}_trial_{number}_diagnostics.zip",
        mime="application/zip",
        key=f"download_all_{number}",
        on_click="ignore",
    )
    st.caption(
        "`index.html` with every figure and how to read it, which opens without a network, and in `data` the "
        "numbers behind them: `result.json`, and if stored `diagnostics.json` and `diagnostics.npz`."
    )


def _one_page(diagnostic: Diagnostic, files: Files, result: TrialResult, title: str) -> bytes:
    return page(title, [section(diagnostic, result, files.stored)])


def _all_files(files: Files, result: TrialResult, title: str) -> bytes:
    return bundle(title, sections(result, files.stored), files.raw())
