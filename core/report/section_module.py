"""One analysis module in the report: its question, what it found in plain words, a few figures and small tables."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.analyses import MODULES, AnalysisModule
from core.report.blocks import any_order, beside, bullets, figure, heading, room_for, small_table, table, text
from core.report.study_source import StudySource
from core.report.style import Sheet

if TYPE_CHECKING:
    import plotly.graph_objects as go

_log = logging.getLogger(__name__)
_GAP = 12.0


@dataclass(frozen=True, slots=True)
class Row:
    """Figures beside each other, at least `height` points high."""

    names: tuple[str, ...]
    height: float = 160.0


# Which figures stand in the report; the page has them all. One that a result lacks is left out.
_FIGURES: Mapping[str, tuple[Row, ...]] = {
    "robustness": (Row(("curves",)), Row(("runs", "examples"), 165)),
    "distribution_shift": (Row(("shifts", "effective_robustness"), 215),),
    "calibration": (Row(("reliability_a", "reliability_b"), 140), Row(("corrupted",))),
    "ablation": (
        Row(("reselection_accuracy", "correlation_accuracy"), 190),
        Row(("new_runs_accuracy", "new_runs_nll"), 190),
    ),
    "per_class": (Row(("recall", "confusion_difference"), 190),),
    "failures": (Row(("categories", "severity"), 120),),
}
# Which tables; those that are longer stand in the appendix.
_TABLES: Mapping[str, tuple[str, ...]] = {
    "robustness": ("Mean accuracy under every corruption",),
    "transfer": ("Accuracy of new last layers",),
    "ablation": ("Arms chosen anew, against accuracy only",),
    "per_class": ("Recall of every class",),
    "failures": ("Every category",),
}
MOST_ROWS = 16


def module(source: StudySource, sheet: Sheet, name: str) -> list[Any]:
    """Return the module `name`, which has a result."""
    found, result = MODULES[name], source.study.results[name]
    figures = safely(lambda: found.figures(dict(result)), f"figures of {name}") or {}
    tables = {title: rows for title, rows in chosen_tables(source, name).items() if len(rows) <= MOST_ROWS}
    parts: list[Any] = [room_for(115), heading(found.label, "H2"), text(f"**{found.question}**")]
    parts += bullets([str(line) for line in result["reading"]], look="reading")
    if len(figures) == len(tables) == 1:  # both are small, so they share the width
        room = (sheet.width - _GAP) / 2
        ((key, drawn),), ((title, rows),) = figures.items(), tables.items()
        columns = [_column(found, key, drawn, room, 125), small_table(title, rows, room)]
        return [*parts, beside(columns, sheet.width)]
    told: set[str] = set()
    blocks = [_row(found, figures, row, sheet, told) for row in _rows(name, figures)]
    blocks += [small_table(title, rows, sheet.width) for title, rows in tables.items()]
    return [*parts, *any_order(blocks, sheet.width)]


def _rows(name: str, figures: Mapping[str, go.Figure]) -> list[Row]:
    if name == "transfer":
        names = [*[one for one in figures if one.startswith("probe_")][:3], "runs"]
        planned: Sequence[Row] = [Row(tuple(names[start : start + 2]), 145) for start in range(0, len(names), 2)]
    else:
        planned = _FIGURES.get(name, (Row(tuple(list(figures)[:2])),))
    rows = [Row(tuple(one for one in row.names if one in figures), row.height) for row in planned]
    return [row for row in rows if row.names]


def _row(found: AnalysisModule, figures: Mapping[str, go.Figure], row: Row, sheet: Sheet, told: set[str]) -> list[Any]:
    """Return a row of figures; what they have in common to be read by is said once, and `told` before not again."""
    alone = len(row.names) == 1
    room = sheet.width if alone else (sheet.width - _GAP) / 2
    heights = [_height(figures[name], row, alone=alone) for name in row.names]
    hows = {found.caption(name).how_to_read for name in row.names} - told
    told |= hows
    common = len(hows) < len(row.names)
    columns = [
        _column(found, name, figures[name], room, height, caption=not common)
        for name, height in zip(row.names, heights, strict=True)
    ]
    below = [text(how, "small") for how in sorted(hows) if common and how]
    return [*columns[0], *below] if alone else [beside(columns, sheet.width), *below]


def _column(
    found: AnalysisModule, name: str, drawn: go.Figure, room: float, height: float, *, caption: bool = True
) -> list[Any]:
    words = found.caption(name)
    alt = f"{found.label}: {words.title}. What it shows is said in the sentences above and in the tables."
    return figure(drawn, room, words.title, words.how_to_read, alt, height, caption=caption)


def _height(drawn: go.Figure, row: Row, *, alone: bool) -> float:
    """Return how high a figure is: as planned, and higher where it has many rows or panels."""
    pixels = float(drawn.layout.height or 320)
    if alone and pixels > 500:  # panels: a strip for each row of them
        return min(0.29 * pixels, 430.0)
    return max(row.height, min(0.27 * pixels, 420.0))


def chosen_tables(source: StudySource, name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of a module that the report has, by title."""
    written = safely(lambda: MODULES[name].tables(dict(source.study.results[name])), f"tables of {name}") or {}
    return {title: written[title] for title in _TABLES.get(name, ()) if written.get(title)}


def safely(write: Any, what: str) -> Any:
    """Return what `write` returns, or None where a stored result is of another version; that is logged."""
    try:
        return write()
    except Exception:  # a report without one table is better than none
        _log.exception("%s cannot be written", what)
        return None


def whole(title: str, rows: Sequence[Mapping[str, Any]], sheet: Sheet) -> list[Any]:
    """Return a table of any length in small letters."""
    return [room_for(80), heading(title, "H3long", listed=False), table(rows, sheet.width, title, tiny=True)]
