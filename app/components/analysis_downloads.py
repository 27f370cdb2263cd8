"""What can be taken home of one analysis: its result, every run's numbers, its figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core.analyses import AnalysisModule
from core.analyses.documents import figures_page
from core.service import StudyView


def analysis_downloads(
    view: StudyView, module: AnalysisModule, result: Mapping[str, Any], figures: Mapping[str, go.Figure]
) -> None:
    """Draw the buttons."""
    stem = f"{view.study.name}_{module.name}"
    with st.container(horizontal=True):
        st.download_button(
            "Result (.json)",
            lambda: json.dumps(result, indent=2, ensure_ascii=False).encode(),
            file_name=f"{stem}.json",
            mime="application/json",
            key=f"analysis_json_{module.name}",
            on_click="ignore",
            help="Everything that this analysis has measured.",
        )
        if result.get("runs"):
            st.download_button(
                "Runs (.csv)",
                lambda: values_csv(result["runs"]),
                file_name=f"{stem}_runs.csv",
                mime="text/csv",
                key=f"analysis_csv_{module.name}",
                on_click="ignore",
                help="A line for every measure and pair of runs.",
            )
        if figures:
            st.download_button(
                "Figures (.html)",
                lambda: figures_page(f"{module.label}: {view.study.name}", module, figures).encode(),
                file_name=f"{stem}_figures.html",
                mime="text/html",
                key=f"analysis_html_{module.name}",
                on_click="ignore",
                help="All figures on one page that opens without a network; about 5 MB.",
            )


def values_csv(runs: list[Mapping[str, Any]]) -> bytes:
    """Return a line for every measure and pair of runs."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(["measure", "better", "pair", "accuracy_only", "health_aware", "difference"])
    for one in runs:
        first, second = one["values"]["accuracy_only"], one["values"]["health_aware"]
        for pair in sorted({*first, *second}, key=int):
            a, b = first.get(pair), second.get(pair)
            difference = None if a is None or b is None else b - a
            writer.writerow([one["label"], one["better"], int(pair) + 1, a, b, difference])
    return target.getvalue().encode()
