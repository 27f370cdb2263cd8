"""The details of robustness: how its figures are read, and its numbers in tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.analyses.module import EFFECTS, RUNS_HOW, Caption, Tables
from core.figures.mode_looks import MODE_LABELS
from core.study_config import STUDY_MODES

_CURVES = (
    "Each panel is a corruption, from clean rows on the left to the strongest damage on the right; the axis shows how "
    "strong it is in its own unit. A line is the mean over a mode's runs, the band its 95 % interval. A line that "
    "stays high is robust; compare it with where it starts, too."
)
CAPTIONS = {
    "curves": Caption("Accuracy as damage grows", f"{_CURVES} The strengths are published ones where there are any."),
    "asked_curves": Caption("Accuracy over the ranges that were asked for", _CURVES),
    "runs": Caption(
        "Mean accuracy on corrupted rows of every run",
        f"{RUNS_HOW} All corruptions and strengths count alike. Lines join the two runs of a pair.",
    ),
    "effects": EFFECTS,
    "examples": Caption(
        "One image of the holdout under every corruption",
        "A row is a corruption, from clean to the strongest. This is what the networks were asked about; a pointer on "
        "a picture says how strong the damage is.",
    ),
}


def tables(result: dict[str, Any]) -> Tables:
    """Write every corruption, every network, and for texts what the corruptions make of one."""
    written: Tables = {
        "Mean accuracy under every corruption": [_corruption(one) for one in result["corruptions"]],
        "Every network": [_network(one) for one in result["per_network"].values()],
    }
    if result["kind"] == "text":
        written["One text under every corruption"] = [
            {"Corruption": one["label"], "Strength": strength, "Text": text}
            for one in result["examples"]["corruptions"]
            for strength, text in zip(one["strengths"], one["texts"], strict=True)
        ]
    return written


def _corruption(one: Mapping[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {"Corruption": one["label"], "Strengths": f"{', '.join(one['ticks'][1:])} {one['unit']}"}
    for mode in STUDY_MODES:
        line[f"{MODE_LABELS[mode]} (%)"] = _percent(one["mean"][mode])
    return line | {"Source": one["source"]}


def _network(one: Mapping[str, Any]) -> dict[str, Any]:
    relative, error = one["relative"], one["corruption_error"]
    return {
        "Mode": MODE_LABELS[one["mode"]],
        "Run": one["pair"] + 1,
        "Clean (%)": round(100 * one["clean"], 2),
        "Corrupted (%)": round(100 * one["mean_corrupted_accuracy"], 2),
        "Kept (%)": None if relative is None else round(100 * relative, 2),
        "Score asked for (%)": round(100 * one["asked_score"], 2),
        "Corruption error": None if error is None else round(error, 3),
    }


def _percent(found: Mapping[str, Any]) -> str | None:
    if found["mean"] is None:
        return None
    interval = "" if found["low"] is None else f" ({100 * found['low']:.2f} to {100 * found['high']:.2f})"
    return f"{100 * found['mean']:.2f}{interval}"
