"""Module 8: on which rows do the two models fail, do they fail alike, and how grave are their mistakes?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.analyses import MODULES, AnalysisModule, Caption, Tables
from core.analyses.module import EFFECTS
from core.analyses.severity import severity
from core.figures import category_bars, effect_rows, model_rows
from core.figures.diagnostics.pictures import data_uri, to_rgb
from core.stats import cohen_kappa, wilson_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

CATEGORIES: dict[str, str] = {
    "both_right": "both right",
    "same_wrong": "both wrong, same answer",
    "different_wrong": "both wrong, different answers",
    "a_only_wrong": "only model A wrong",
    "b_only_wrong": "only model B wrong",
}
EXAMPLES = 8  # of each category
_WORDS = 80  # of a text that are shown


def run(context: AnalysisContext) -> dict[str, Any]:
    """Sort the holdout's rows by who fails on them, draw examples, and weigh the mistakes."""
    a, b = (context.predictions[one.name] for one in context.models)
    wrong_a, wrong_b = ~a.correct, ~b.correct
    sorted_rows = sort_rows(a.probabilities.argmax(axis=1), b.probabilities.argmax(axis=1), context.labels)
    n = len(context.labels)
    chosen = {key: _choose(mask, [context.seed, place]) for place, (key, mask) in enumerate(sorted_rows.items())}
    context.report(0.2)
    shown = _examples(context, chosen)
    context.report(0.7)
    categories = []
    for key, mask in sorted_rows.items():
        count = int(mask.sum())
        low, high = wilson_interval(count, n)
        categories.append(
            {"key": key, "label": CATEGORIES[key], "count": count, "n": n, "share": count / n}
            | {"low": low, "high": high, "examples": shown[key]}
        )
    result = {
        "status": "ok",
        "exploratory": True,
        "rows": n,
        "models": {
            key: {"name": one.name, "pair": one.pair, "errors": int(wrong.sum())}
            for key, one, wrong in zip("ab", context.models, (wrong_a, wrong_b), strict=True)
        },
        "categories": categories,
        "kappa": cohen_kappa(wrong_a.astype(np.int64), wrong_b.astype(np.int64), 2),
        "severity": severity(context),
    }
    return result | {"reading": _reading(result)}


def sort_rows(
    answers_a: NDArray[np.int64], answers_b: NDArray[np.int64], labels: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    """Return for each category which rows are in it; each row is in one.

    >>> found = sort_rows(np.array([0, 1, 1, 1, 0]), np.array([0, 1, 2, 0, 1]), np.zeros(5, np.int64))
    >>> {name: np.flatnonzero(rows).tolist() for name, rows in found.items()}
    {'both_right': [0], 'same_wrong': [1], 'different_wrong': [2], 'a_only_wrong': [3], 'b_only_wrong': [4]}
    """
    wrong_a, wrong_b, same = answers_a != labels, answers_b != labels, answers_a == answers_b
    return {
        "both_right": ~wrong_a & ~wrong_b,
        "same_wrong": wrong_a & wrong_b & same,
        "different_wrong": wrong_a & wrong_b & ~same,
        "a_only_wrong": wrong_a & ~wrong_b,
        "b_only_wrong": ~wrong_a & wrong_b,
    }


def figures(result: dict[str, Any]) -> dict[str, go.Figure]:
    """Draw how many rows are in each category, and how grave the mistakes are where that is known."""
    drawn = {"categories": category_bars.draw(category_bars.compute(result["categories"]))}
    weighed = result["severity"]
    if weighed["status"] == "ok":
        rows = [
            model_rows.ModelRow(label=label, **{key: _estimate(weighed["models"][key][name]) for key in "ab"})
            for name, label in (("all", "over all rows"), ("given_error", "given a mistake"))
        ]
        drawn["severity"] = model_rows.draw(rows, "Mean severity: 0 right, 1 within the group, 2 beyond it")
        drawn["effects"] = effect_rows.draw(effect_rows.compute(weighed["runs"]))
    return drawn


def _estimate(found: dict[str, Any]) -> model_rows.Estimate | None:
    if found["mean"] is None:
        return None
    return model_rows.Estimate(value=found["mean"], low=found["low"], high=found["high"])


def _choose(mask: NDArray[np.bool_], seed: list[int]) -> NDArray[np.int64]:
    """Return up to eight different rows of a category, in their order."""
    rows = np.flatnonzero(mask)
    return np.sort(np.random.default_rng(seed).choice(rows, min(EXAMPLES, len(rows)), replace=False))


def _examples(context: AnalysisContext, chosen: dict[str, NDArray[np.int64]]) -> dict[str, list[dict[str, Any]]]:
    """Describe the chosen rows: number in the data set, class, both answers, and the image or the text itself."""
    models = context.models
    names, holdout = context.entry.class_names, context.holdout(models[0])
    found = {key: context.predictions[one.name] for key, one in zip("ab", models, strict=True)}
    words = context.words(models[0]) if context.entry.kind == "text" else None

    def describe(row: int) -> dict[str, Any]:
        example: dict[str, Any] = {"row": int(found["a"].rows[row]), "truth": names[context.labels[row]]}
        for key, one in found.items():
            answer = int(one.probabilities[row].argmax())
            example[key] = {"answer": names[answer], "confidence": float(one.probabilities[row, answer])}
        if words is None:
            return example | {"image": data_uri(to_rgb(holdout.images()[row], context.entry.scale))}
        assert holdout.tokens is not None and holdout.offsets is not None
        start, end = int(holdout.offsets[row]), int(holdout.offsets[row + 1])
        text = words.decode(holdout.tokens[start : min(start + 1 + _WORDS, end)])  # 1: the start id
        return example | {"text": text + (" …" if end - start > 1 + _WORDS else "")}

    return {key: [describe(int(row)) for row in rows] for key, rows in chosen.items()}


def _reading(result: dict[str, Any]) -> list[str]:
    counts = {one["key"]: one["count"] for one in result["categories"]}
    both = counts["same_wrong"] + counts["different_wrong"]
    kappa = result["kappa"]
    alike = (
        ""
        if kappa is None
        else f" Kappa of their mistakes is {round(kappa, 2) + 0.0:.2f}: 1 is the same rows, 0 is chance."
    )
    lines = [
        f"Of {result['rows']:,} holdout rows both models fail on {both:,} ({counts['same_wrong']:,} with the same "
        f"answer), only model A on {counts['a_only_wrong']:,}, only model B on {counts['b_only_wrong']:,}.{alike}",
        *result["severity"].get("reading", ()),
    ]
    if result["severity"]["status"] != "ok":
        lines.append(f"Severity of mistakes: not applicable, since {result['severity']['reason']}.")
    return [*lines, "All of this is exploratory: it can suggest, but does not show."]


def tables(result: dict[str, Any]) -> Tables:
    """Write how many rows are in each category."""
    rows = [
        {
            "Rows of the holdout": one["label"],
            "Count": one["count"],
            "Share (%)": f"{100 * one['share']:.2f} ({100 * one['low']:.2f} to {100 * one['high']:.2f})",
        }
        for one in result["categories"]
    ]
    return {"Every category": rows}


CAPTIONS = {
    "categories": Caption(
        "Who fails on the same rows",
        "The share of the holdout's rows, with its 95 % Wilson interval. Rows on which both are right are left out.",
    ),
    "severity": Caption(
        "How grave the mistakes are",
        "0 is a right answer, 1 a mistake within the group of classes, 2 one beyond it. Over all rows says how much "
        "harm is done; given a mistake says how far off mistakes are, and falls also when cheap mistakes are added.",
    ),
    "effects": EFFECTS,
}

MODULES.register(
    "failures",
    AnalysisModule(
        name="failures",
        label="Failures",
        question="On which rows do the models fail, do they fail alike, and how grave are their mistakes?",
        order=8,
        run=run,
        figures=figures,
        captions=CAPTIONS,
        tables=tables,
    ),
)
