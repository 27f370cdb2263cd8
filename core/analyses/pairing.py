"""A number of every network, compared between the modes: in pairs, with intervals, test and effect size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.stats import hedges_g, mean_interval, paired_interval, permutation_test

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

Values = Mapping[str, float | None]


def compare_runs(
    context: AnalysisContext, values: Values, *, label: str, less_is_better: bool = False
) -> dict[str, Any]:
    """Compare the modes by one number per network (by its name); a pair of which one half is None is left out.

    `difference` is health-aware minus accuracy-only in the unit of the numbers. `gain` and `effect` are positive where
    health-aware is better: the difference with its sign turned when `less_is_better`.
    """
    pairs = [(values[one.name], values[other.name]) for one, other in context.pairs]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    a, b = [one for one, _ in known], [other for _, other in known]
    sign = -1.0 if less_is_better else 1.0
    gains = [sign * one for one in a], [sign * other for other in b]
    return {
        "label": label,
        "better": "less" if less_is_better else "more",
        "accuracy_only": asdict(mean_interval(a)),
        "health_aware": asdict(mean_interval(b)),
        "difference": asdict(paired_interval(a, b)),
        "gain": asdict(paired_interval(*gains)),
        "permutation": asdict(permutation_test(a, b)),
        "effect": asdict(hedges_g(*gains)),
        "values": {
            mode: {str(one.pair): values[one.name] for one in ones if values[one.name] is not None}
            for mode, ones in context.networks.items()
        },
    }


def sentence(found: Mapping[str, Any], write: Callable[[float], str] = "{:+.3f}".format) -> str:
    """Say in plain words what a comparison shows and how sure it is. `write` writes a difference."""
    difference, p = found["difference"], found["permutation"]["p"]
    name = found["label"][0].upper() + found["label"][1:]
    if difference["mean"] is None:
        return f"{name}: no pair of runs has it, so the modes cannot be compared."
    means = f"{name}: health-aware minus accuracy-only {write(difference['mean'])}"
    if difference["low"] is None or p is None:
        return f"{means} over {_pairs(difference['n'])}; {difference['note'] or 'nothing more can be said'}."
    low, high, gain = difference["low"], difference["high"], found["gain"]
    if gain["low"] > 0:
        judged = "health-aware is better"
    elif gain["high"] < 0:
        judged = "accuracy-only is better"
    else:
        judged = "no difference was shown"
    return (
        f"{means} (95 % interval {write(low)} to {write(high)}, permutation p = {p:.3f}, {_pairs(difference['n'])}): "
        f"{judged}."
    )


def points(share: float) -> str:
    """Write a difference of shares in percentage points.

    >>> points(-0.0123)
    '-1.23 points'
    """
    return f"{100 * share:+.2f} points"


def _pairs(n: int) -> str:
    return "1 pair" if n == 1 else f"{n} pairs"
