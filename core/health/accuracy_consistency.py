"""Accuracy consistency: do the answers stay the same from epoch to epoch, and are they equally good everywhere?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from core.health import Reading, metric
from core.health.result import clip01
from core.trial import Trace

LAST_PAIRS = 3
MIN_ROWS = 2  # a single row says nothing about its group's sampling noise


def temporal_consistency(kappas: Sequence[float | None]) -> float | None:
    """Return the mean of the last three epoch-to-epoch kappas, clipped at 0; None if there is none.

    >>> temporal_consistency([0.1, 0.25, 0.5, 0.75])
    0.5
    """
    last = [kappa for kappa in kappas[-LAST_PAIRS:] if kappa is not None]
    return clip01(math.fsum(last) / len(last)) if last else None


def split_consistency(groups: Iterable[tuple[int, int]]) -> float | None:
    """Return 1 minus the groups' spread of accuracy in excess of sampling noise, from (rows, correct) per group.

    1 - √(max(0, s² - noise)) / √(p̄ (1 - p̄)): s² is the variance of the groups' accuracies p around their mean
    p̄ and noise is what binomial sampling alone adds to it, (1 - 1/F) · mean of p (1 - p) / (n - 1) over F groups.
    Groups weigh the same whatever their size, so a rare class that is always wrong is not hidden, and the groups
    are all there are, so s² divides by F; the quotient is then at most 1. Groups of fewer than 2 rows are left
    out. All right or all wrong: nothing is spread, 1. None with fewer than 2 groups.

    >>> split_consistency([(100, 100), (100, 0)])
    0.0
    >>> split_consistency([(100, 50), (100, 50)])
    1.0
    """
    usable = [(n, correct / n) for n, correct in groups if n >= MIN_ROWS]
    if len(usable) < 2:
        return None
    mean = math.fsum(p for _, p in usable) / len(usable)
    if not 0 < mean < 1:
        return 1.0
    spread = math.fsum((p - mean) ** 2 for _, p in usable) / len(usable)
    noise = math.fsum(p * (1 - p) / (n - 1) for n, p in usable) / len(usable) * (1 - 1 / len(usable))
    return clip01(1 - math.sqrt(max(0.0, spread - noise) / (mean * (1 - mean))))


@metric(
    label="Accuracy consistency",
    meaning="Whether the model keeps its answers from epoch to epoch and is equally good on every part of the data.",
    method="The mean of two parts: the agreement (Cohen's kappa) between the validation predictions of the last "
    "epochs, and 1 minus the spread of accuracy between classes (for texts also lengths) beyond sampling noise.",
    advice="Low agreement: lower the learning rate towards the end. Uneven classes: look at the confusion matrix, "
    "then balance or add data.",
    skill_gated=True,
)
def accuracy_consistency(trace: Trace) -> Reading:
    """Return the mean of temporal and split consistency; with one of them missing, the other (status "partial").

    Temporal: prediction churn (Milani Fard et al. 2016) as chance-corrected agreement. Split: structured splits,
    because the spread over random splits only restates accuracy and sample size.
    """
    temporal = temporal_consistency([epoch.churn_kappa for epoch in trace.epochs[1:]])
    by_kind: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for group in trace.groups:
        by_kind[group.kind].append((group.n, group.correct))
    splits = {f"split:{kind}": split_consistency(groups) for kind, groups in by_kind.items()}
    split = _mean_of_known(list(splits.values()))
    components: dict[str, float | None] = {"temporal": temporal, "split": split, **splits}
    n = sum(group.n for group in trace.groups if group.kind == "class") or trace.val_n
    value = _mean_of_known([temporal, split])
    if value is None:
        return Reading.missing("needs predictions of two epochs, or two groups of at least two rows", n, components)
    missing = "fewer than two epochs to compare" if temporal is None else "fewer than two groups to compare"
    whole = temporal is not None and split is not None
    return Reading(
        value=value,
        n=n,
        status="ok" if whole else "partial",
        reason=None if whole else missing,
        components=components,
    )


def _mean_of_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return clip01(math.fsum(known) / len(known)) if known else None
