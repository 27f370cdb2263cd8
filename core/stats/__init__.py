"""Statistics of comparisons: pure functions of numbers, one file per noun.

Rules common to all:

1. A difference is always b - a, in the unit of the values; more is better, so negate a loss.
2. What cannot be computed is None with a reason in `note`, never nan and never a constant.
3. What draws random numbers takes a seed and gives the same result for the same seed.
4. scipy is imported where it is used: the web process imports this package at its start.

Two levels that must not be mixed: a *procedure* (n runs against n runs: `paired_interval`, `permutation_test`,
`tost`, `verdict`) and an *artefact* (two models on the same rows: `mcnemar`, `bootstrap_difference`).
"""

from __future__ import annotations

from core.stats.agreement import cohen_kappa
from core.stats.effect_sizes import EffectSize, hedges_g
from core.stats.equivalence import SESOI, Equivalence, tost
from core.stats.examples import (
    BootstrapInterval,
    DetectableAccuracy,
    McNemar,
    bootstrap_difference,
    detectable_accuracy,
    mcnemar,
)
from core.stats.intervals import MeanInterval, mean_interval, paired_interval
from core.stats.multiplicity import holm
from core.stats.optimism import SelectionOptimism, selection_optimism
from core.stats.paired_tests import (
    PairedTest,
    pairs_for_significance,
    permutation_test,
    smallest_p,
    wilcoxon_test,
)
from core.stats.power import POWER, DetectableEffect, detectable_effect, power, runs_needed
from core.stats.proportions import wilson_interval
from core.stats.rank_correlation import RankCorrelation, kendall_tau, partial_spearman
from core.stats.reselection import ReselectionCurve, RunTrials, reselection_curve, select
from core.stats.samples import ALPHA, CONFIDENCE
from core.stats.superiority import Superiority, superiority, unpaired_superiority
from core.stats.verdict import Outcome, Verdict, Wording, verdict

__all__ = [
    "ALPHA",
    "CONFIDENCE",
    "POWER",
    "SESOI",
    "BootstrapInterval",
    "DetectableAccuracy",
    "DetectableEffect",
    "EffectSize",
    "Equivalence",
    "McNemar",
    "MeanInterval",
    "Outcome",
    "PairedTest",
    "RankCorrelation",
    "ReselectionCurve",
    "RunTrials",
    "SelectionOptimism",
    "Superiority",
    "Verdict",
    "Wording",
    "bootstrap_difference",
    "cohen_kappa",
    "detectable_accuracy",
    "detectable_effect",
    "hedges_g",
    "holm",
    "kendall_tau",
    "mcnemar",
    "mean_interval",
    "paired_interval",
    "pairs_for_significance",
    "partial_spearman",
    "permutation_test",
    "power",
    "reselection_curve",
    "runs_needed",
    "select",
    "selection_optimism",
    "smallest_p",
    "superiority",
    "tost",
    "unpaired_superiority",
    "verdict",
    "wilcoxon_test",
    "wilson_interval",
]
