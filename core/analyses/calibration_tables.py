"""The details of calibration: how its figures are read, and its numbers in tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.analyses.module import EFFECTS, RUNS_HOW, Caption, Tables
from core.figures.mode_looks import MODE_LABELS

_RELIABILITY = (
    "Answers are put into bins by how sure they are. On the diagonal a network is right as often as it says; below it "
    "is too sure, above too modest. The band is what chance alone shows of a perfectly calibrated network."
)
_CONFIDENCE = (
    "How sure the answers are, right and wrong ones apart. The less the two overlap, the more confidence warns of "
    "mistakes."
)
CAPTIONS = {
    "reliability_a": Caption("Is model A right as often as it says?", _RELIABILITY),
    "confidence_a": Caption("How sure model A is", _CONFIDENCE),
    "reliability_b": Caption("Is model B right as often as it says?", _RELIABILITY),
    "confidence_b": Caption("How sure model B is", _CONFIDENCE),
    "runs": Caption("Calibration error of every run", f"{RUNS_HOW} Less is better."),
    "effects": EFFECTS,
    "corrupted": Caption(
        "Calibration as damage grows",
        "From clean rows on the left to the strongest damage, a mean over all corruptions; a line is the mean over a "
        "mode's runs, the band its 95 % interval. Less is better. Accuracy falls with damage, so log loss and Brier "
        "score must rise; a calibration error that rises too says that the networks do not notice.",
    ),
}


def tables(result: dict[str, Any]) -> Tables:
    """Write the measures of every network: as it is, at its temperature, and on corrupted rows where it was asked."""
    damaged = result.get("corrupted", {}).get("per_network", {})
    return {"Every network": [_network(one, damaged.get(name)) for name, one in result["per_network"].items()]}


def _network(one: Mapping[str, Any], damaged: Mapping[str, float] | None) -> dict[str, Any]:
    before, after, temperature = one["before"], one["after"], one["temperature"]
    return {
        "Mode": MODE_LABELS[one["mode"]],
        "Run": one["pair"] + 1,
        "Log loss": round(before["nll"], 4),
        "Brier score": round(before["brier"], 4),
        "Calibration error (points)": round(100 * before["ece"], 2),
        "Temperature": None if temperature is None else round(temperature, 3),
        "Log loss, scaled": None if after is None else round(after["nll"], 4),
        "Calibration error, scaled (points)": None if after is None else round(100 * after["ece"], 2),
        "Log loss, corrupted": None if damaged is None else round(damaged["nll"], 4),
        "Calibration error, corrupted (points)": None if damaged is None else round(100 * damaged["ece"], 2),
    }
