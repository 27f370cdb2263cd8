"""Removing a person's own data set: what that means, confirmed by typing its name."""

from __future__ import annotations

import streamlit as st

from app.components.formats import dataset_label, plain
from core.dataset_removal import remove_dataset
from core.errors import LabError
from core.service import RunService


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
            remove_dataset(name, service.store, service.settings)
        except LabError as error:
            st.error(f"Not removed: {plain(str(error))}.")
            return
        st.rerun()
