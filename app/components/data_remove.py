"""Removing a person's own data set: what that means, confirmed by typing its name."""

from __future__ import annotations

import streamlit as st

from app.components.formats import dataset_label, plain
from core.errors import LabError, RunStateError
from core.service import RunService
from core.store import ACTIVE


@st.dialog("Remove this data set?")
def ask_removal(service: RunService, name: str) -> None:
    """Open the question."""
    confirm_removal(service, name)


def confirm_removal(service: RunService, name: str) -> None:
    """Draw what would be lost; remove once the name was typed."""
    runs = [run for run in service.store.runs() if run.config.dataset_name == name]
    st.markdown(f"**{plain(dataset_label(name))}** (`{name}`): its rows are removed from this computer.")
    if runs:
        count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
        st.markdown(f"{count} used it. What they found stays, but they can no longer be resumed.")
    typed = st.text_input("Type the name of the data set to confirm", key="data_remove_name", placeholder=name)
    if st.button("Remove for good", key="data_remove_for_good", type="primary", disabled=typed.strip() != name):
        try:
            remove(service, name)
        except LabError as error:
            st.error(f"Not removed: {plain(str(error))}.")
            return
        st.rerun()


def remove(service: RunService, name: str) -> None:
    """Remove the data set `name`. Raises RunStateError while an active run uses it."""
    from core.importing.importer import remove_custom

    using = [run.name for run in service.store.runs() if run.status in ACTIVE and run.config.dataset_name == name]
    if using:
        raise RunStateError(f"data set {name!r} is used by the active run {using[0]!r}; stop that run first")
    remove_custom(name, service.settings)
