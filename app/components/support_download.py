"""A button for the support bundle, made when it is clicked."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from core.service import RunService
from core.support_bundle import build_bundle


def support_download(service: RunService) -> None:
    """Draw the button with what the file holds."""
    with st.container(horizontal=True, vertical_alignment="center", key="support"):
        st.download_button(
            "Support bundle (.zip)",
            partial(build_bundle, service.settings, service.store),
            file_name=f"model_health_lab_support_{datetime.now(UTC):%Y%m%d_%H%M}.zip",
            mime="application/zip",
            key="support_bundle",
            on_click="ignore",
        )
        st.caption(
            "For whoever helps you: versions, settings, the list of runs, the last lines of the logs. No keys, data, "
            "networks or notes.",
            width="stretch",
        )
