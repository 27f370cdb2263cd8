"""Everything about one run. While the run is active the panel reads the store anew every second."""

from __future__ import annotations

import streamlit as st

from app.components.best_model import best_model
from app.components.downloads import downloads
from app.components.formats import plain
from app.components.live_progress import live_progress
from app.components.run_picker import run_headline
from app.components.trial_table import trial_table
from core.errors import LabError
from core.figures import learning_curves, optimization_history
from core.service import RunService, RunView
from core.store import ACTIVE, RunRecord

_REFRESH = 1.0  # seconds


def run_panel(service: RunService, run: RunRecord) -> None:
    """Draw `run`; when its status changes, the whole page is drawn anew."""

    @st.fragment(run_every=_REFRESH if run.status in ACTIVE else None)
    def panel() -> None:
        try:
            view = service.view(run.name)
            if view.run.status != run.status:
                st.rerun()
            _draw(service, view)
        except LabError as error:
            st.error(f"The run cannot be shown: {plain(str(error))}.")

    panel()


def _draw(service: RunService, view: RunView) -> None:
    run_headline(view.run)
    live_progress(service, view)
    best_model(service, view)
    downloads(service, view)
    _figures(view)
    trial_table(view)


def _figures(view: RunView) -> None:
    best = view.best.number if view.best else None
    left, right = st.columns(2)
    with left:
        st.subheader("Score of every trial", anchor=False)
        st.plotly_chart(
            optimization_history.draw(optimization_history.compute(view.trials)),
            key="history",
            theme="streamlit",
            config={"displayModeBar": False},
            alt="Total score of every trial and the best so far",
        )
    with right:
        st.subheader("Learning curves", anchor=False)
        st.plotly_chart(
            learning_curves.draw(learning_curves.compute(view.trials, best)),
            key="curves",
            theme="streamlit",
            config={"displayModeBar": False},
            alt="Validation accuracy by epoch of every trial",
        )
