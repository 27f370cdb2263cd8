"""How grave mistakes are: an answer from the group of the right class is nearer to the truth than any other."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.analyses.class_groups import groups_of
from core.analyses.module import not_applicable
from core.analyses.pairing import compare_runs, sentence
from core.stats import bootstrap_difference, mean_interval, wilson_interval

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

MEASURES: dict[str, str] = {
    "all": "mean severity over all rows",
    "given_error": "mean severity given a mistake",
}


def levels(labels: NDArray[np.int64], answers: NDArray[np.int64], members: tuple[int, ...]) -> NDArray[np.int64]:
    """Return for each row 0: right, 1: wrong within the group of the true class, 2: wrong beyond it.

    The height of the lowest common ancestor of truth and answer in the tree of all, groups and classes (Bertinetto et
    al. 2020).

    >>> levels(np.array([0, 0, 0]), np.array([0, 1, 2]), members=(0, 0, 1)).tolist()
    [0, 1, 2]
    """
    group = np.asarray(members)
    return np.asarray((answers != labels).astype(np.int64) + (group[answers] != group[labels]))


def severity(context: AnalysisContext) -> dict[str, Any]:
    """Weigh the mistakes of the two models and of all runs.

    Both over all rows and given a mistake: a model that adds mild mistakes lowers the mean of its mistakes and is no
    better for it (Garg et al. 2021).
    """
    groups = groups_of(context.entry)
    if isinstance(groups, str):
        return not_applicable(groups)
    found = {
        name: levels(one.labels, np.asarray(one.probabilities.argmax(axis=1)), groups.members)
        for name, one in context.predictions.items()
    }
    values: dict[str, dict[str, float | None]] = {
        "all": {name: float(one.mean()) for name, one in found.items()},
        "given_error": {name: float(one[one > 0].mean()) if one.any() else None for name, one in found.items()},
    }
    a, b = (found[one.name] for one in context.models)
    runs = [
        {"measure": key} | compare_runs(context, values[key], label=label, less_is_better=True)
        for key, label in MEASURES.items()
    ]
    return {
        "status": "ok",
        "source": groups.source,
        "groups": [
            {"name": name, "classes": [context.entry.class_names[c] for c, of in enumerate(groups.members) if of == g]}
            for g, name in enumerate(groups.names)
        ],
        "models": {key: _model(one) for key, one in (("a", a), ("b", b))},
        "difference": asdict(bootstrap_difference(a, b, seed=context.seed)),
        "runs": runs,
        "reading": [sentence(one) for one in runs],
    }


def _model(found: NDArray[np.int64]) -> dict[str, Any]:
    mistakes = found[found > 0]
    beyond = int((mistakes == 2).sum())
    low, high = wilson_interval(beyond, len(mistakes))
    return {
        "all": asdict(mean_interval(found)),
        "given_error": asdict(mean_interval(mistakes)),
        "beyond_group": {"count": beyond, "errors": len(mistakes), "low": low, "high": high},
    }
