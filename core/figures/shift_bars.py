"""Accuracy as it is and under every shift, both modes beside each other: a row for each, so that twenty can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.diagnostics.words import safe
from core.figures.mode_looks import MODE_LABELS, MODE_LOOKS, tint
from core.figures.style import empty_figure, new_figure
from core.study_config import STUDY_MODES, StudyMode

_ROW, _AROUND = 34, 110  # pixels of a row, and of all that is not rows
_LABEL = 34  # characters
_WHISKER = "#5C6270"  # seen on white, on near-black and on the bars
_BAR_OPACITY = 0.75
_TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeMean:
    """Mean accuracy of a mode's networks, a share, with its 95 % interval where there is one."""

    n: int
    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """The clean rows, or one shift. None where a mode has no network."""

    label: str
    accuracy: Mapping[StudyMode, ModeMean | None]


def compute(result: Mapping[str, Any]) -> tuple[ShiftRow, ...]:
    """Return the rows of a stored result: clean rows first, then set by set."""
    (clean,) = (one for one in result["runs"] if one["measure"] == "clean")
    sets = [(one["label"], one["accuracy"]) for family in result["families"] for one in family["sets"]]
    return tuple(
        ShiftRow(label=label, accuracy={mode: _mean(found[mode]) for mode in STUDY_MODES})
        for label, found in (("Holdout as it is", clean), *sets)
    )


def _mean(found: Mapping[str, Any]) -> ModeMean | None:
    if found["mean"] is None:
        return None
    return ModeMean(**{name: found[name] for name in ("n", "mean", "low", "high")})


def draw(rows: tuple[ShiftRow, ...]) -> go.Figure:
    """Draw two bars with their intervals for each row, the first row on top."""
    if not rows:
        return empty_figure("No shift was tried")
    figure = new_figure("Accuracy", "")
    for mode in STUDY_MODES:
        known = [(place, row.label, found) for place, row in enumerate(rows) if (found := row.accuracy[mode])]
        figure.add_bar(
            x=[found.mean for _, _, found in known],
            y=[place for place, _, _ in known],
            orientation="h",
            name=MODE_LABELS[mode],
            marker={
                "color": tint(MODE_LOOKS[mode].colour, _BAR_OPACITY),
                "line": {"color": MODE_LOOKS[mode].colour, "width": 1},
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [0.0 if found.high is None else found.high - found.mean for _, _, found in known],
                "arrayminus": [0.0 if found.low is None else found.mean - found.low for _, _, found in known],
                "thickness": 1.5,
                "width": 4,
                "color": _WHISKER,
            },
            customdata=[f"{safe(label)}, {MODE_LABELS[mode].lower()}: {_words(found)}" for _, label, found in known],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.update_layout(
        height=_AROUND + _ROW * len(rows), barmode="group", bargap=0.25, bargroupgap=0.05, showlegend=True
    )
    figure.update_xaxes(range=[0, 1.01], tickvals=_TICKS, tickformat=".0%", zeroline=False, fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[safe(row.label, _LABEL) for row in rows],
        range=[len(rows) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    return figure


def _words(found: ModeMean) -> str:
    mean = f"{found.mean:.1%}"
    if found.low is None or found.high is None:
        return f"{mean}, {found.n} {'run' if found.n == 1 else 'runs'}"
    return f"{mean} on average of {found.n} runs, 95 % interval {found.low:.1%} to {found.high:.1%}"
