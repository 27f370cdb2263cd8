"""Module 7: which classes are found, and are all of them found alike?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.analyses import MODULES, AnalysisModule, Caption, Tables
from core.analyses.evaluation import Predictions
from core.analyses.module import EFFECTS
from core.analyses.pairing import compare_runs, hundredths, sentence
from core.figures import confusion_difference, effect_rows, model_rows
from core.figures.diagnostics import confusion_matrix
from core.figures.diagnostics.words import class_name, shortened
from core.figures.mode_looks import MODE_LABELS
from core.stats import holm, mcnemar, wilson_interval
from core.study_config import STUDY_MODES

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

MEASURES: dict[str, tuple[str, bool]] = {  # label, and whether less is better
    "balanced_accuracy": ("balanced accuracy", False),
    "worst_recall": ("recall of the worst class", False),
    "imbalance": ("spread of recall between classes beyond chance", True),
}
_NAME_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each class (rows) was given each answer (columns): counts (classes, classes)."""

    counts: NDArray[np.int64]

    @classmethod
    def of(cls, found: Predictions) -> Confusion:
        """Count a network's answers."""
        classes = found.probabilities.shape[1]
        counts = np.zeros((classes, classes), np.int64)
        np.add.at(counts, (found.labels, found.probabilities.argmax(axis=1)), 1)
        return cls(counts)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each class (classes,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def shares(self) -> NDArray[np.float64]:
        """Counts by the rows of their class; 0 for a class without rows."""
        return np.asarray(self.counts / np.maximum(self.sizes, 1)[:, None])

    @property
    def recalls(self) -> NDArray[np.float64]:
        """Share of each class that was found, of the classes that have rows."""
        return np.asarray(self.shares.diagonal()[self.sizes > 0])

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the classes."""
        return float(self.recalls.mean())

    @property
    def imbalance(self) -> float | None:
        """Standard deviation of recall in excess of what counting few rows explains: √max(0, s² - mean p(1-p)/n).

        s² is the variance of the recalls p between classes (divisor classes - 1), n a class's rows. Less is better.
        """
        recalls, n = self.recalls, self.sizes[self.sizes > 0]
        if len(recalls) < 2:
            return None
        return math.sqrt(max(0.0, float(recalls.var(ddof=1) - (recalls * (1 - recalls) / n).mean())))

    @property
    def worst(self) -> int:
        """The class that is found least; of equals the one with the most rows, whose recall is the surest."""
        sizes, recalls = self.sizes, self.shares.diagonal()
        return min(np.flatnonzero(sizes).tolist(), key=lambda place: (recalls[place], -sizes[place]))

    def proportion(self, place: int) -> dict[str, Any]:
        """Return the recall of a class with its 95 % Wilson interval and its rows; None and (0, 1) without rows."""
        n, hits = int(self.sizes[place]), int(self.counts[place, place])
        low, high = wilson_interval(hits, n)
        return {"recall": hits / n if n else None, "low": low, "high": high, "hits": hits, "n": n}


def run(context: AnalysisContext) -> dict[str, Any]:
    """Count the answers of every network by class, and compare the two models and the runs of both modes."""
    counted = {name: Confusion.of(found) for name, found in context.predictions.items()}
    names = list(context.entry.class_names)
    one, other = context.models
    pair = {"a": counted[one.name], "b": counted[other.name]}
    values: dict[str, dict[str, float | None]] = {
        "balanced_accuracy": {name: found.balanced_accuracy for name, found in counted.items()},
        "worst_recall": {name: float(found.recalls.min()) for name, found in counted.items()},
        "imbalance": {name: found.imbalance for name, found in counted.items()},
    }
    runs = [
        {"measure": key} | compare_runs(context, values[key], label=label, less_is_better=less)
        for key, (label, less) in MEASURES.items()
    ]
    models = {
        key: {
            "name": network.name,
            "pair": network.pair,
            "balanced_accuracy": found.balanced_accuracy,
            "imbalance": found.imbalance,
            "worst": {"class": names[found.worst], "number": found.worst} | found.proportion(found.worst),
            "confusion": found.counts.tolist(),
        }
        for (key, found), network in zip(pair.items(), (one, other), strict=True)
    }
    result = {
        "status": "ok",
        "exploratory": True,
        "rows": len(context.labels),
        "class_names": names,
        "classes": _classes(context, counted, names),
        "models": models,
        "difference": (pair["b"].shares - pair["a"].shares).tolist(),
        "runs": runs,
    }
    return result | {"reading": _reading(result)}


def figures(result: dict[str, Any]) -> dict[str, go.Figure]:
    """Draw recall by class, both confusion matrices and their difference, and the runs' effects."""
    names = tuple(class_name(result["class_names"], number) for number in range(len(result["class_names"])))
    classes = [one for one in result["classes"] if one["n"]]
    rows = [
        model_rows.ModelRow(
            label=f"{shortened(one['name'], _NAME_LENGTH)} ({one['n']:,})",
            a=_estimate(one["a"]),
            b=_estimate(one["b"]),
        )
        for one in classes
    ]
    drawn = {"recall": model_rows.draw(rows, "Recall", tickformat=".0%")}
    for key in "ab":
        counts = tuple(tuple(row) for row in result["models"][key]["confusion"])
        drawn[f"confusion_{key}"] = confusion_matrix.draw(confusion_matrix.Confusion(names=names, counts=counts))
    drawn["confusion_difference"] = confusion_difference.draw(names, result["difference"])
    drawn["effects"] = effect_rows.draw(effect_rows.compute(result["runs"]))
    return drawn


def _estimate(found: dict[str, Any]) -> model_rows.Estimate:
    return model_rows.Estimate(value=found["recall"], low=found["low"], high=found["high"])


def _classes(context: AnalysisContext, counted: dict[str, Confusion], names: Sequence[str]) -> list[dict[str, Any]]:
    """Compare the models class by class: recall, and McNemar's exact test among the rows of the class."""
    a, b = context.models
    right_a, right_b = (context.predictions[one.name].correct for one in (a, b))
    tests = [mcnemar(*(right[context.labels == place] for right in (right_a, right_b))) for place in range(len(names))]
    adjusted = holm([test.p for test in tests])
    table = []
    for place, (test, p) in enumerate(zip(tests, adjusted, strict=True)):
        recalls = {name: found.proportion(place)["recall"] for name, found in counted.items()}
        means = compare_runs(context, recalls, label=names[place])
        table.append(
            {
                "number": place,
                "name": names[place],
                "n": test.n,
                "a": counted[a.name].proportion(place),
                "b": counted[b.name].proportion(place),
                "mcnemar": asdict(test) | {"p_holm": p},
                "runs": {key: means[key] for key in (*STUDY_MODES, "difference")},
            }
        )
        context.report((place + 1) / len(names))
    return table


def _reading(result: dict[str, Any]) -> list[str]:
    lines = [sentence(one, hundredths, " points") for one in result["runs"]]
    for key, model in result["models"].items():
        worst = model["worst"]
        lines.append(
            f"Model {key.upper()} finds {worst['class']} least: {100 * worst['recall']:.1f} % of {worst['n']:,} rows "
            f"(95 % interval {100 * worst['low']:.1f} to {100 * worst['high']:.1f}). The lowest of many classes is "
            "partly low by chance."
        )
    known = [one for one in result["classes"] if one["mcnemar"]["p_holm"] is not None]
    shown = [one["name"] for one in known if one["mcnemar"]["p_holm"] < 0.05]
    lines.append(
        f"The two models differ in recall of {', '.join(shown)} (McNemar, Holm over {len(result['classes'])} classes)."
        if shown
        else f"In no class was a difference between the two models shown (McNemar, Holm over "
        f"{len(result['classes'])} classes)."
    )
    return [*lines, "All of this is exploratory: it can suggest, but does not show."]


def tables(result: dict[str, Any]) -> Tables:
    """Write the classes: recall of both models, their test, and the mean over the runs of both modes."""
    return {"Recall of every class": [_line(one) for one in result["classes"]]}


def _line(one: dict[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {"Class": one["name"], "Rows": one["n"]}
    for key in "ab":
        found = one[key]
        value = None if found["recall"] is None else f"{100 * found['recall']:.1f}"
        line[f"Model {key.upper()} (%)"] = value and f"{value} ({100 * found['low']:.1f} to {100 * found['high']:.1f})"
    p = one["mcnemar"]["p_holm"]
    line["p (McNemar, Holm)"] = None if p is None else float(f"{p:.2g}")
    for mode in STUDY_MODES:
        mean = one["runs"][mode]["mean"]
        line[f"{MODE_LABELS[mode]}, mean of runs (%)"] = None if mean is None else round(100 * mean, 1)
    return line


_CONFUSION = (
    "Rows are the true classes, columns the answers; the diagonal is right. A dark field off the diagonal is a mistake "
    "that is made often."
)
CAPTIONS = {
    "recall": Caption(
        "Recall of every class",
        "The share of a class that is found, with its 95 % Wilson interval; behind the name is how many rows it has. "
        "Intervals that overlap widely show no difference.",
    ),
    "confusion_a": Caption("What model A takes each class for", _CONFUSION),
    "confusion_b": Caption("What model B takes each class for", _CONFUSION),
    "confusion_difference": Caption(
        "Where the two models differ",
        "Model B's shares minus model A's. On the diagonal above 0 is in favour of B, off the diagonal below 0 is.",
    ),
    "effects": EFFECTS,
}

MODULES.register(
    "per_class",
    AnalysisModule(
        name="per_class",
        label="Per class",
        question="Which classes are found, and are all of them found alike?",
        order=7,
        run=run,
        figures=figures,
        captions=CAPTIONS,
        tables=tables,
    ),
)
