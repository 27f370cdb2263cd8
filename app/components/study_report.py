"""The button that makes the PDF report of a study when it is pressed, and not before."""

from __future__ import annotations

import streamlit as st

from core.report.study_report import study_report
from core.service import RunService


def report_button(service: RunService, name: str) -> None:
    """Draw the button."""
    st.download_button(
        "Report (.pdf)",
        lambda: study_report(service.settings, service.store, service.studies, name),
        file_name=f"{name}_report.pdf",
        mime="application/pdf",
        key="study_report",
        on_click="ignore",
        help="10 to 15 pages on A4: claims, method, what every analysis found, all numbers. It takes a few seconds.",
    )
