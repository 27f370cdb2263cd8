"""Conclusions: what follows, what stays open, and what the study cannot say."""

from __future__ import annotations

from typing import Any

from core.claims import family_note, recommend
from core.report.blocks import bullets, heading, stored, text
from core.report.study_source import StudySource
from core.report.words import when
from core.stats import ALPHA, pairs_for_significance
from core.study_method import LIMITS


def conclusions(source: StudySource) -> list[Any]:
    """Return the section."""
    advice = recommend(source.findings, reused_holdout=source.exploratory)
    parts: list[Any] = [heading("Conclusions and recommendations"), stored(advice[0], "lead")]
    parts += [stored(line) for line in advice[1:]]
    parts += [heading("Claim by claim", "H3", listed=False)]
    parts += bullets([f"**{one.claim.label}.** {one.sentence}" for one in source.findings], own=True)
    parts += [stored(family_note(source.findings, len(source.first["pairs"])))]
    parts += [heading("What to do next", "H3", listed=False), *bullets(_next(source)), text(LIMITS)]
    return parts


def _next(source: StudySource) -> list[str]:
    """Say what would answer more; nothing that the findings do not call for."""
    pairs, family = len(source.first["pairs"]), [one for one in source.findings if one.state != "unmeasurable"]
    needed = pairs_for_significance(ALPHA / max(len(family), 1))
    lines = []
    if pairs < needed:
        lines.append(f"Run {needed} pairs or more: {pairs} cannot show a single claim after the correction.")
    elif any(one.outcome == "undecided" for one in source.findings):
        lines.append("Run more pairs for what is undecided; the summary says how small a difference so many can find.")
    missing = [one.claim.label.lower() for one in source.findings if one.state == "not run"]
    if missing:
        lines.append(f"Run the analyses of the claims that are not measured yet: {', '.join(missing)}.")
    same = sum(pair["same_network"] for pair in source.first["pairs"])
    if same > pairs / 2:
        lines.append(
            f"In {same} of {pairs} pairs both modes kept the same network. More trials per run, or a lower weight of "
            "accuracy, let the modes differ."
        )
    if source.exploratory:
        lines.append(
            f"Repeat the study with another seed: this holdout was opened before, first on "
            f"{when(source.study.openings[0]['at'])}, so it can suggest but no longer show."
        )
    return lines or ["Nothing is called for by these results."]
