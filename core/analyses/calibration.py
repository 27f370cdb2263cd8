"""Module 4: are the networks as sure as they are right? By proper scores, calibration error and separation."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analyses import MODULES, AnalysisModule
from core.analyses.calibration_tables import CAPTIONS, tables
from core.analyses.corrupted_calibration import corrupted
from core.analyses.pairing import compare_runs, sentence
from core.calibration import (
    ReliabilityBin,
    at_temperature,
    error_floor,
    fit_temperature,
    mass_bins,
    measure,
    reliability,
    row_brier,
    row_losses,
    sureness,
    width_bins,
)
from core.figures import corruption_curves, effect_rows, reliability_diagram, study_distribution
from core.figures.diagnostics import confidence
from core.figures.mode_looks import MODE_LABELS
from core.stats import bootstrap_difference, wilson_interval
from core.study_config import STUDY_MODES
from core.study_networks import StudyNetwork

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

PRIMARY = "nll"
MEASURES: dict[str, tuple[str, bool]] = {  # label, and whether less is better
    "nll": ("log loss (NLL)", True),
    "brier": ("Brier score", True),
    "ece": ("calibration error, 15 bins of equal mass", True),
    "ece_width": ("calibration error, 10 bins of equal width", True),
    "separation": ("separation of right from wrong answers (AUROC)", False),
}
_NO_TEMPERATURE = (
    "no temperature from 0.05 to 20 is best on the validation rows: either all of their answers are right, so that "
    "more confidence is always better, or the probabilities say nothing about them"
)


def run(context: AnalysisContext) -> dict[str, Any]:
    """Measure every network on the holdout, as it is and at the temperature that fits its validation rows.

    Where the networks themselves are there, also on corrupted rows.
    """
    networks: dict[str, dict[str, Any]] = {}
    for number, network in enumerate(context.everyone):
        found = context.predictions[network.name]
        temperature = fit_temperature(*context.validation(network))
        networks[network.name] = {
            "mode": network.mode,
            "pair": network.pair,
            "temperature": temperature,
            "note": _NO_TEMPERATURE if temperature is None else None,
            "before": measure(found.probabilities, found.labels),
            "after": None
            if temperature is None
            else measure(at_temperature(found.probabilities, temperature), found.labels),
        }
        context.report(0.3 * (number + 1) / len(context.everyone))
    a, b = context.models
    models = {key: _model(context, one, networks[one.name]) for key, one in (("a", a), ("b", b))}
    runs = [_runs(context, networks, when, name) for when in ("before", "after") for name in MEASURES]
    damaged = corrupted(context, lambda share: context.report(0.4 + 0.6 * share))
    result = {
        "status": "ok",
        "rows": len(context.labels),
        "primary": PRIMARY,
        "fitted_on": "each network's own validation rows, which also chose it; the holdout was not used to fit",
        "per_network": networks,
        "models": models,
        "difference": _difference(context, a, b),
        "runs": runs + damaged.pop("runs", []),
        "corrupted": damaged,
    }
    return result | {"reading": _reading(result)}


def figures(result: dict[str, Any]) -> dict[str, go.Figure]:
    """Draw reliability and confidence of both models, both modes' runs, and both modes as damage grows."""
    drawn: dict[str, go.Figure] = {}
    for mode, key in zip(STUDY_MODES, "ab", strict=True):
        model = result["models"][key]
        drawn[f"reliability_{key}"] = reliability_diagram.draw(reliability_diagram.compute(model, mode))
        stored = model["confidences"]
        drawn[f"confidence_{key}"] = confidence.draw(
            confidence.Confidences(
                edges=tuple(stored["edges"]),
                right=tuple(stored["right"]),
                wrong=tuple(stored["wrong"]),
                sure_right=stored["sure_right"],
                sure_wrong=stored["sure_wrong"],
            )
        )
    before = [one for one in result["runs"] if one["when"] == "before"]
    (error,) = (one for one in before if one["measure"] == "ece")
    values = {mode: {int(pair): value for pair, value in error["values"][mode].items()} for mode in STUDY_MODES}
    drawn["runs"] = study_distribution.draw(study_distribution.compute(values), "Calibration error (points)")
    drawn["effects"] = effect_rows.draw(effect_rows.compute(before))
    if result.get("corrupted", {}).get("status") == "ok":  # results of earlier versions have none
        panels = corruption_curves.compute(result["corrupted"]["curves"])
        drawn["corrupted"] = corruption_curves.draw(panels, "", None, common=False)
    return drawn


def _runs(context: AnalysisContext, networks: dict[str, dict[str, Any]], when: str, name: str) -> dict[str, Any]:
    label, less = MEASURES[name]
    values = {key: None if one[when] is None else one[when][name] for key, one in networks.items()}
    title = label if when == "before" else f"{label}, after temperature scaling"
    primary = when == "before" and name == PRIMARY
    found = compare_runs(context, values, label=title, less_is_better=less)
    return {"measure": name, "when": when, "exploratory": not primary} | found


def _model(context: AnalysisContext, network: StudyNetwork, found: dict[str, Any]) -> dict[str, Any]:
    """Look closer at one network: its bins, the floor under its calibration error, how sure its answers are."""
    predictions = context.predictions[network.name]
    plain = predictions.probabilities
    sure, right = sureness(plain, predictions.labels)
    floor = error_floor(sure, mass_bins(sure), seed=context.seed)
    width_floor = error_floor(sure, width_bins(sure), seed=context.seed)
    bins = [
        _bin(one) | {"floor_low": low, "floor_high": high}
        for one, (low, high) in zip(reliability(sure, right, mass_bins(sure)), floor.bands, strict=True)
    ]
    after = None
    if found["temperature"] is not None:
        scaled = sureness(at_temperature(plain, found["temperature"]), predictions.labels)
        after = [_bin(one) for one in reliability(*scaled, mass_bins(scaled[0]))]
    edges = np.linspace(0, 1, confidence.BINS + 1)
    return {key: value for key, value in found.items() if key not in ("mode", "pair")} | {
        "name": network.name,
        "pair": network.pair,
        "floor": {"ece": {"mean": floor.mean, "high": floor.high}}
        | {"ece_width": {"mean": width_floor.mean, "high": width_floor.high}},
        "bins": bins,
        "bins_after": after,
        "confidences": {
            "edges": edges.tolist(),
            "right": np.histogram(sure[right], edges)[0].tolist(),
            "wrong": np.histogram(sure[~right], edges)[0].tolist(),
            "sure_right": int((sure[right] > confidence.SURE).sum()),
            "sure_wrong": int((sure[~right] > confidence.SURE).sum()),
        },
    }


def _bin(one: ReliabilityBin) -> dict[str, Any]:
    low, high = wilson_interval(one.correct, one.n)
    return {"n": one.n, "correct": one.correct, "confidence": one.confidence, "accuracy": one.accuracy} | {
        "low": low,
        "high": high,
    }


def _difference(context: AnalysisContext, a: StudyNetwork, b: StudyNetwork) -> dict[str, Any]:
    """Compare the two models row by row: B minus A, less is better."""
    first, second = context.predictions[a.name], context.predictions[b.name]
    rows = {"nll": row_losses, "brier": row_brier}
    return {
        name: asdict(
            bootstrap_difference(
                loss(first.probabilities, first.labels), loss(second.probabilities, second.labels), seed=context.seed
            )
        )
        for name, loss in rows.items()
    }


def _reading(result: dict[str, Any]) -> list[str]:
    by_key = {(one["measure"], one["when"]): one for one in result["runs"]}
    models = []
    for key, model in result["models"].items():
        error, floor = model["before"]["ece"], model["floor"]["ece"]
        judged = "more than chance explains" if error > floor["high"] else "no more than chance explains"
        way = "too sure" if model["before"]["overconfidence"] > 0 else "too modest"
        models.append(
            f"Model {key.upper()} is on average {100 * abs(model['before']['overconfidence']):.1f} points {way}; its "
            f"calibration error of {100 * error:.2f} points is {judged} (a perfectly calibrated model shows "
            f"{100 * floor['mean']:.2f} on average, and less than {100 * floor['high']:.2f} in 95 % of cases)."
        )
    return [
        sentence(by_key[PRIMARY, "before"], "{:+.4f}".format),
        sentence(by_key[PRIMARY, "after"], "{:+.4f}".format)
        + " A difference that scaling removes is one of a single number, the temperature.",
        *models,
        *_damaged(result["corrupted"], by_key.get((PRIMARY, "corrupted"))),
        "Log loss before scaling is the claim tested; all other comparisons here are exploratory.",
    ]


def _damaged(found: dict[str, Any], compared: dict[str, Any] | None) -> list[str]:
    if compared is None:
        return [f"On corrupted rows nothing was measured: {found['reason']}."]
    (error,) = (one for one in found["curves"] if one["measure"] == "ece")
    grows = [
        f"{100 * error['curves'][mode][0]['mean']:.1f} to {100 * error['curves'][mode][-1]['mean']:.1f} points "
        f"({MODE_LABELS[mode].lower()})"
        for mode in STUDY_MODES
    ]
    rows = f" Measured on {found['rows_note']}." if found["rows_note"] else ""
    return [
        sentence(compared, "{:+.4f}".format)
        + f" From clean rows to the strongest damage the calibration error goes from {' and from '.join(grows)}.{rows}"
    ]


MODULES.register(
    "calibration",
    AnalysisModule(
        name="calibration",
        label="Calibration",
        question="Are the networks as sure as they are right?",
        order=4,
        run=run,
        figures=figures,
        captions=CAPTIONS,
        tables=tables,
    ),
)
