"""The statistics of a procedure comparison in words: each number with its name and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from core.study_numbers import NONE, Stored, p_value, points


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One number with its name and what it says."""

    name: str
    value: str
    text: str


def statistics(procedure: Stored) -> list[Statistic]:
    """Return the statistics of a procedure comparison in words."""
    return [
        _permutation(procedure["permutation"]),
        _wilcoxon(procedure["wilcoxon"]),
        _equivalence(procedure["equivalence"]),
        _effect(procedure["effect"]),
        _superiority(procedure["superiority"]),
        _detectable(procedure["detectable"]),
    ]


def _permutation(found: Stored) -> Statistic:
    text = (
        "How often chance alone gives a difference at least this large, if the mode made none. Below 0.05 counts as "
        "more than chance."
    )
    return Statistic(name="Paired permutation test", value=p_value(found["p"]), text=_with_limits(text, found))


def _wilcoxon(found: Stored) -> Statistic:
    text = "The same question, asked of ranks: a check that no single odd pair decides."
    return Statistic(name="Wilcoxon signed-rank test", value=p_value(found["p"]), text=_with_limits(text, found))


def _with_limits(text: str, found: Stored) -> str:
    if found["note"]:
        return f"{text} Here: {found['note']}."
    least = found["smallest_p"]
    text += f" {found['differing']} of {found['n']} pairs differ"
    if least is not None and least >= 0.05:
        return f"{text}; so few can give no p below {least:.2g}."
    return f"{text}."


def _equivalence(found: Stored) -> Statistic:
    answer = "yes" if found["equivalent"] else "not shown"
    text = (
        f"Can a difference of ±{100 * found['sesoi']:g} points be ruled out? Two one-sided tests; yes when p is below "
        f"{found['alpha']:g}. “Not shown” does not mean that there is a difference."
    )
    return Statistic(name="Equivalence (TOST)", value=f"{answer}, {p_value(found['p'])}", text=_noted(text, found))


def _effect(found: Stored) -> Statistic:
    value = NONE if found["g"] is None else f"{found['g']:+.2f}".replace("-", "−")
    if found["low"] is not None and found["high"] is not None:
        value += f" (95 %: {found['low']:+.2f} to {found['high']:+.2f})".replace("-", "−")
    text = (
        "The difference in units of the spread between runs. About 0.2 is called small, 0.8 large; above 0 favours "
        "health-aware."
    )
    return Statistic(name="Effect size (Hedges g)", value=value, text=_noted(text, found))


def _superiority(found: Stored) -> Statistic:
    if found["share"] is None:
        value = NONE
    else:
        low, high = f"{found['low']:.0%}", f"{found['high']:.0%}"
        value = f"{found['share']:.0%} (95 %: {low} to {high})".replace("%", " %").replace("  ", " ")
    text = (
        f"How often the health-aware run of a pair is ahead, ties half: {found['better']} ahead, {found['ties']} ties, "
        f"{found['worse']} behind. 50 % means neither is."
    )
    return Statistic(name="P(health-aware is better)", value=value, text=_noted(text, found))


def _detectable(found: Stored) -> Statistic:
    value = NONE if found["difference"] is None else f"{points(found['difference'])} points"
    text = (
        f"The smallest true difference that {found['n']} pairs with this spread find in {100 * found['power']:.0f} % "
        "of studies. Smaller ones may exist unseen."
    )
    return Statistic(name="Minimum detectable effect", value=value, text=_noted(text, found))


def _noted(text: str, found: Stored) -> str:
    return f"{text} Here: {found['note']}." if found["note"] else text
