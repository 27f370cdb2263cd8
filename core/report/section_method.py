"""The method: data, pairing, statistics, thresholds, and every departure from what was first asked for."""

from __future__ import annotations

from typing import Any

from core.analyses import MODULES
from core.claims import RELATIVE_SESOI
from core.health import METRICS
from core.report.blocks import NONE, bullets, heading, room_for, stored, table, text
from core.report.study_source import StudySource
from core.report.style import Sheet
from core.stats import ALPHA, CONFIDENCE, POWER
from core.study_method import DEPARTURES, LIMITS, MODULE_DEPARTURES, PARTS, STATISTICS, VERDICTS, WHAT
from core.study_numbers import count


def method(source: StudySource, sheet: Sheet) -> list[Any]:
    """Return about two pages."""
    parts: list[Any] = [heading("Method")]
    parts += _data(source, sheet)
    parts += _pairing(source)
    parts += _thresholds(source)
    parts += [heading("Statistics", "H2"), text(WHAT.split("**Where")[0])]
    rows = [{"Statistic": name, "How": how} for name, how in (*STATISTICS, *VERDICTS)]
    parts += [table(rows, sheet.width, "Statistics and verdicts", widths=(1, 4)), text(LIMITS)]
    parts += _departures(source, sheet)
    return parts


def _data(source: StudySource, sheet: Sheet) -> list[Any]:
    sizes = source.facts.get("sizes", {})
    rows = [{"Part": label, "Rows": _rows(source, sizes, name), "What it is for": use} for label, name, use in PARTS]
    return [
        heading("Data", "H2"),
        stored(
            f"{source.dataset_label}. Rows of the first pair; the others split all but the holdout anew by their seed."
        ),
        table(rows, sheet.width, "Parts of the data", widths=(1, 1, 5)),
    ]


def _rows(source: StudySource, sizes: Any, name: str) -> str:
    amount = source.first["holdout_rows"] if name == "holdout" else sizes.get(name)
    return NONE if amount is None else f"{amount:,}"


def _pairing(source: StudySource) -> list[Any]:
    config, trainings = source.study.config, source.first["trainings"]
    shares = ", ".join(
        f"{METRICS[name].label.lower()} {share:.0%}" for name, share in config.weights.components().items()
    )
    lines = [
        "**Accuracy-only** keeps the trial with the highest validation accuracy.",
        f"**Health-aware** keeps the trial with the highest total score: {config.weights.accuracy:.0%} accuracy and "
        f"{config.weights.health:.0%} health, of which {shares}.",
        "**Pairs.** The two runs of a pair share the seed of split, sampler and weights, the first network and the "
        f"holdout. {count(trainings['trained'], 'network')} were trained and {count(trainings['taken_over'], 'trial')} "
        "taken over from the partner, since equal settings give equal networks.",
        f"**Seeds.** All of them follow from seed {config.random_seed}; those of the pairs stand in the appendix.",
        _space(config.search_space),
    ]
    return [
        heading("Modes, pairs and seeds", "H2"),
        *bullets([line.replace("%", " %").replace("  %", " %") for line in lines], own=True),
    ]


def _space(overrides: dict[str, Any]) -> str:
    if not overrides:
        return "**Search space.** The usual one of this program for such data."
    changes = "; ".join(f"{name} = {value}" for name, value in overrides.items())
    return f"**Search space.** The usual one of this program for such data, with these changes: {changes}."


def _thresholds(source: StudySource) -> list[Any]:
    config = source.study.config
    lines = [
        f"A difference on the holdout below {100 * config.sesoi:g} percentage points does not matter; in the other "
        f"claims one below {100 * RELATIVE_SESOI:g} % of the accuracy-only mean.",
        f"Significance {100 * ALPHA:g} % for all claims together, intervals of {100 * CONFIDENCE:g} %, power "
        f"{100 * POWER:g} %.",
        "The five claims and their measures were fixed before the data; every other comparison is exploratory.",
    ]
    return [heading("Thresholds fixed beforehand", "H2"), *bullets(lines)]


def _departures(source: StudySource, sheet: Sheet) -> list[Any]:
    rows = [_departure("Study", *one) for one in DEPARTURES]
    for name in source.measured():
        rows += [_departure(MODULES[name].label, *one) for one in MODULE_DEPARTURES.get(name, ())]
    return [
        room_for(110),
        heading("Departures from the formulas first asked for", "H2long"),
        table(rows, sheet.width, "What was asked for, what is used, and why", widths=(1.1, 2.6, 3, 3.6)),
    ]


def _departure(part: str, asked: str, used: str, why: str) -> dict[str, str]:
    return {"Part": part, "Asked for": asked, "Used": used.replace("*", ""), "Because": why}
