"""Module 2: how much accuracy is left when the rows are damaged?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analyses import MODULES, AnalysisModule
from core.analyses.answering import Answers, Subject, ask
from core.analyses.corrupted_examples import examples
from core.analyses.corrupted_sets import NO_NETWORKS, CorruptedSets, asked_for, have_networks, published, set_key
from core.analyses.module import skipped
from core.analyses.pairing import compare_runs
from core.analyses.robustness_reading import reading
from core.analyses.robustness_tables import CAPTIONS, tables
from core.corruptions import Corruption
from core.corruptions.entry import SEVERITIES
from core.figures import corruption_curves, corruption_samples, effect_rows, study_distribution
from core.stats import bootstrap_difference, mean_interval
from core.study_config import STUDY_MODES
from core.study_networks import StudyNetwork

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

PRIMARY = "mean_corrupted_accuracy"
MEASURES: dict[str, tuple[str, bool]] = {  # label, and whether less is better
    PRIMARY: ("mean accuracy on corrupted rows", False),
    "relative": ("share of the clean accuracy that is kept", False),
    "asked_score": ("weighted score that was asked for", False),
    "corruption_error": ("corruption error (relative)", True),
    "clean": ("accuracy on the same rows, clean", False),
}
WEIGHTS = {"gaussian_noise_asked": 0.4, "motion_blur_asked": 0.3, "jpeg_asked": 0.2, "salt_pepper_asked": 0.1}
_ASKED_IMAGES = (
    "0.4 Gaussian noise + 0.3 motion blur + 0.2 JPEG + 0.1 salt and pepper, each the mean accuracy over the five steps "
    "of the range that was asked for"
)
_ASKED_TEXTS = (
    "the weights that were asked for name corruptions of images; for texts the score is the mean over all corruptions "
    "with equal weights, which is the mean accuracy on corrupted rows itself"
)
_REFERENCE = "the median network of the accuracy-only mode (median over its runs of the error on that corruption)"

Told = Mapping[str, Answers]  # by key of a set, of one network


def run(context: AnalysisContext) -> dict[str, Any]:
    """Ask every network about every corrupted set; compare the modes in pairs, and the two models row by row."""
    if not have_networks(context):
        return skipped(NO_NETWORKS)
    kind = context.entry.kind
    corruptions, asked = published(kind), asked_for(kind)
    with CorruptedSets(context) as sets:
        answers = ask(
            context,
            [Subject.of(one) for one in context.everyone],
            sets.row_sets([*corruptions, *asked]),
            lambda share: context.report(0.9 * share),
        )
        clean = {one: float(found.correct[sets.places].mean()) for one, found in context.predictions.items()}
        hashes = {set_key(one, s): sets.sha256(one, s) for one in [*corruptions, *asked] for s in SEVERITIES}
        shown = examples(context, sets)
        rows = {"rows": len(sets.rows), "rows_total": sets.total, "rows_note": sets.note}
    context.report(0.95)
    reference = _reference(context, answers, corruptions)
    networks = {
        one.name: {"mode": one.mode, "pair": one.pair}
        | _scores(answers[one.name], clean[one.name], corruptions, asked, reference)
        for one in context.everyone
    }
    a, b = context.models
    result = {
        "status": "ok",
        "kind": kind,
        **rows,
        "primary": PRIMARY,
        "corruptions": [_curves(context, answers, clean, one, "published") for one in corruptions]
        + [_curves(context, answers, clean, one, "asked") for one in asked],
        "per_network": networks,
        "reference": {"name": _REFERENCE, "errors": reference},
        "asked": {"weights": WEIGHTS, "note": _ASKED_IMAGES} if asked else {"weights": None, "note": _ASKED_TEXTS},
        "models": {key: {"name": one.name} | networks[one.name] for key, one in (("a", a), ("b", b))},
        "difference": _difference(context, answers, corruptions, a, b),
        "runs": _runs(context, networks, corruptions, asked),
        "sets": hashes,
        "examples": shown,
    }
    return result | {"reading": reading(result)}


def accuracy(told: Told, corruption: Corruption) -> float:
    """Return a network's mean accuracy over the five severities of a corruption."""
    return fmean(told[set_key(corruption, severity)].accuracy for severity in SEVERITIES)


def figures(result: dict[str, Any]) -> dict[str, go.Figure]:
    """Draw the curves of both modes, all runs, effect sizes, and for images what the corruptions look like."""
    drawn: dict[str, go.Figure] = {}
    for name, grid in (("curves", "published"), ("asked_curves", "asked")):
        if chosen := [one for one in result["corruptions"] if one["grid"] == grid]:
            drawn[name] = corruption_curves.draw(corruption_curves.compute(chosen), "Accuracy")
    (primary,) = (one for one in result["runs"] if one["measure"] == PRIMARY)
    values = {mode: {int(pair): value for pair, value in primary["values"][mode].items()} for mode in STUDY_MODES}
    drawn["runs"] = study_distribution.draw(study_distribution.compute(values), "Mean accuracy on corrupted rows (%)")
    drawn["effects"] = effect_rows.draw(effect_rows.compute(result["runs"]))
    if result["kind"] == "image":
        drawn["examples"] = corruption_samples.draw(corruption_samples.compute(result["examples"]["corruptions"]))
    return drawn


def _reference(
    context: AnalysisContext, answers: Mapping[str, Told], corruptions: Sequence[Corruption]
) -> dict[str, float]:
    """Return the error by which a network's is divided: the accuracy-only runs' median, for each corruption."""
    names = [one.name for one in context.networks["accuracy_only"]]
    return {one.name: median(1 - accuracy(answers[name], one) for name in names) for one in corruptions}


def _scores(
    told: Told,
    clean: float,
    corruptions: Sequence[Corruption],
    asked: Sequence[Corruption],
    reference: Mapping[str, float],
) -> dict[str, Any]:
    """Return all that is said about one network. A corruption on which the reference never errs has no relative error.

    Mean corrupted accuracy mCA: the mean over all corruptions and severities, each alike. Corruption error of
    Hendrycks and Dietterich (2019): the error summed over the severities, divided by that of the reference.
    """
    found = {one.name: accuracy(told, one) for one in corruptions}
    steps = {one.name: accuracy(told, one) for one in asked}
    errors = {name: (1 - value) / reference[name] if reference[name] > 0 else None for name, value in found.items()}
    known = [value for value in errors.values() if value is not None]
    mean = fmean(found.values())
    return {
        "clean": clean,
        PRIMARY: mean,
        "relative": mean / clean if clean > 0 else None,
        "asked_score": sum(weight * steps[name] for name, weight in WEIGHTS.items()) if asked else mean,
        "corruption_error": fmean(known) if known else None,
        "accuracies": found | steps,
        "corruption_errors": errors,
    }


def _curves(
    context: AnalysisContext,
    answers: Mapping[str, Told],
    clean: Mapping[str, float],
    corruption: Corruption,
    grid: str,
) -> dict[str, Any]:
    """Describe a corruption, and each mode's mean accuracy with its interval over the runs at severities 0 to 5."""
    shape = context.entry.shape
    curves, means = {}, {}
    for mode, ones in context.networks.items():
        names = [one.name for one in ones]
        points = [[clean[name] for name in names]]
        points += [[answers[name][set_key(corruption, severity)].accuracy for name in names] for severity in SEVERITIES]
        curves[mode] = [asdict(mean_interval(point)) for point in points]
        means[mode] = asdict(mean_interval([accuracy(answers[name], corruption) for name in names]))
    return {
        "name": corruption.name,
        "label": corruption.label,
        "description": corruption.description,
        "unit": corruption.unit,
        "source": corruption.source,
        "grid": grid,
        "ticks": ["none", *(f"{corruption.level(severity, shape).value:.3g}" for severity in SEVERITIES)],
        "curves": curves,
        "mean": means,
    }


def _runs(
    context: AnalysisContext,
    networks: Mapping[str, dict[str, Any]],
    corruptions: Sequence[Corruption],
    asked: Sequence[Corruption],
) -> list[dict[str, Any]]:
    """Compare the modes by each measure and by each corruption. Of texts the asked-for score is the primary one."""
    runs = []
    for measure, (label, less) in MEASURES.items():
        if measure == "asked_score" and not asked:
            continue
        values = {name: one[measure] for name, one in networks.items()}
        compared = compare_runs(context, values, label=label, less_is_better=less)
        runs.append({"measure": measure, "exploratory": measure != PRIMARY} | compared)
    for one in [*corruptions, *asked]:
        values = {name: found["accuracies"][one.name] for name, found in networks.items()}
        compared = compare_runs(context, values, label=f"accuracy, {one.label}")
        runs.append({"measure": f"accuracy/{one.name}", "exploratory": True} | compared)
    return runs


def _difference(
    context: AnalysisContext,
    answers: Mapping[str, Told],
    corruptions: Sequence[Corruption],
    a: StudyNetwork,
    b: StudyNetwork,
) -> dict[str, Any]:
    """Compare the two models on the same rows: B minus A in the share of a row's corrupted copies that are right."""
    keys = [set_key(one, severity) for one in corruptions for severity in SEVERITIES]
    shares = [np.mean([answers[one.name][key].correct for key in keys], axis=0) for one in (a, b)]
    return asdict(bootstrap_difference(*shares, seed=context.seed))


MODULES.register(
    "robustness",
    AnalysisModule(
        name="robustness",
        label="Robustness",
        question="How much accuracy is left when the rows are damaged?",
        order=2,
        run=run,
        figures=figures,
        captions=CAPTIONS,
        tables=tables,
        trains=True,
    ),
)
