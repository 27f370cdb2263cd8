"""What robustness found, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from core.analyses.pairing import hundredths, sentence
from core.figures.mode_looks import MODE_LABELS
from core.study_config import STUDY_MODES


def reading(result: Mapping[str, Any]) -> list[str]:
    """Return what the module found, in sentences."""
    primary = result["primary"]
    by_measure = {one["measure"]: one for one in result["runs"]}
    known = [one for one in result["corruptions"] if one["grid"] == "published"]
    lines = [sentence(by_measure[primary], hundredths, " points"), _fall(by_measure["clean"], by_measure[primary])]
    worst = min(known, key=lambda one: _both(one["mean"]))
    best = max(known, key=lambda one: _both(one["mean"]))
    lines.append(
        f"Of {len(known)} corruptions “{worst['label']}” costs most (mean accuracy {_percent(_both(worst['mean']))}) "
        f"and “{best['label']}” least ({_percent(_both(best['mean']))})."
    )
    lines.append(
        sentence(by_measure["relative"], hundredths, " points")
        + " A mode that is better on damaged rows only as far as it is on clean ones does not gain here."
    )
    if "asked_score" in by_measure:
        lines.append(sentence(by_measure["asked_score"], hundredths, " points") + f" It is {result['asked']['note']}.")
    else:
        lines.append(f"Score that was asked for: {result['asked']['note']}.")
    errors = sentence(by_measure["corruption_error"], "{:+.3f}".format)
    lines.append(f"{errors} 1 is {result['reference']['name']}, and less is better.")
    lines.append(_models(result))
    if result["rows_note"]:
        lines.append(f"Asked about {result['rows_note']}.")
    return [*lines, "The mean accuracy on corrupted rows is the claim tested; all other comparisons are exploratory."]


def _fall(clean: Mapping[str, Any], corrupted: Mapping[str, Any]) -> str:
    falls = [
        f"from {_percent(clean[mode]['mean'])} on clean rows to {_percent(corrupted[mode]['mean'])} "
        f"({MODE_LABELS[mode].lower()})"
        for mode in STUDY_MODES
        if corrupted[mode]["mean"] is not None
    ]
    if not falls:
        return "No pair of runs has networks to compare."
    return f"Over all corruptions in five strengths each, all counted alike, accuracy goes {' and '.join(falls)}."


def _models(result: Mapping[str, Any]) -> str:
    found = result["difference"]
    start = f"Model B minus model A on the same corrupted rows: {_points(found['difference'])} points"
    if found["low"] is None and found["difference"] == 0:
        return "Model A and model B are right equally often on every single row, so nothing tells them apart."
    if found["low"] is None:
        return f"{start}; {found['note']}."
    apart = not found["low"] <= 0 <= found["high"]
    better = f"model {'B' if found['difference'] > 0 else 'A'} is better" if apart else "no difference was shown"
    interval = f"95 % interval {_points(found['low'])} to {_points(found['high'])}, {found['n']:,} rows"
    return f"{start} ({interval}): {better}. That is about these two models, not about the modes."


def _both(means: Mapping[str, Mapping[str, Any]]) -> float:
    return fmean(one["mean"] for one in means.values() if one["mean"] is not None)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    return hundredths(share).replace("-", "−")
