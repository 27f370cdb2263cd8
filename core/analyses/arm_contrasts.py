"""How arms of the ablation do against accuracy only: pairs of outcomes in, differences and their certainty out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.stats import ALPHA, hedges_g, holm, mean_interval, paired_interval, permutation_test

OUTCOMES: dict[str, tuple[str, bool]] = {  # label, and whether less is better
    "accuracy": ("holdout accuracy", False),
    "nll": ("holdout log loss (NLL)", True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a network reached on the holdout. `key` tells networks apart."""

    key: str
    accuracy: float | None
    nll: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmOutcomes:
    """What an arm and accuracy only chose, by pair. They are compared where both chose."""

    key: str
    label: str
    chosen: Mapping[int, Outcome]
    reference: Mapping[int, Outcome]

    @property
    def same(self) -> list[int]:
        """The pairs in which both chose the same network."""
        both = self.chosen.keys() & self.reference.keys()
        return sorted(pair for pair in both if self.chosen[pair].key == self.reference[pair].key)


def contrasts(arms: Sequence[ArmOutcomes], outcome: str) -> list[dict[str, Any]]:
    """Compare every arm with accuracy only by one outcome, over pairs; Holm over all arms given.

    `difference` is arm minus accuracy only in the unit of the outcome (a share, nats); `gain` and `effect` are
    positive where the arm is better. `shown`: the interval leaves out 0 and p after Holm is below 0.05.
    """
    found = [_contrast(arm, outcome) for arm in arms]
    for one, p in zip(found, holm([one["permutation"]["p"] for one in found]), strict=True):
        gain = one["gain"]
        apart = gain["low"] is not None and not gain["low"] <= 0 <= gain["high"]
        one |= {"p_holm": p, "family": len(found), "shown": apart and p is not None and p < ALPHA}
    return found


def _contrast(arm: ArmOutcomes, outcome: str) -> dict[str, Any]:
    label, less = OUTCOMES[outcome]
    known = [
        (a, b)
        for pair, one in arm.chosen.items()
        if pair in arm.reference
        and (a := getattr(arm.reference[pair], outcome)) is not None
        and (b := getattr(one, outcome)) is not None
    ]
    a, b = [one for one, _ in known], [other for _, other in known]
    sign = -1.0 if less else 1.0
    gains = [sign * one for one in a], [sign * other for other in b]
    return {
        "arm": arm.key,
        "label": arm.label,
        "outcome": outcome,
        "outcome_label": label,
        "better": "less" if less else "more",
        "same": len(arm.same),
        "pairs": len(known),
        "mean": asdict(mean_interval(b)),
        "reference": asdict(mean_interval(a)),
        "difference": asdict(paired_interval(a, b)),
        "gain": asdict(paired_interval(*gains)),
        "permutation": asdict(permutation_test(a, b)),
        "effect": asdict(hedges_g(*gains)),
    }


def ranking(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the arms from the highest mean gain to the lowest; accuracy only gains 0 by definition.

    A rank is no verdict: neighbours mostly differ by chance.
    """
    known = [(one["gain"]["mean"], one["arm"]) for one in found if one["gain"]["mean"] is not None]
    return [arm for _, arm in sorted([*known, (0.0, "accuracy_only")], key=lambda one: -one[0])]
