"""The ablation in tables, and what stands with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.analyses.module import Caption, Tables
from core.analyses.pairing import hundredths

_ARMS = (
    "A row is an arm: the score by which a network was chosen. The mark is the mean over pairs of its holdout result "
    "minus that of choosing by validation accuracy only, with its 95 % interval; the orange square is the control, "
    "which chooses by validation loss. An interval that crosses 0 shows no difference, and one that does not may still "
    "be chance: eight arms are compared."
)
_CORRELATIONS = (
    "Grey: whether trials with more of the metric do better. Most metrics contain accuracy, so most do. Blue: whether "
    "they still do at equal validation accuracy; only that is news. Bars are 95 % intervals that draw whole pairs, "
    "and an orange mark holds after correction for six metrics."
)
_DIFFERENCE, _VALUE = ("mean", "low", "high"), ("value", "low", "high")
CAPTIONS = {
    "reselection_accuracy": Caption("Chosen anew from the stored trials: holdout accuracy", _ARMS),
    "reselection_nll": Caption("Chosen anew from the stored trials: holdout log loss", _ARMS),
    "new_runs_accuracy": Caption("Searches of their own: holdout accuracy", _ARMS),
    "new_runs_nll": Caption("Searches of their own: holdout log loss", _ARMS),
    "correlation_accuracy": Caption("What each metric tells about holdout accuracy", _CORRELATIONS),
    "correlation_nll": Caption(
        "What each metric tells about holdout log loss", f"{_CORRELATIONS} To the left is better: less loss."
    ),
}


def tables(result: dict[str, Any]) -> Tables:
    """Write every contrast and every correlation."""
    written = {"Arms chosen anew, against accuracy only": _contrasts(result["contrasts"])}
    if result["new_runs"]["status"] == "ok":
        written["Searches of their own, against accuracy only"] = _contrasts(result["new_runs"]["contrasts"])
    written["Metrics and the holdout"] = [_correlation(one) for one in result["correlations"]]
    return written


def _contrasts(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for one in found:
        accuracy = one["outcome"] == "accuracy"
        write = hundredths if accuracy else "{:+.4f}".format
        difference = [None if one["difference"][key] is None else write(one["difference"][key]) for key in _DIFFERENCE]
        rows.append(
            {
                "Chosen by": one["label"],
                "Outcome": f"{one['outcome_label']}{' (points)' if accuracy else ''}",
                "Difference": _interval(*difference),
                "p": _written(one["permutation"]["p"]),
                "p after Holm": _written(one["p_holm"]),
                "Hedges' g": _written(one["effect"]["g"], 2),
                "Same network": f"{one['same']} of {one['pairs']} pairs",
            }
        )
    return rows


def _correlation(one: Mapping[str, Any]) -> dict[str, Any]:
    written = {}
    for kind in ("plain", "partial"):
        found = one[kind] or {"value": None, "low": None, "high": None}
        written[kind] = _interval(*(None if found[key] is None else f"{found[key]:+.2f}" for key in _VALUE))
    return {
        "Metric": one["label"],
        "Outcome": one["outcome_label"],
        "Kendall's tau": written["plain"],
        "At equal validation accuracy": written["partial"],
        "p after Holm": _written(one["p_holm"]),
        "Trials": one["partial"]["n"] if one["partial"] else 0,
    }


def _interval(value: str | None, low: str | None, high: str | None) -> str:
    if value is None:
        return "not known"
    return (value if low is None else f"{value} ({low} to {high})").replace("-", "−")


def _written(value: float | None, digits: int = 3) -> str:
    return "not known" if value is None else f"{value:.{digits}f}".replace("-", "−")
