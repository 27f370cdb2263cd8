"""What each health metric goes with on the holdout: plainly, and at equal validation accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from core.analyses.arm_contrasts import OUTCOMES, Outcome
from core.analyses.arms import METRIC_NAMES, Pools
from core.health import METRICS
from core.stats import ALPHA, holm, kendall_tau, partial_spearman
from core.study_networks import PoolTrial


def correlations(
    sampled: Sequence[PoolTrial], outcomes: Mapping[str, Outcome], outcome: str, seed: int
) -> list[dict[str, Any]]:
    """Correlate every metric with an outcome: plainly, and among trials of equal validation accuracy; Holm over 6."""
    label, less = OUTCOMES[outcome]
    found = []
    for metric in METRIC_NAMES:
        rows = [
            (value, reached, trial.validation, trial.pair)
            for trial in sampled
            if (value := trial.components.get(metric)) is not None
            and (reached := getattr(outcomes[trial.name], outcome)) is not None
        ]
        one: dict[str, Any] = {"metric": metric, "label": METRICS[metric].label, "outcome": outcome}
        one |= {"outcome_label": label, "better": "less" if less else "more", "plain": None, "partial": None}
        if rows:
            x, y, given, pairs = map(list, zip(*rows, strict=True))
            one["plain"] = asdict(kendall_tau(x, y, pairs, seed=seed))
            one["partial"] = asdict(partial_spearman(x, y, given, pairs, seed=seed))
        found.append(one)
    for one, p in zip(found, holm([one["partial"] and one["partial"]["p"] for one in found]), strict=True):
        partial = one["partial"] or {"value": None, "low": None, "high": None}
        shown = (
            p is not None and p < ALPHA and partial["low"] is not None and not partial["low"] <= 0 <= partial["high"]
        )
        helps = shown and (partial["value"] < 0) == less
        one |= {"p_holm": p, "family": len(found), "shown": shown, "helps": helps}
    return found


def sample(pools: Pools, most: int, seed: int) -> list[PoolTrial]:
    """Return all trials, or where there are more than `most` a random choice, as many of each pair as of any other.

    Which arms pick a trial plays no part, so that the sample stands for all.
    """
    shuffled = [
        [trials[place] for place in np.random.default_rng([seed, pair]).permutation(len(trials))]
        for pair, trials in sorted(pools.items())
    ]
    deepest = max(map(len, shuffled))
    in_turn = [trials[depth] for depth in range(deepest) for trials in shuffled if depth < len(trials)]
    chosen = {trial.name for trial in in_turn[: max(most, 0)]}
    return [trial for _, trials in sorted(pools.items()) for trial in trials if trial.name in chosen]
