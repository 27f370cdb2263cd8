"""The executive summary: every claim of the study with its verdict, and what follows from all of them."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from app.components.formats import NONE, plain
from app.components.study_numbers import p_value
from core.claims import Finding, family_note, judge, recommend
from core.service import StudyView

Colour = Literal["green", "orange", "blue", "gray"]
_COLOURS: dict[str, Colour] = {"better": "green", "worse": "orange", "equivalent": "blue", "undecided": "blue"}


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
            st.caption(
                "Gain: how much better health-aware is than accuracy-only, the mean over pairs with its 95 % interval; "
                "below 0 it is worse. p: exact permutation test over pairs; after Holm: for all claims together."
            )


def _claim(finding: Finding) -> None:
    label, colour = badge(finding)
    claim = finding.claim
    st.markdown(f":{colour}-badge[{label}] **{claim.label}.** {claim.statement} {plain(finding.sentence)}")


def badge(finding: Finding) -> tuple[str, Colour]:
    """Return the verdict in a word or two, and its colour."""
    if finding.state == "not run":
        return "not run", "gray"
    if finding.state == "unmeasurable" or finding.outcome is None:
        return "not measurable", "gray"
    texts = {"better": "yes", "worse": "no, the reverse", "equivalent": "equivalent", "undecided": "not shown"}
    return texts[finding.outcome], _COLOURS[finding.outcome]


def claim_rows(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Return the findings as rows of a table."""
    return [
        {
            "Claim": one.claim.label,
            "Measure": one.measure or NONE,
            "Verdict": badge(one)[0],
            "Gain": _gain(one),
            "Pairs": one.gain.n if one.gain else None,
            "p": p_value(one.p) if one.gain else NONE,
            "after Holm": p_value(one.adjusted) if one.gain else NONE,
        }
        for one in findings
    ]


def _gain(finding: Finding) -> str:
    found = finding.gain
    if found is None or found.mean is None:
        return NONE
    scale, unit = finding.claim.scale, finding.claim.unit
    decimals = 2 if unit else 4

    def write(value: float) -> str:
        return f"{scale * value:+.{decimals}f}".replace("-", "−")

    interval = "" if found.low is None or found.high is None else f" ({write(found.low)} to {write(found.high)})"
    return f"{write(found.mean)}{interval}{f' {unit}' if unit else ''}"
