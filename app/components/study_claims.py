"""The executive summary: every claim of the study with its verdict, and what follows from all of them."""

from __future__ import annotations

import streamlit as st

from app.components.formats import plain
from core.claims import Finding, family_note, judge, recommend
from core.service import StudyView
from core.study_tables import CLAIMS_HOW, badge, claim_rows

__all__ = ["badge", "claim_rows", "study_claims"]


def study_claims(view: StudyView) -> None:
    """Draw recommendation, claims and the table behind them."""
    results = view.study.results
    findings = judge(results, view.study.config.sesoi)
    first = results["generalization"]
    with st.container(border=True, key="study_claims"):
        st.subheader("What this study says", anchor=False)
        for line in recommend(findings, reused_holdout=bool(first["reused_holdout"])):
            st.markdown(plain(line))
        for finding in findings:
            _claim(finding)
        st.caption(family_note(findings, len(first["pairs"])))
        with st.expander("The numbers behind the verdicts"):
            st.dataframe(claim_rows(findings), hide_index=True, alt="Every claim with its difference and p values")
            st.caption(CLAIMS_HOW)


def _claim(finding: Finding) -> None:
    label, colour = badge(finding)
    claim = finding.claim
    st.markdown(f":{colour}-badge[{label}] **{claim.label}.** {claim.statement} {plain(finding.sentence)}")
