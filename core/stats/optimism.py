"""Selection optimism: how much of a selected model's validation accuracy was luck of the draw."""

from __future__ import annotations

from dataclasses import dataclass

from core.stats.intervals import MeanInterval, mean_interval, paired_interval
from core.stats.samples import CONFIDENCE, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionOptimism:
    """Accuracy of the selected models where they were selected, where they were not, and the difference."""

    validation: MeanInterval
    unseen: MeanInterval
    optimism: MeanInterval  # validation - unseen; positive: the validation accuracy promised too much


def selection_optimism(validation: Values, unseen: Values, confidence: float = CONFIDENCE) -> SelectionOptimism:
    """Return mean(validation - unseen) over runs with its Student t interval; one selected model per run.

    Neither part was trained on, so this is not overfitting of the weights: picking the best of n validation
    accuracies picks good luck too (the winner's curse; Paraschakis et al., arXiv 2406.08099). `unseen` is the test or
    the holdout accuracy of the same models.

    >>> result = selection_optimism([0.95, 0.96, 0.94], [0.94, 0.93, 0.93])
    >>> round(result.optimism.mean, 4), round(result.optimism.low, 4), round(result.optimism.high, 4)
    (0.0167, -0.012, 0.0454)
    """
    return SelectionOptimism(
        validation=mean_interval(validation, confidence),
        unseen=mean_interval(unseen, confidence),
        optimism=paired_interval(unseen, validation, confidence),
    )
