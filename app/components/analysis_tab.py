"""One module of the suite: its question, its plain reading, figures, tables and downloads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from app.components.analysis_downloads import analysis_downloads
from app.components.failure_gallery import failure_gallery
from app.components.figure_block import chart, how_to_read
from app.components.formats import NONE, duration, plain
from core.analyses import MODULES, AnalysisModule
from core.claims import current
from core.service import StudyView
from core.study_tables import COMPARISONS_HOW, run_rows

__all__ = ["analysis_tab", "run_rows"]
_GALLERIES = {"failures": failure_gallery}  # what is neither figure nor table


def analysis_tab(view: StudyView, name: str) -> None:
    """Draw the module `name`, or why it has nothing to show."""
    module = MODULES[name]
    result = view.study.results.get(name)
    with st.container(key=f"analysis_{name}"):
        st.markdown(f"#### {module.question}")
        if result is None:
            st.info(f"Not measured yet. Tick **{module.label}** above and press **Run analysis**.")
            return
        if not current(view.study.results, name):
            st.warning("This result is of networks that the study no longer has. Run the analysis again.")
        if result["status"] == "failed":
            st.error(f"The analysis failed: {plain(result['reason'])}.")
            return
        if result["status"] != "ok":
            st.info(f"**{result['status'].capitalize()}:** {plain(result['reason']).rstrip('.')}.")
            return
        _body(view, module, result)


def _body(view: StudyView, module: AnalysisModule, result: Mapping[str, Any]) -> None:
    st.markdown("**What this shows, and how sure it is**")
    st.markdown("\n".join(f"- {plain(line)}" for line in result["reading"]))
    figures = module.figures(dict(result))
    for key, figure in figures.items():
        caption = module.caption(key)
        st.markdown(f"##### {caption.title}")
        chart(figure, key=f"analysis_{module.name}_{key}", alt=f"{module.label}: {caption.title}")
        if caption.how_to_read:
            how_to_read(caption.how_to_read)
    if module.name in _GALLERIES:
        _GALLERIES[module.name](result)
    for title, rows in module.tables(dict(result)).items():
        with st.expander(title):
            st.dataframe(rows, hide_index=True, placeholder=NONE, alt=title)
    if result.get("runs"):
        with st.expander("All comparisons of the two modes"):
            st.dataframe(run_rows(result["runs"]), hide_index=True, placeholder=NONE, alt="All comparisons")
            st.caption(COMPARISONS_HOW)
    analysis_downloads(view, module, result, figures)
    when = datetime.fromtimestamp(result["at"], UTC).strftime("%Y-%m-%d %H:%M UTC, ") if "at" in result else ""
    st.caption(f"Measured {when}in {duration(result['seconds'])}, by program version `{result['code']}`.")
