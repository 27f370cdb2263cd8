"""The tables of a study as rows of text: means, claims, and every comparison of the two modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from core.claims import Finding
from core.study_numbers import NONE, Stored, difference_cell, mean_cell, p_value

Colour = Literal["green", "orange", "blue", "gray"]
_COLOURS: dict[str, Colour] = {"better": "green", "worse": "orange", "equivalent": "blue", "undecided": "blue"}
MEANS_HOW = (
    "Accuracies in %, differences in percentage points, 95 % t intervals in brackets, n = pairs of runs. *Validation* "
    "chose the networks, *test* was only reported, *holdout* was opened at the end. *Selection optimism* is validation "
    "minus holdout: what picking the best of many promised too much. *Train − holdout* is what a network does better "
    "on the rows it was trained on."
)
CLAIMS_HOW = (
    "Gain: how much better health-aware is than accuracy-only, the mean over pairs with its 95 % interval; below 0 it "
    "is worse. p: exact permutation test over pairs; after Holm: for all claims together."
)
COMPARISONS_HOW = (
    "Difference: health-aware minus accuracy-only, the mean over pairs of runs with its 95 % interval. g: the "
    "difference in spreads between runs (Hedges), positive where health-aware is better. Only the row marked “claim” "
    "was fixed before the data; all others are exploratory."
)
_LABELS = {
    "train": "Training rows",
    "validation": "Validation",
    "test": "Test",
    "holdout": "Holdout",
    "optimism": "Selection optimism",
    "gap": "Train − holdout",
}


def table_rows(result: Stored) -> list[dict[str, str]]:
    """Return the rows as text."""
    return [
        {
            "Measure": _LABELS.get(row["measure"], row["label"]),
            "Accuracy-only": mean_cell(row["accuracy_only"], row["measure"]),
            "Health-aware": mean_cell(row["health_aware"], row["measure"]),
            "Difference": difference_cell(row["difference"]),
            "n": str(row["difference"]["n"]),
        }
        for row in result["table"]
    ]


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
            "Gain": gain_cell(one),
            "Pairs": one.gain.n if one.gain else None,
            "p": p_value(one.p) if one.gain else NONE,
            "after Holm": p_value(one.adjusted) if one.gain else NONE,
        }
        for one in findings
    ]


def gain_cell(finding: Finding) -> str:
    """Write the gain of a claim with its interval and unit."""
    found = finding.gain
    if found is None or found.mean is None:
        return NONE
    scale, unit = finding.claim.scale, finding.claim.unit
    decimals = 2 if unit else 4

    def write(value: float) -> str:
        return f"{scale * value:+.{decimals}f}".replace("-", "−")

    interval = "" if found.low is None or found.high is None else f" ({write(found.low)} to {write(found.high)})"
    return f"{write(found.mean)}{interval}{f' {unit}' if unit else ''}"


def run_rows(runs: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the comparisons of the modes as rows of a table."""
    return [
        {
            "Measure": one["label"],
            "Accuracy-only": _mean(one["accuracy_only"]),
            "Health-aware": _mean(one["health_aware"]),
            "Difference": _mean(one["difference"], "+"),
            "Better is": one["better"],
            "p": p_value(one["permutation"]["p"]),
            "g": None if one["effect"]["g"] is None else round(one["effect"]["g"], 2),
            "Pairs": one["difference"]["n"],
            "Kind": "exploratory" if one.get("exploratory", True) else "claim",
        }
        for one in runs
    ]


def _mean(found: Mapping[str, Any], sign: str = "") -> str:
    """Write a mean with its interval in four significant decimals.

    >>> _mean({"mean": 0.5, "low": 0.4, "high": 0.6, "n": 3}, "+")
    '+0.5000 (+0.4000 to +0.6000)'
    """
    if found["mean"] is None:
        return NONE
    mean, low, high = (
        None if found[name] is None else f"{found[name]:{sign}.4f}".replace("-", "−")
        for name in ("mean", "low", "high")
    )
    return f"{mean}" if low is None or high is None else f"{mean} ({low} to {high})"
