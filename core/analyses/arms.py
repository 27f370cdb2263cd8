"""Arms of the ablation: by what a network is chosen. Accuracy alone, all six metrics, each metric, validation loss."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from core.config import OptimizationConfig, ScoringWeights
from core.errors import InvalidInputError
from core.health import METRICS, MetricResult
from core.registry import unknown_name
from core.scoring import score
from core.study_config import StudyConfig
from core.study_networks import PoolTrial

REFERENCE, ALL, CONTROL = "accuracy_only", "all_six", "validation_loss"
METRIC_NAMES: tuple[str, ...] = tuple(ScoringWeights().components())
_SAME = 12  # decimals; totals this close together differ by rounding only
_LONGEST_RUN_NAME = 80
_MARK = 6  # letters of a hash in place of the end of a study's name that is too long

Losses = Mapping[str, float | None]
Pools = Mapping[int, Sequence[PoolTrial]]  # by pair
Picks = dict[str, dict[int, PoolTrial]]  # by arm and pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way to choose. Without weights it chooses by the lowest validation loss."""

    key: str
    label: str
    weights: ScoringWeights | None


def arms_of(weights: ScoringWeights) -> tuple[Arm, ...]:
    """Return all arms of a study whose health-aware mode has these weights; the first is what others are held to."""
    return (
        Arm(key=REFERENCE, label="accuracy only", weights=replace(weights, accuracy=1.0)),
        Arm(key=ALL, label="all six metrics", weights=weights),
        *(Arm(key=name, label=single_label(name), weights=single(weights, name)) for name in METRIC_NAMES),
        Arm(key=CONTROL, label="validation loss (control)", weights=None),
    )


def single_label(metric: str) -> str:
    """Return what the arm of one metric chooses by, for people."""
    return f"accuracy and {METRICS[metric].label.lower()}"


def single(weights: ScoringWeights, metric: str) -> ScoringWeights:
    """Return the weights that give `metric` all that accuracy leaves.

    >>> single(ScoringWeights(), "gradient_health").components()["gradient_health"]
    1.0
    """
    if metric not in METRIC_NAMES:
        raise InvalidInputError(unknown_name("arm", metric, list(METRIC_NAMES)))
    return replace(weights, **dict.fromkeys(METRIC_NAMES, 0.0) | {metric: 1.0})


def pick(arm: Arm, trials: Iterable[PoolTrial], losses: Losses) -> PoolTrial | None:
    """Return the trial that the arm holds for the best; of equals the earliest. None when it can judge none.

    `losses`: validation losses by the trials' names, None where not known.
    """
    judged = [(worth, trial) for trial in trials if (worth := _worth(arm, trial, losses)) is not None]
    return max(judged, key=lambda one: (one[0], -one[1].trial), default=(None, None))[1]


def pick_all(arms: Sequence[Arm], pools: Pools, losses: Losses) -> Picks:
    """Return what every arm picks from the pool of every pair; a pair in which it can judge no trial is left out."""
    return {
        arm.key: {pair: found for pair, trials in pools.items() if (found := pick(arm, trials, losses)) is not None}
        for arm in arms
    }


def _worth(arm: Arm, trial: PoolTrial, losses: Losses) -> float | None:
    if arm.weights is None:
        loss = losses.get(trial.name)
        return None if loss is None else -round(loss, _SAME)
    health = {
        name: MetricResult(name=name, value=value, n=1, version=1)
        for name, value in trial.components.items()
        if value is not None
    }
    return round(score(trial.validation, health, arm.weights).total, _SAME)


def arm_run_name(config: StudyConfig, metric: str, pair: int) -> str:
    """Return the name of the run that searches for accuracy and one metric with the seeds of a pair.

    Where a long study name leaves no room, its end gives way to a mark.

    >>> arm_run_name(StudyConfig(study_name="s"), "gradient_health", 3)
    's.arm_gradient_health.3'
    """
    study, end = config.study_name or "study", f".arm_{metric}.{pair}"
    room = _LONGEST_RUN_NAME - len(end)
    if len(study) > room:
        study = f"{study[: room - _MARK - 1]}-{hashlib.sha256(study.encode()).hexdigest()[:_MARK]}"
    return study + end


def arm_run_config(config: StudyConfig, metric: str, pair: int, trials: int | None = None) -> OptimizationConfig:
    """Return what such a run does: what the pair's health-aware run does, but for weights, name and trials."""
    return replace(
        config.run_config("health_aware", pair),
        weights=single(config.weights, metric),
        run_name=arm_run_name(config, metric, pair),
        trials=config.trials if trials is None else trials,
    )
