"""What the module on distribution shift says in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.analyses.pairing import hundredths, sentence
from core.analyses.shift_families import in_sentence
from core.study_config import STUDY_MODES


def reading(result: Mapping[str, Any]) -> list[str]:
    """Return what the result of the module shows and how sure it is, in sentences."""
    by_measure = {one["measure"]: one for one in result["runs"]}
    names = ", ".join(in_sentence(family["label"]) for family in result["families"])
    lines = [
        sentence(by_measure[result["primary"]], hundredths, " points"),
        f"It was tried with one kind of shift: {names}."
        if len(result["families"]) == 1
        else f"This is the mean over {len(result['families'])} kinds of shift, each of which counts once: {names}.",
        _losses(by_measure["drop"]),
        *_robustness(result["effective_robustness"], by_measure["effective_robustness"]),
        _models(result),
    ]
    if "superclass_accuracy" in by_measure:
        lines.append(
            sentence(by_measure["superclass_accuracy"], hundredths, " points")
            + " Its rows are those of the holdout, so it is not part of the mean over shifts."
        )
    lines += [f"{family['label']}: {family['note']}" for family in result["families"] if family["note"]]
    lines += [f"Not applied: {in_sentence(one['label'])}: {one['reason']}." for one in result["not_applied"]]
    return [*lines, "The mean over the shifts is the claim tested; all other comparisons here are exploratory."]


def _losses(drop: Mapping[str, Any]) -> str:
    a, b = (drop[mode]["mean"] for mode in STUDY_MODES)
    lost = " and ".join(
        f"{100 * value:.2f} points ({mode.replace('_', '-')})"
        for mode, value in zip(STUDY_MODES, (a, b), strict=True)
        if value is not None
    )
    return f"Against clean rows the networks lose on average {lost}. {sentence(drop, hundredths, ' points')}"


def _robustness(found: Mapping[str, Any], compared: Mapping[str, Any]) -> list[str]:
    plain = "A higher accuracy there that only follows from a higher accuracy here is no robustness."
    if found["status"] != "ok":
        return [f"Effective robustness was not measured: {found['reason']}. {plain}"]
    line, rows = found["line"], found["rows"]
    return [
        sentence(compared, hundredths, " points"),
        f"{plain} What is expected is a line (of probits, R² {line['r2']:.2f}) through {line['n']} networks: "
        f"{found['fitted_on']}; at most {rows['most']:,} rows of each set.",
    ]


def _models(result: Mapping[str, Any]) -> str:
    a, b = result["models"]["a"], result["models"]["b"]
    labels = {family["name"]: in_sentence(family["label"]) for family in result["families"]}
    sure = {
        name: one["difference"]
        for name, one in result["difference"].items()
        if one["low"] is not None and not one["low"] <= 0 <= one["high"]
    }
    better = {side: [labels[name] for name, value in sure.items() if (value > 0) == (side == "B")] for side in "AB"}
    told = " and ".join(f"model {side} on {', '.join(names)}" for side, names in better.items() if names)
    shown = (
        f"On the same rows the 95 % interval leaves out 0 in favour of {told}"
        if told
        else ("On no kind of shift does the 95 % interval of their difference leave out 0")
    )
    return (
        f"Model A is right on {100 * a['shifted']:.1f} % under shift ({100 * a['clean']:.1f} % on the holdout), model "
        f"B on {100 * b['shifted']:.1f} % ({100 * b['clean']:.1f} %). {shown}."
    )
