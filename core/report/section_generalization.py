"""Module 1 in the report: what the study found on the holdout, of the procedures and of the two networks."""

from __future__ import annotations

from typing import Any

from core.figures import reselection, study_distribution
from core.figures.mode_looks import MODE_LABELS
from core.report.blocks import any_order, beside, bullets, figure, heading, stored, table, text, titled
from core.report.study_source import StudySource
from core.report.style import Sheet
from core.study_config import STUDY_MODES
from core.study_numbers import Stored, count, mean_cell, percent
from core.study_statistics import statistics
from core.study_tables import MEANS_HOW, table_rows
from core.study_words import bootstrap_text, detectable_text, gain_text, mcnemar_rows, mcnemar_text, meaning

_HALF = 150.0  # points of height of a figure in half of the width
_POINTS = "A point is the best network of a run; a line joins a pair. Diamonds: means with their 95 % intervals."


def generalization(source: StudySource, sheet: Sheet) -> list[Any]:
    """Return module 1."""
    first = source.first
    parts: list[Any] = [
        heading("Generalisation: new data", "H2"),
        text("**Are health-aware networks better on rows that no training and no choice has seen?**"),
        stored(_sentence(source)),
    ]
    if meaning(first):
        parts.append(stored(meaning(first)))
    room = (sheet.width - 12) / 2
    pictures = beside(
        [
            _distribution(first, "holdout", "Holdout accuracy of every run (%)", room),
            _distribution(first, "optimism", "Validation − holdout of every run (points)", room),
        ],
        sheet.width,
    )
    means = [*titled("Means over the runs", table_rows(first), sheet.width), text(MEANS_HOW, "small")]
    found = statistics(first["procedure"])
    rows = [{"Statistic": one.name, "Value": one.value, "What it says": one.text} for one in found]
    tests = titled("Is it more than chance? The runs of both modes on the holdout", rows, sheet.width)
    return [
        *parts,
        *any_order([means, [pictures], tests, _models(first, sheet), _reselection(source, sheet)], sheet.width),
    ]


def _sentence(source: StudySource) -> str:
    """Give the verdict of the holdout alone, and say where the correction for all claims takes it back."""
    verdict, finding = source.first["procedure"]["verdict"], source.findings[0]
    if finding.outcome is not None and finding.outcome != verdict["outcome"]:
        return (
            f"On this measure alone: {verdict['sentence']} After the correction for all claims made together it reads: "
            f"{finding.sentence}"
        )
    return str(verdict["sentence"])


def _distribution(first: Stored, measure: str, title: str, room: float) -> list[Any]:
    values = {
        mode: {pair["pair"]: pair[mode][measure] for pair in first["pairs"] if pair[mode][measure] is not None}
        for mode in STUDY_MODES
    }
    row = next(row for row in first["table"] if row["measure"] == measure)
    means = "; ".join(
        f"{MODE_LABELS[mode]}: mean {mean_cell(row[mode], measure)}, n = {row[mode]['n']}" for mode in STUDY_MODES
    )
    drawn = study_distribution.draw(study_distribution.compute(values), title)
    return figure(drawn, room, title, f"{means}. {_POINTS}", f"{title}. {means}.", _HALF)


def _models(first: Stored, sheet: Sheet) -> list[Any]:
    models = first["models"]
    rows = [
        {
            "Network": f"Model {letter.upper()} ({label})",
            "Run and trial": f"run {found['pair'] + 1}, trial {found['trial']}",
            "Holdout (95 % Wilson)": _with_interval(found),
            "Validation": percent(found["validation"]),
            "Test": percent(found["test"]),
            "Parameters": found["parameters"],
        }
        for letter, label in (("a", "accuracy-only"), ("b", "health-aware"))
        for found in (models[letter],)
    ]
    note = (
        "Model A has the highest validation accuracy of all accuracy-only runs, model B the highest total score of all "
        "health-aware runs. This compares two networks, not two ways of searching."
    )
    parts = [*titled("The two selected networks", rows, sheet.width), text(note, "small")]
    if models["same_network"]:
        return [
            *parts,
            text("**It is the same network.** Both modes arrived at it, so there is nothing to tell apart."),
        ]
    lines = [
        mcnemar_text(models["mcnemar"]),
        bootstrap_text(models["bootstrap"]),
        detectable_text(models["detectable"]),
    ]
    counts = table(mcnemar_rows(models), (sheet.width - 12) * 0.4, "Rows by who is right")
    return [*parts, counts, *bullets(lines, own=True)]


def _with_interval(found: Stored) -> str:
    low, high = found["interval"]
    return f"{percent(found['holdout'])} ({percent(low)} to {percent(high)})"


def _reselection(source: StudySource, sheet: Sheet) -> list[Any]:
    curve = source.first["reselection"]
    if curve is None:
        return []
    weight = source.study.config.weights.accuracy
    told = gain_text(curve, weight)
    drawn = reselection.draw(reselection.compute(curve, "gain", weight))
    how = (
        "From the trials of every pair each weight picks the network with the highest total score; the curve is the "
        f"mean gain in test accuracy of those picks. Exploratory: the best weight is picked in hindsight. {told}"
        + (f" {count(curve['runs'], 'pair')}: {curve['note']}." if curve["note"] else "")
    )
    title = "What other weights would have bought"
    return figure(drawn, sheet.width, title, how, f"{title}. {told}", 125)
