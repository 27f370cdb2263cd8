"""The first two pages: title, contents, and every claim with its verdict and what follows."""

from __future__ import annotations

from typing import Any

from core.claims import Finding, family_note, recommend
from core.figures import verdict_interval
from core.report.blocks import NONE, bullets, figure, gap, heading, new_page, stored, table, text
from core.report.document import Contents
from core.report.flowables import Text
from core.report.fonts import NOTICE
from core.report.study_source import StudySource
from core.report.style import Sheet, coloured, plain, styles
from core.report.words import when
from core.stats import detectable_effect
from core.study_numbers import count, difference_cell, p_value
from core.study_tables import CLAIMS_HOW, badge, gain_cell
from core.study_words import meaning


def title_page(source: StudySource, sheet: Sheet) -> list[Any]:
    """Return title, what was compared, and the contents."""
    study, config, first = source.study, source.study.config, source.first
    facts = [
        ("Data set", f"{source.dataset_label} ({config.dataset_name})"),
        (
            "Compared",
            f"{config.runs} pairs of runs, {config.trials} trials each, up to {config.epochs} epochs per trial",
        ),
        ("Holdout", f"{count(first['holdout_rows'], 'row')}, opened {when(first['opening']['at'])}"),
        ("Status", f"{study.status}, begun {when(study.created)}"),
        ("Written", when(source.written)),
    ]
    parts: list[Any] = [
        Text(plain(f"Study report: {study.name}"), styles()["title"], "Title"),
        stored(
            "Does a search that also rewards healthy training find better networks than a search by accuracy alone?",
            "subtitle",
        ),
        table([{"Fact": name, "Value": value} for name, value in facts], sheet.width, "The study", widths=(1, 5)),
    ]
    if source.exploratory:
        parts.append(_warning(source))
    if source.names_letters():
        parts.append(text(NOTICE, "small"))
    return [*parts, gap(8), heading("Contents", "H2", listed=False), Contents(), new_page()]


def summary(source: StudySource, sheet: Sheet) -> list[Any]:
    """Return the executive summary: one page."""
    first, config = source.first, source.study.config
    advice = recommend(source.findings, reused_holdout=source.exploratory)
    parts: list[Any] = [heading("Executive summary"), stored(advice[0], "lead")]
    if source.exploratory:
        parts.append(_warning(source))
    parts += [stored(line) for line in (*advice[1:], meaning(first)) if line]
    interval = verdict_interval.draw(verdict_interval.compute(first["procedure"]))
    cell = difference_cell(first["procedure"]["difference"])
    parts += figure(
        interval,
        sheet.width,
        "Difference on the holdout, in percentage points",
        f"Diamond and bar: the mean difference with its 95 % interval. Grey: less than {100 * config.sesoi:g} points, "
        "too small to matter.",
        f"Difference on the holdout in points: {cell}; within ±{100 * config.sesoi:g} it is too small to matter.",
        72,
    )
    parts += [heading("The claims, fixed before the data", "H3", listed=False)]
    parts += [
        table(claim_table(source.findings, exploratory=source.exploratory), sheet.width, "Every claim with its verdict")
    ]
    parts += [
        text(
            f"{CLAIMS_HOW} Detectable: the smallest true difference that so many pairs find in 80 % of studies.",
            "small",
        )
    ]
    parts += bullets(
        [f"**{one.claim.label}.** {one.claim.statement} {one.sentence}" for one in source.findings], own=True
    )
    return [*parts, text(family_note(source.findings, len(first["pairs"])), "small")]


def claim_table(findings: tuple[Finding, ...], *, exploratory: bool) -> list[dict[str, Any]]:
    """Return the claims as rows: verdict, effect with interval, pairs, p values and the detectable effect."""
    return [
        {
            "Claim": one.claim.label,
            "Measure": one.measure or NONE,
            "Verdict": badge(one)[0] + (" (exploratory)" if exploratory and one.state == "measured" else ""),
            "Gain (95 % interval)": gain_cell(one),
            "n": one.gain.n if one.gain else None,
            "p": p_value(one.p) if one.gain else NONE,
            "after Holm": p_value(one.adjusted) if one.gain else NONE,
            "Detectable": detectable(one),
        }
        for one in findings
    ]


def detectable(finding: Finding) -> str:
    """Write the minimum detectable effect of a claim in its unit."""
    if finding.gain is None:
        return NONE
    found = detectable_effect(finding.gain.n, finding.gain.sd or None).difference
    if found is None:
        return NONE
    unit = finding.claim.unit
    return f"{finding.claim.scale * found:.{2 if unit else 4}f}{f' {unit}' if unit else ''}"


def _warning(source: StudySource) -> Text:
    return Text(f"{coloured('Exploratory.', 'orange')} {plain(source.first['reused_holdout'])}", styles()["text"])
