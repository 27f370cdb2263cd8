"""The five claims of a study, fixed before its data: each judged on its own measure, all of them corrected together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.stats import (
    ALPHA,
    MeanInterval,
    Outcome,
    Wording,
    holm,
    paired_interval,
    pairs_for_significance,
    tost,
    verdict,
)
from core.study_config import STUDY_MODES

RELATIVE_SESOI = 0.05  # of the accuracy-only mean: what matters where no difference in points was fixed
FIRST = "generalization"
State = Literal["measured", "not run", "unmeasurable"]
Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed, which module measures it, and how a difference in it is written."""

    module: str
    label: str
    statement: str
    where: str  # as the end of "Health-aware is better …"
    unit: str = "points"
    scale: float = 100.0


CLAIMS: tuple[Claim, ...] = (
    Claim(
        module=FIRST,
        label="New data",
        statement="Health-aware networks are more accurate on the untouched holdout.",
        where="on held-out data",
    ),
    Claim(
        module="robustness",
        label="Damaged data",
        statement="They keep more of their accuracy when the data are corrupted.",
        where="on corrupted data",
    ),
    Claim(
        module="distribution_shift",
        label="Shifted data",
        statement="They are more accurate when the data come from elsewhere.",
        where="on shifted data",
    ),
    Claim(
        module="calibration",
        label="Honest confidence",
        statement="Their probabilities are closer to the truth (log loss).",
        where="in log loss",
        unit="",
        scale=1.0,
    ),
    Claim(
        module="transfer",
        label="Foreign data",
        statement="What they have learned serves better on other data sets.",
        where="in transfer to foreign data",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is known of a claim. `gain`: paired difference, positive where health-aware is better.

    `p` is that of the permutation test, `adjusted` after Holm over the family. `outcome` and `winner` as in a
    `Verdict`; None while nothing is measured, and then `sentence` says why.
    """

    claim: Claim
    state: State
    sentence: str
    measure: str | None = None
    gain: MeanInterval | None = None
    p: float | None = None
    adjusted: float | None = None
    outcome: Outcome | None = None
    winner: str | None = None


def judge(results: Results, sesoi: float) -> tuple[Finding, ...]:
    """Judge all claims by the stored results of a study; `sesoi` is that of accuracy on the holdout, a share.

    The family of Holm's correction is all claims that these data can answer: one whose module has not run yet counts
    as well, so that running fewer modules makes no claim easier; one that cannot be measured here does not.
    """
    states = [_state(claim, results) for claim in CLAIMS]
    family = [place for place, (state, _) in enumerate(states) if state != "unmeasurable"]
    rows = {place: _comparison(CLAIMS[place], results) for place in family if states[place][0] == "measured"}
    p_values = [rows[place]["p"] if place in rows else None for place in family]
    adjusted = dict(zip(family, holm(p_values), strict=True))
    return tuple(
        _finding(claim, rows[place], adjusted[place], sesoi)
        if place in rows
        else Finding(claim=claim, state=states[place][0], sentence=states[place][1])
        for place, claim in enumerate(CLAIMS)
    )


def current(results: Results, module: str) -> bool:
    """Return whether a module's result is of the networks that the study has now."""
    if module == FIRST:
        return FIRST in results
    return module in results and results[module].get("fingerprint") == results[FIRST]["opening"]["networks"]


def family_size(findings: tuple[Finding, ...]) -> int:
    """Return how many claims the p values are corrected for."""
    return sum(finding.state != "unmeasurable" for finding in findings)


def family_note(findings: tuple[Finding, ...], pairs: int) -> str:
    """Say what the correction was made for, and whether so many pairs can show anything at all."""
    size = family_size(findings)
    needed = pairs_for_significance(ALPHA / size) if size else 0
    text = (
        f"All p values are corrected for {size} claims made together (Holm), so that the chance of any false claim "
        f"stays below {100 * ALPHA:.0f} %."
    )
    if pairs < needed:
        text += (
            f" {pairs} pairs cannot show a single claim after that, whatever the data say: it takes {needed} pairs "
            "that all point the same way."
        )
    return text


def _state(claim: Claim, results: Results) -> tuple[State, str]:
    result = results.get(claim.module)
    if result is None:
        return "not run", "Not measured yet: run this analysis."
    if not current(results, claim.module):
        return "not run", "Measured for networks that the study no longer has: run this analysis again."
    if result["status"] == "failed":
        return "not run", f"The analysis failed: {result['reason']}"
    if result["status"] != "ok":
        return "unmeasurable", f"It cannot be measured here: {result['reason']}"
    if claim.module != FIRST and _primary(result) is None:
        return "unmeasurable", "It cannot be measured here: no run has the number that the claim is about."
    return "measured", ""


def _primary(result: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the one comparison of a module that the claim is about."""
    for one in result["runs"]:
        if not one.get("exploratory", True) and one["measure"] == result["primary"] and one["difference"]["n"]:
            found: Mapping[str, Any] = one
            return found
    return None


def _comparison(claim: Claim, results: Results) -> dict[str, Any]:
    """Return label, p and both modes' values in pairs, more is better."""
    result = results[claim.module]
    if claim.module == FIRST:
        pairs = [tuple(pair[mode]["holdout"] for mode in STUDY_MODES) for pair in result["pairs"]]
        label, p, sign = "accuracy on the holdout", result["procedure"]["permutation"]["p"], 1.0
    else:
        row = _primary(result) or {}
        first, second = (row["values"][mode] for mode in STUDY_MODES)
        pairs = [(first[pair], second[pair]) for pair in first if pair in second]
        label, p, sign = row["label"], row["permutation"]["p"], -1.0 if row["better"] == "less" else 1.0
    known = [(sign * a, sign * b) for a, b in pairs if a is not None and b is not None]
    return {"label": label, "p": p, "a": [a for a, _ in known], "b": [b for _, b in known]}


def _finding(claim: Claim, row: Mapping[str, Any], adjusted: float | None, sesoi: float) -> Finding:
    a, b = row["a"], row["b"]
    gain = paired_interval(a, b)
    bound = sesoi if claim.module == FIRST else RELATIVE_SESOI * abs(sum(a) / len(a))
    words = Wording(where=claim.where, unit=claim.unit, scale=claim.scale)
    found = verdict(gain, tost(a, b, sesoi=max(bound, 1e-6)), adjusted, wording=words)
    return Finding(
        claim=claim,
        state="measured",
        sentence=found.sentence,
        measure=row["label"],
        gain=gain,
        p=row["p"],
        adjusted=adjusted,
        outcome=found.outcome,
        winner=found.winner,
    )


def recommend(findings: tuple[Finding, ...], *, reused_holdout: bool = False) -> list[str]:
    """Say what follows for somebody who has to choose a mode: nothing that the findings do not hold."""
    measured = [one for one in findings if one.state == "measured"]
    for_health = [one.claim.label.lower() for one in measured if one.winner == Wording().subject]
    against = [one.claim.label.lower() for one in measured if one.winner == Wording().rival]
    same = [one.claim.label.lower() for one in measured if one.outcome == "equivalent"]
    lines = [_advice(for_health, against, same, len(measured))]
    open_ones = [one.claim.label.lower() for one in measured if one.outcome == "undecided"]
    if open_ones:
        lines.append(f"Still open: {_listed(open_ones)}. More pairs of runs would tell; a larger data set helps too.")
    missing = [one.claim.label.lower() for one in findings if one.state == "not run"]
    if missing:
        lines.append(f"Not measured yet: {_listed(missing)}.")
    if reused_holdout:
        lines.append("The holdout was opened before for other networks, so all of this is a hint and no proof.")
    return lines


def _advice(for_health: list[str], against: list[str], same: list[str], measured: int) -> str:
    if for_health and against:
        return (
            f"It is a trade: health-aware search is better for {_listed(for_health)}, accuracy-only for "
            f"{_listed(against)}. Choose by which of them matters to you."
        )
    if for_health:
        return f"Search health-aware: it was shown to be better for {_listed(for_health)}, and worse for nothing."
    if against:
        return f"Search by accuracy alone: it was shown to be better for {_listed(against)}, and worse for nothing."
    if measured and len(same) == measured:
        return f"Either mode will do: for {_listed(same)} they differ by less than matters. Accuracy alone is simpler."
    return (
        "No recommendation for either mode: no difference was shown that is large enough to matter. Accuracy alone is "
        "the simpler choice until more is known."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
