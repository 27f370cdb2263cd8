"""The statistical appendix: every run, every comparison, versions, hashes, and openings of the holdout."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from core.analyses import MODULES
from core.code_version import code_version
from core.report.blocks import NONE, heading, room_for, stored, table, text
from core.report.section_module import MOST_ROWS, chosen_tables, whole
from core.report.study_source import StudySource, mode_rows
from core.report.style import Sheet
from core.report.words import four, network, settings, when
from core.study_tables import run_rows

_PACKAGES = ("keras", "tensorflow", "numpy", "scipy", "scikit-learn", "optuna", "plotly", "reportlab")


def appendix(source: StudySource, sheet: Sheet) -> list[Any]:
    """Return the section."""
    parts: list[Any] = [heading("Statistical appendix"), room_for(120), heading("Every run", "H2long")]
    parts += [table(raw_rows(source), sheet.width, "Every run", tiny=True), text(_RAW, "small")]
    parts += [room_for(190), heading("Comparisons of the two modes", "H2"), text(_COMPARED, "small")]
    for name in source.measured():
        runs = [one for one in source.study.results[name].get("runs", ()) if "/" not in one["measure"]]
        if runs:
            parts += whole(MODULES[name].label, comparisons(runs), sheet)
    for name in source.measured():
        for title, rows in chosen_tables(source, name).items():
            if len(rows) > MOST_ROWS:
                parts += whole(f"{MODULES[name].label}: {title[0].lower()}{title[1:]}", rows, sheet)
    parts += [room_for(150), heading("Provenance", "H2")]
    parts += [table(_provenance(source), sheet.width, "Provenance", tiny=True, widths=(1, 3.4))]
    return [*parts, *_openings(source, sheet), *_splits(source, sheet)]


_RAW = (
    "Accuracies in %. A row is the best network of a run: that of the highest validation accuracy or of the highest "
    "total score. “=” after the trial: both modes of the pair kept the same network."
)


_COMPARED = (
    "Difference: health-aware minus accuracy-only, the mean over pairs of runs with its 95 % interval. g: the "
    "difference in spreads between runs (Hedges), positive where health-aware is better. Only rows that begin with "
    "“claim” were fixed before the data; all others are exploratory. Comparisons of single corruptions, shifts and "
    "foreign sets stand in the analysis's own JSON and CSV."
)


def raw_rows(source: StudySource) -> list[dict[str, Any]]:
    """Return a row for every run, with all that was stored of its network."""
    config = source.study.config
    return [
        {
            "Pair": pair + 1,
            "Mode": label,
            "Seed": str(config.pair_seed(pair)),
            "Trial": f"{found['trial']}{' =' if same else ''}",
            "Train": four(found["train"]),
            "Valid.": four(found["validation"]),
            "Test": four(found["test"]),
            "Holdout": four(found["holdout"]),
            "Health": NONE if found["health"] is None else f"{found['health']:.4f}",
            "Score": NONE if found["total"] is None else f"{found['total']:.4f}",
            "Parameters": found["parameters"],
            "Network and settings": f"{network(config.dataset_name, found['params'])}; {settings(found['params'])}",
        }
        for pair, _, label, found, same in mode_rows(source)
    ]


def comparisons(runs: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the comparisons of a module as rows; the claim is named in its first column."""
    rows = []
    for row in run_rows(runs):
        kind = row.pop("Kind")
        rows.append(row | {"Measure": f"claim: {row['Measure']}" if kind == "claim" else row["Measure"]})
    return rows


def _provenance(source: StudySource) -> list[dict[str, str]]:
    facts, opening = source.facts, source.first["opening"]
    rows = [
        ("Program that compared", opening["code"]),
        ("Program that wrote this report", code_version()),
        ("Networks (SHA-256 over all models)", opening["networks"]),
        ("Data (SHA-256)", facts.get("data_hash") or "not known: the runs were deleted"),
        ("Health metrics, versions", _metrics(facts)),
        ("Python and packages now", ", ".join([f"Python {platform.python_version()}", *_packages()])),
    ]
    for name in source.measured():
        result = source.study.results[name]
        if "code" in result and "at" in result:
            rows.append((f"{MODULES[name].label}: measured", f"{when(result['at'])} by {result['code']}"))
    return [{"What": what, "Value": value} for what, value in rows]


def _metrics(facts: Any) -> str:
    versions = facts.get("metric_versions") or {}
    return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in versions.items()) or "not known"


def _packages() -> list[str]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found


def _openings(source: StudySource, sheet: Sheet) -> list[Any]:
    rows = [
        {"Opening": number, "When": when(one["at"]), "Program": one["code"], "Networks": one["networks"]}
        for number, one in enumerate(source.study.openings, start=1)
    ]
    told = (
        "The holdout was opened once, so that nobody can have chosen by it."
        if len(rows) <= 1
        else f"The holdout was opened {len(rows)} times for different networks: read this study as exploratory."
    )
    return [
        room_for(90),
        heading("Openings of the holdout", "H2"),
        stored(told),
        *([table(rows, sheet.width, "Openings of the holdout", tiny=True)] if rows else []),
    ]


def _splits(source: StudySource, sheet: Sheet) -> list[Any]:
    """Return the split of every pair."""
    rows = []
    for pair in range(source.study.config.runs):
        run = source.runs.get(source.study.config.run_name("accuracy_only", pair))
        if run is not None and run.facts.get("split_hash"):
            sizes = run.facts.get("sizes", {})
            rows.append(
                {"Pair": pair + 1, "Seed of the split": str(run.facts.get("split_seed"))}
                | {name.capitalize(): sizes.get(name) for name in ("train", "validation", "test", "holdout")}
                | {"Split (SHA-256)": run.facts["split_hash"]}
            )
    return [room_for(90), heading("Splits", "H2long"), table(rows, sheet.width, "Splits", tiny=True)] if rows else []
