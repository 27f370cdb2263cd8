"""The details of the module on distribution shift: how its figures are read, and its numbers in tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.analyses.module import Caption, Tables
from core.figures.mode_looks import MODE_LABELS
from core.study_config import STUDY_MODES

CAPTIONS = {
    "shifts": Caption(
        "Accuracy by shift",
        "A bar is the mean accuracy of a mode's networks, its whisker the 95 % interval of that mean over runs. The "
        "first row is the holdout as it is; how much shorter a bar is than the first is what the shift costs. The "
        "intervals of the modes may overlap although their paired difference is clear: see the table of comparisons.",
    ),
    "effective_robustness": Caption(
        "Accuracy under shift beyond what is expected",
        "Every mark is a network: to the right, better on clean rows; up, better under shift. Nearly all lie along one "
        "line, so that better here means better there. Robust is only who lies **above** that line. The dotted line is "
        "where nothing would be lost. The axes are stretched towards 0 and 100 % (probits), which makes the line "
        "straight. A small square within a circle is a network that both modes chose.",
    ),
    "runs": Caption(
        "Mean over the shifts, run by run",
        "A point is the best network of one run; the runs of a pair are joined. Beside the points their mean with its "
        "95 % interval.",
    ),
    "effects": Caption(
        "Difference of the modes in spreads between runs",
        "Right of the dotted line health-aware is better, left of it accuracy-only. An interval that crosses the line "
        "shows no difference. For accuracy lost, less is better. Only the first row is the claim tested.",
    ),
}


def tables(result: Mapping[str, Any]) -> Tables:
    """Return accuracies by shift, what was not applied, and every network, in percent and points."""
    found: Tables = {
        "Accuracy and loss by shift": [
            _shift_row(family, one) for family in result["families"] for one in family["sets"]
        ],
        "Networks": [_network_row(one) for one in result["networks"].values()],
    }
    if result["not_applied"]:
        found["Not applied"] = [{"Shift": one["label"], "Why": one["reason"]} for one in result["not_applied"]]
    return found


def _shift_row(family: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"Shift": one["label"], "Rows": family["rows"], "Compared with": family["clean_label"]}
    for mode in STUDY_MODES:
        row[f"{MODE_LABELS[mode]} (%)"] = _interval(one["accuracy"][mode])
        row[f"{MODE_LABELS[mode]}, lost (points)"] = _interval(one["drop"][mode])
    return row


def _interval(found: Mapping[str, Any]) -> str | None:
    """Write a mean of shares with its interval.

    >>> _interval({"mean": 0.9, "low": 0.885, "high": 0.915}), _interval({"mean": -0.01, "low": None, "high": None})
    ('90.00 (88.50 to 91.50)', '−1.00')
    """
    if found["mean"] is None:
        return None
    text = f"{100 * found['mean']:.2f}"
    if found["low"] is not None:
        text = f"{text} ({100 * found['low']:.2f} to {100 * found['high']:.2f})"
    return text.replace("-", "−")


def _network_row(one: Mapping[str, Any]) -> dict[str, Any]:
    above = one["above_line"]
    return {
        "Mode": MODE_LABELS[one["mode"]],
        "Pair": one["pair"] + 1,
        "Holdout (%)": round(100 * one["clean"], 2),
        "Under shift (%)": round(100 * one["shifted"], 2),
        "Lost (points)": round(100 * one["drop"], 2),
        "Above the line (points)": None if above is None else round(100 * above, 2),
    }
