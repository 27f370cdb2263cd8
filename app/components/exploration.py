"""The body of the exploration page: the form that starts a run, and the run that is shown."""

from __future__ import annotations

import streamlit as st

from app.components.formats import plain
from app.components.run_form import run_form
from app.components.run_panel import run_panel
from app.components.run_picker import run_picker
from app.state import run_service, shown_run, wanted_run
from core.errors import LabError
from core.service import RunService
from core.store import ACTIVE

_WHAT_HAPPENS = """
**What happens then**

1. Each *trial* trains one network. Its settings – depth, width, learning rate and so on – are chosen by Optuna, which
   learns from the trials before.
2. Each trained network gets a *total score* from its accuracy on validation data and from its *health*: six
   measurements of how soundly it learned.
3. The best network is kept with everything that was measured, ready to download.

The run lives in the server: this page may be closed or opened a second time meanwhile.
"""


def exploration() -> None:
    """Draw the body, or why it cannot be drawn."""
    try:
        draw(run_service())
    except LabError as error:
        st.error(f"{plain(str(error))}.")
        st.button("Try again")


def draw(service: RunService) -> None:
    """Draw the form on the left and the shown run on the right; on a phone the run comes below the form."""
    runs = service.store.runs()
    left, right = st.columns([1, 2.6], gap="large")
    with left:
        run_form(service, busy=any(run.status in ACTIVE for run in runs))
    shown = shown_run(runs)
    with right:
        if shown is None:
            st.info("No run yet. Press **Start**: with the settings as they are it takes a minute or two.")
            st.markdown(_WHAT_HAPPENS)
            return
        if wanted_run() not in (None, shown.name):
            st.warning(f"There is no run named “{plain(wanted_run() or '')}”. This is {shown.name}.")
        run_picker(runs, shown)
        run_panel(service, shown)
