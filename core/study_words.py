"""What the comparison of a study says, in sentences. Bold and slanted words are marked as in Markdown."""

from __future__ import annotations

from typing import Literal

from core.claims import FIRST, Results, family_size, judge
from core.study_numbers import Stored, count, difference_cell, p_value, points

Colour = Literal["green", "orange", "blue"]


def headline(results: Results, sesoi: float) -> tuple[str, Colour]:
    """Return the verdict on the holdout in a few words, and the colour of its badge.

    A winner only when the verdict names one, also as one of all claims of the study, and when nobody can have chosen
    by an earlier look at the holdout. `results`: all of a study; `sesoi` is its.
    """
    result = results[FIRST]
    verdict, difference = result["procedure"]["verdict"], result["procedure"]["difference"]
    if verdict["winner"] and (result["reused_holdout"] or alone(results, sesoi)):
        return f"{verdict['winner']} seems ahead", "blue"
    if verdict["winner"]:
        return f"Winner: {verdict['winner']}", "green" if verdict["outcome"] == "better" else "orange"
    if verdict["outcome"] == "equivalent":
        return "Equivalent: no winner, and none needed", "blue"
    if verdict["difference_shown"]:
        return "A difference, but its size is open", "blue"
    low, high = difference["low"], difference["high"]
    if low is None or high is None or not low <= 0 <= high:
        return "Undecided", "blue"
    return "No difference shown", "blue"


def alone(results: Results, sesoi: float) -> str | None:
    """Say so where a winner is named on the holdout by itself, and not as one of the study's claims; else None."""
    if results[FIRST]["procedure"]["verdict"]["winner"] is None:
        return None
    claims = judge(results, sesoi)
    first = next(one for one in claims if one.claim.module == FIRST)
    if first.winner is not None:
        return None
    return (
        f"This holds for the holdout taken alone ({p_value(first.p)}). It is one of {family_size(claims)} claims that "
        f"the study makes, and corrected for all of them (Holm: {p_value(first.adjusted)}) it is not shown. "
        "More pairs of runs would tell."
    )


def meaning(result: Stored) -> str:
    """Say what the verdict means for whoever has to choose, and what the pairs were."""
    verdict, detectable = result["procedure"]["verdict"], result["procedure"]["detectable"]
    same = sum(pair["same_network"] for pair in result["pairs"])
    parts = []
    if same:
        parts.append(
            f"In {same} of {len(result['pairs'])} pairs both modes kept the same network, so their difference is 0."
        )
    if verdict["winner"] is None and verdict["outcome"] == "undecided" and detectable["difference"]:
        parts.append(
            f"With this spread, {detectable['n']} pairs find {100 * detectable['power']:.0f} % of all differences of "
            f"{points(detectable['difference'])} points; more runs find smaller ones."
        )
    elif verdict["outcome"] == "equivalent":
        parts.append("Choosing either mode costs nothing that matters, on these data and with so many trials.")
    return " ".join(parts)


def mcnemar_rows(models: Stored) -> list[dict[str, str]]:
    """Return the table of rows by who is right."""
    test = models["mcnemar"]
    right_a = round(models["a"]["holdout"] * test["n"])
    both = right_a - test["only_a"]
    neither = test["n"] - both - test["only_a"] - test["only_b"]
    return [
        {"Rows": "A right", "B right": f"{both:,}", "B wrong": f"{test['only_a']:,}"},
        {"Rows": "A wrong", "B right": f"{test['only_b']:,}", "B wrong": f"{neither:,}"},
    ]


def mcnemar_text(found: Stored) -> str:
    """Say what the test of the two networks answers."""
    text = f"**McNemar's exact test: {p_value(found['p'])}.** "
    if found["note"]:
        return f"{text}Here: {found['note']}."
    return (
        f"{text}Only the {found['only_a'] + found['only_b']} rows on which one network alone is right can tell them "
        "apart: how often would a coin share them out at least this unevenly?"
    )


def bootstrap_text(found: Stored) -> str:
    """Say how far the two networks are apart."""
    cell = difference_cell({**found, "mean": found["difference"]})
    text = f"**B minus A: {cell} points** (95 % bootstrap interval over {count(found['n'], 'row')})."
    return f"{text} Here: {found['note']}." if found["note"] else text


def detectable_text(found: Stored) -> str:
    """Say how large a difference so many rows can show."""
    if found["detectable"] is None:
        return f"How small a difference these rows could show cannot be told: {found['note']}."
    return (
        f"With {count(found['n'], 'row')}, a true difference of {points(found['detectable'])} points is found in "
        f"{100 * found['power']:.0f} % of the cases."
    )


def gain_text(curve: Stored, weight: float) -> str:
    """Say what the study's own weight, or the one closest to it, would have gained on test data."""
    index = min(range(len(curve["weights"])), key=lambda place: abs(curve["weights"][place] - weight))
    gain = points(curve["gain"][index], sign=True)
    interval = ""
    if curve["gain_low"] is not None and curve["gain_high"] is not None:
        low, high = (points(curve[name][index], sign=True) for name in ("gain_low", "gain_high"))
        interval = f" (95 %: {low} to {high})"
    return (
        f"At the weight {curve['weights'][index]:.2f} the picks gain {gain} points on test data over those by accuracy "
        f"alone{interval}, n = {curve['runs']} pairs; in {curve['changed'][index]} of them another network is picked."
    )
