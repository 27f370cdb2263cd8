"""What the ablation shows, in plain sentences: what was shown, how sure it is, and that nothing was where it is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.analyses.arms import CONTROL
from core.analyses.pairing import hundredths
from core.stats import ALPHA, pairs_for_significance

FEW_TRIALS = 25  # of a pool; below that, arms have little to choose from
_SHARES_LOSS = "convergence_quality"
Contrasts = Sequence[Mapping[str, Any]]


def reading(result: Mapping[str, Any]) -> list[str]:
    """Return the sentences of a finished result."""
    pool = result["pool"]
    of_each = f"{pool['fewest']}" if pool["fewest"] == pool["most"] else f"{pool['fewest']} to {pool['most']}"
    lines = [
        f"Each arm chose its best network from the {of_each} stored trials of each of {pool['pairs']} pairs, by its "
        "own score of validation data; the choices were tried on the holdout.",
        _sameness(result["contrasts"], pool),
        _of_metrics(_with(result["contrasts"], "accuracy"), "Choosing anew"),
        _of_loss(_with(result["contrasts"], "nll")),
        _of_control(_with(result["contrasts"], "accuracy"), pool),
        *_of_correlations(result["correlations"], pool),
        _of_runs(result["new_runs"]),
    ]
    return [*(line for line in lines if line), "All of this is exploratory: it can suggest, but does not show."]


def _with(found: Contrasts, outcome: str) -> list[Mapping[str, Any]]:
    return [one for one in found if one["outcome"] == outcome]


def _sameness(found: Contrasts, pool: Mapping[str, Any]) -> str:
    same = [one["same"] for one in _with(found, "accuracy") if one["arm"] != CONTROL]
    if not same:
        return ""
    pairs, least, most = pool["pairs"], min(same), max(same)
    if least == pairs:
        why = "; with one trial there is no choice" if pool["most"] == 1 else ""
        return f"Every arm of health metrics chose the same network as accuracy only in all {pairs} pairs{why}."
    often = f"{least}" if least == most else f"{least} to {most}"
    few = ", and with so few trials there is little to choose from" if pool["most"] < FEW_TRIALS else ""
    return (
        f"The arms of health metrics chose the same network as accuracy only in {often} of {pairs} pairs{few}; only "
        "the other pairs can tell them apart."
    )


def _of_metrics(found: Contrasts, how: str) -> str:
    """Say which arms beat or lose to accuracy only on the holdout, or that none was shown to."""
    arms = [one for one in found if one["arm"] != CONTROL]
    shown = [one for one in arms if one["shown"]]
    if shown:
        lines = [f"{how} by {one['label']}: {_difference(one)}." for one in shown]
        helped = any(one["gain"]["mean"] > 0 for one in shown)
        return " ".join(lines if helped else [*lines, "No metric was shown to help."])
    known = [one for one in arms if one["gain"]["mean"] is not None]
    if not known:
        return f"{how}: no arm could be compared with accuracy only."
    best = max(known, key=lambda one: one["gain"]["mean"])
    family = arms[0]["family"]
    text = f"{how}: no metric was shown to help (or to harm) accuracy on the holdout, after Holm over {family}"
    needed = pairs_for_significance(ALPHA / family)
    if best["gain"]["mean"] > 0:
        text += f"; the highest mean is that of {best['label']}, {_numbers(best)}"
    if max(one["permutation"]["differing"] for one in known) < needed:
        text += f"; to be shown, a difference takes {needed} pairs at least in which the outcomes differ"
    return f"{text}."


def _of_loss(found: Contrasts) -> str:
    shown = [one for one in found if one["shown"]]
    return " ".join(f"Choosing anew by {one['label']}: {_difference(one)}." for one in shown)


def _of_control(found: Contrasts, pool: Mapping[str, Any]) -> str:
    control = next((one for one in found if one["arm"] == CONTROL), None)
    if control is None or control["gain"]["mean"] is None:
        return "The control, choosing by validation loss, could not be compared: no validation losses are stored."
    found_by = _numbers(control)
    if control["same"] == pool["pairs"]:
        found_by = f"the same network as by accuracy only in all {pool['pairs']} pairs"
    missing = pool["losses_missing"]
    left_out = f" {missing} trials without a stored validation loss were left out." if missing else ""
    return (
        f"The control, choosing by the lowest validation loss without any health metric: {found_by}. A metric "
        f"that does no better than that has little of its own to say.{left_out}"
    )


def _of_correlations(found: Contrasts, pool: Mapping[str, Any]) -> list[str]:
    of = f"{pool['sampled']} trials" + (f", drawn from {pool['trials']}" if pool["sampled"] < pool["trials"] else "")
    needed = pairs_for_significance(ALPHA / found[0]["family"])
    few = f"; to be shown, it takes {needed} pairs at least" if pool["pairs"] < needed else ""
    lines = []
    for outcome in dict.fromkeys(one["outcome"] for one in found):
        ones = _with(found, outcome)
        name = ones[0]["outcome_label"]
        shown = [one for one in ones if one["shown"]]
        if not shown:
            lines.append(
                f"At equal validation accuracy, over {of}, no metric was shown to go with {name} (partial rank "
                f"correlation, Holm over {ones[0]['family']}{few})."
            )
            continue
        parts = [f"{one['label'].lower()} {_correlation(one)}" for one in shown]
        line = f"At equal validation accuracy, over {of}, these go with {name}: {'; '.join(parts)}."
        if any(one["metric"] == _SHARES_LOSS for one in shown):
            line += " Convergence quality is computed from the validation loss, so hold it to the control."
        lines.append(line)
    return lines


def _of_runs(found: Mapping[str, Any]) -> str:
    if found["status"] != "ok":
        begun = len(found["unfinished"])
        more = f"; {begun} have begun, and the same command continues them" if begun else ""
        return f"New searches by single metrics: {found['reason']}{more}."
    counts = [str(count) for count in found["trials"]]
    scale = f"Searches of their own ({' or '.join(counts)} trials, {len(found['pairs'])} pairs)"
    return _of_metrics(_with(found["contrasts"], "accuracy"), scale)


def _difference(one: Mapping[str, Any]) -> str:
    side = "better than" if one["gain"]["mean"] > 0 else "worse than"
    return f"{one['outcome_label']} {side} accuracy only, {_numbers(one)}, p = {one['p_holm']:.3f} after Holm"


def _numbers(one: Mapping[str, Any]) -> str:
    """Write a difference with its interval: points of accuracy, or nats of log loss."""
    shares = one["outcome"] == "accuracy"
    write, unit = (hundredths, " points") if shares else ("{:+.4f}".format, "")
    difference = one["difference"]
    mean = write(difference["mean"]).replace("-", "−") + unit
    pairs = "1 pair" if difference["n"] == 1 else f"{difference['n']} pairs"
    if difference["low"] is None:
        return f"{mean} over {pairs}"
    low, high = (write(difference[key]).replace("-", "−") for key in ("low", "high"))
    return f"{mean} (95 % interval {low} to {high}, {pairs})"


def _correlation(one: Mapping[str, Any]) -> str:
    value, low, high = (f"{one['partial'][key]:+.2f}".replace("-", "−") for key in ("value", "low", "high"))
    return f"{value} (95 % interval {low} to {high}, p = {one['p_holm']:.3f} after Holm)"
