"""A number of every network, compared between the modes: in pairs, with intervals, test and effect size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.stats import (
    ALPHA,
    hedges_g,
    mean_interval,
    paired_interval,
    pairs_for_significance,
    permutation_test,
)

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

Values = Mapping[str, float | None]


def compare_runs(
    context: AnalysisContext, values: Values, *, label: str, less_is_better: bool = False
) -> dict[str, Any]:
    """Compare the modes by one number per network (by its name); a pair of which one half is None is left out.

    `difference` is health-aware minus accuracy-only in the unit of the numbers. `gain` and `effect` are positive where
    health-aware is better: the difference with its sign turned when `less_is_better`. `shown`: the interval of the
    difference leaves out 0 and the test agrees, as for a verdict.
    """
    pairs = [(values[one.name], values[other.name]) for one, other in context.pairs]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    a, b = [one for one, _ in known], [other for _, other in known]
    sign = -1.0 if less_is_better else 1.0
    gains = [sign * one for one in a], [sign * other for other in b]
    gain, test = paired_interval(*gains), permutation_test(a, b)
    apart = gain.low is not None and gain.high is not None and not gain.low <= 0 <= gain.high
    return {
        "label": label,
        "better": "less" if less_is_better else "more",
        "accuracy_only": asdict(mean_interval(a)),
        "health_aware": asdict(mean_interval(b)),
        "difference": asdict(paired_interval(a, b)),
        "gain": asdict(gain),
        "permutation": asdict(test),
        "shown": apart and test.p is not None and test.p < ALPHA,
        "effect": asdict(hedges_g(*gains)),
        "values": {
            mode: {str(one.pair): values[one.name] for one in ones if values[one.name] is not None}
            for mode, ones in context.networks.items()
        },
    }


def sentence(found: Mapping[str, Any], write: Callable[[float], str] = "{:+.3f}".format, unit: str = "") -> str:
    """Say in plain words what a comparison shows and how sure it is. `write` writes a number."""
    difference, p, n = found["difference"], found["permutation"]["p"], found["difference"]["n"]
    name = found["label"][0].upper() + found["label"][1:]
    if difference["mean"] is None:
        return f"{name}: no pair of runs has it, so the modes cannot be compared."

    def minus(value: float) -> str:
        return write(value).replace("-", "−")

    mean = minus(difference["mean"])
    pairs = "1 pair" if n == 1 else f"{n} pairs"
    if difference["low"] is None or p is None:
        why = difference["note"] or "nothing more can be said"
        return f"{name}: health-aware minus accuracy-only {mean}{unit} over {pairs}; {why}."
    interval = f"95 % interval {minus(difference['low'])} to {minus(difference['high'])}"
    judged = "no difference was shown"
    if found["shown"]:
        judged = f"{'health-aware' if found['gain']['mean'] > 0 else 'accuracy-only'} is better"
    elif n < (needed := pairs_for_significance(ALPHA)):
        judged = f"{judged}, which takes {needed} pairs at least"
    sure = f"{interval}, permutation p = {p:.3f}, {pairs}"
    return f"{name}: health-aware minus accuracy-only {mean}{unit} ({sure}): {judged}."


def hundredths(share: float) -> str:
    """Write a difference of shares in percentage points, without the word.

    >>> hundredths(-0.0123)
    '-1.23'
    """
    return f"{100 * share:+.2f}"
