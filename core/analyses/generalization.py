"""Module 1: do the networks of the health-aware mode do better on rows that no training and no choice has seen?

Two questions, never mixed: of the *procedure* (n runs of one mode against n of the other, in pairs) and of the two
*models* that stand for their modes (the same rows, one by one). The first decides the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from core.analyses.evaluation import Predictions
from core.errors import LabError
from core.stats import (
    RunTrials,
    bootstrap_difference,
    detectable_accuracy,
    detectable_effect,
    hedges_g,
    mcnemar,
    mean_interval,
    paired_interval,
    permutation_test,
    reselection_curve,
    superiority,
    tost,
    verdict,
    wilcoxon_test,
    wilson_interval,
)
from core.study_networks import Networks, StudyNetwork, selected

MEASURES: dict[str, str] = {
    "train": "Training rows",
    "validation": "Validation (chose the network)",
    "test": "Test (reported, never chose)",
    "holdout": "Holdout (opened now)",
    "optimism": "Selection optimism: validation − holdout",
    "gap": "Train − holdout gap",
}
_Measure = Callable[[StudyNetwork, float], float | None]
_OF: dict[str, _Measure] = {
    "train": lambda network, _: network.train,
    "validation": lambda network, _: network.validation,
    "test": lambda network, _: network.test,
    "holdout": lambda _, holdout: holdout,
    "optimism": lambda network, holdout: network.validation - holdout,
    "gap": lambda network, holdout: None if network.train is None else network.train - holdout,
}


def analyse(
    networks: Networks, predictions: Mapping[str, Predictions], pools: Sequence[RunTrials], *, sesoi: float, seed: int
) -> dict[str, Any]:
    """Compare the two modes on the holdout; JSON types only. `pools`: all trials of each pair, for the curve.

    Raises LabError with fewer than two complete pairs.
    """
    first = {one.pair: one for one in networks["accuracy_only"]}
    second = {one.pair: one for one in networks["health_aware"]}
    pairs = sorted(first.keys() & second.keys())
    if len(pairs) < 2:
        raise LabError(f"{len(pairs)} complete pair of runs is too few to compare; resume the study until it has more")
    holdout = {name: found.accuracy for name, found in predictions.items()}
    columns = {
        name: (
            [measure(first[pair], holdout[first[pair].name]) for pair in pairs],
            [measure(second[pair], holdout[second[pair].name]) for pair in pairs],
        )
        for name, measure in _OF.items()
    }
    table = [_row(name, *values) for name, values in columns.items()]
    procedure = _procedure(*_known(*columns["holdout"]), sesoi)
    same = [_same(first[pair], second[pair]) for pair in pairs]
    if all(same):
        text = f"No difference to show: both modes kept the same network in all {len(pairs)} pairs."
        procedure["verdict"] |= {"sentence": text}
    return {
        "status": "ok",
        "holdout_rows": len(next(iter(predictions.values())).labels),
        "pairs": [
            {
                "pair": pair,
                "accuracy_only": _network(first[pair], holdout),
                "health_aware": _network(second[pair], holdout),
                "same_network": equal,
            }
            for pair, equal in zip(pairs, same, strict=True)
        ],
        "table": table,
        "procedure": procedure,
        "models": _models(networks, predictions, seed),
        "reselection": asdict(reselection_curve(pools, seed=seed)) if pools else None,
    }


def _same(one: StudyNetwork, other: StudyNetwork) -> bool:
    return one.pair == other.pair and one.trial == other.trial and one.params == other.params


def _known(a: Sequence[float | None], b: Sequence[float | None]) -> tuple[list[float], list[float]]:
    """Keep the pairs of which both values were measured."""
    both = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    return [x for x, _ in both], [y for _, y in both]


def _row(name: str, a: Sequence[float | None], b: Sequence[float | None]) -> dict[str, Any]:
    known = _known(a, b)
    return {
        "measure": name,
        "label": MEASURES[name],
        "accuracy_only": asdict(mean_interval(known[0])),
        "health_aware": asdict(mean_interval(known[1])),
        "difference": asdict(paired_interval(*known)),
    }


def _procedure(a: list[float], b: list[float], sesoi: float) -> dict[str, Any]:
    """Judge the procedures by their runs on the holdout."""
    difference, equivalence = paired_interval(a, b), tost(a, b, sesoi=sesoi)
    permutation = permutation_test(a, b)
    found = verdict(difference, equivalence, permutation.p)
    return {
        "difference": asdict(difference),
        "permutation": asdict(permutation),
        "wilcoxon": asdict(wilcoxon_test(a, b)),
        "effect": asdict(hedges_g(a, b)),
        "superiority": asdict(superiority(a, b)),
        "equivalence": asdict(equivalence) | {"equivalent": equivalence.equivalent},
        "detectable": asdict(detectable_effect(len(a), difference.sd or None)),
        "verdict": asdict(found),
        "sesoi": sesoi,
    }


def _models(networks: Networks, predictions: Mapping[str, Predictions], seed: int) -> dict[str, Any]:
    """Compare the two selected models row by row."""
    a, b = selected(networks)
    right_a, right_b = predictions[a.name].correct, predictions[b.name].correct
    if not np.array_equal(predictions[a.name].rows, predictions[b.name].rows):
        raise LabError("the two models were tried on different rows; delete the study's analysis_results and try again")
    holdout = {name: found.accuracy for name, found in predictions.items()}
    test = mcnemar(right_a.astype(float), right_b.astype(float))
    discordance = (test.only_a + test.only_b) / test.n if test.n else 0.0
    return {
        "a": _network(a, holdout) | {"interval": wilson_interval(int(right_a.sum()), len(right_a))},
        "b": _network(b, holdout) | {"interval": wilson_interval(int(right_b.sum()), len(right_b))},
        "same_network": _same(a, b),
        "mcnemar": asdict(test),
        "bootstrap": asdict(bootstrap_difference(right_a.astype(float), right_b.astype(float), seed=seed)),
        "detectable": asdict(detectable_accuracy(test.n, discordance)),
    }


def _network(network: StudyNetwork, holdout: Mapping[str, float]) -> dict[str, Any]:
    found = holdout[network.name]
    return {
        "name": network.name,
        "pair": network.pair,
        "run": network.run,
        "trial": network.trial,
        "health": network.health,
        "total": network.total,
        "parameters": network.parameters,
        "params": network.params,
    } | {name: measure(network, found) for name, measure in _OF.items()}
