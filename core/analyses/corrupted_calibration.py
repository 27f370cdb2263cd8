"""Calibration where it matters most: are the networks still as sure as they are right when the rows are damaged?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from statistics import fmean
from typing import TYPE_CHECKING, Any

from core.analyses.answering import Answers, Subject, ask
from core.analyses.corrupted_sets import NO_NETWORKS, CorruptedSets, have_networks, published, set_key
from core.analyses.module import Result, skipped
from core.analyses.pairing import compare_runs
from core.calibration import measure
from core.corruptions.entry import SEVERITIES
from core.stats import mean_interval

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

MEASURES: dict[str, str] = {
    "nll": "log loss (NLL)",
    "brier": "Brier score",
    "ece": "calibration error, 15 bins of equal mass",
}
Measures = Mapping[str, float | None]


def corrupted(context: AnalysisContext, on_progress: Callable[[float], None]) -> Result:
    """Measure every network on the sets of the robustness module (Ovadia et al. 2019): a mean over all of them.

    Each set is measured by itself, so that an error on one cannot make up for another on the next.
    """
    if not have_networks(context):
        return skipped(NO_NETWORKS)
    corruptions = published(context.entry.kind)
    with CorruptedSets(context) as sets:
        subjects = [Subject.of(one) for one in context.everyone]
        answers = ask(context, subjects, sets.row_sets(corruptions), on_progress)
        rows, note, places = len(sets.rows), sets.note, sets.places
    by_severity: dict[str, dict[str, list[float]]] = {}
    for name, found in context.predictions.items():
        clean = measure(found.probabilities[places], found.labels[places])
        steps = [[answers[name][set_key(one, severity)] for one in corruptions] for severity in SEVERITIES]
        by_severity[name] = {key: [_known(clean, key), *(_mean(step, key) for step in steps)] for key in MEASURES}
    networks = {name: {key: fmean(ones[1:]) for key, ones in found.items()} for name, found in by_severity.items()}
    return {
        "status": "ok",
        "rows": rows,
        "rows_note": note,
        "sets": len(corruptions) * len(SEVERITIES),
        "per_network": networks,
        "curves": [_curve(context, by_severity, key, label) for key, label in MEASURES.items()],
        "runs": [_run(context, networks, key, label) for key, label in MEASURES.items()],
    }


def _known(measures: Measures, key: str) -> float:
    value = measures[key]
    assert value is not None  # these three always have one
    return value


def _mean(step: list[Answers], key: str) -> float:
    return fmean(_known(one.measures, key) for one in step)


def _curve(
    context: AnalysisContext, by_severity: Mapping[str, Mapping[str, list[float]]], key: str, label: str
) -> dict[str, Any]:
    """Return each mode's mean over the runs at severities 0 to 5, which are means over the corruptions."""
    return {
        "measure": key,
        "label": label[0].upper() + label[1:],
        "unit": "severity, mean of all corruptions",
        "ticks": ["clean", *map(str, SEVERITIES)],
        "curves": {
            mode: [
                asdict(mean_interval([by_severity[one.name][key][severity] for one in ones]))
                for severity in (0, *SEVERITIES)
            ]
            for mode, ones in context.networks.items()
        },
    }


def _run(context: AnalysisContext, networks: Mapping[str, Mapping[str, float]], key: str, label: str) -> dict[str, Any]:
    values = {name: one[key] for name, one in networks.items()}
    found = compare_runs(context, values, label=f"{label}, on corrupted rows", less_is_better=True)
    return {"measure": key, "when": "corrupted", "exploratory": True} | found
