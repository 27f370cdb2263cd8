"""Arms of the ablation as rows: how far each is from accuracy only on the holdout, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.named_rows import arrange
from core.figures.style import BLUE, ORANGE, empty_figure, new_figure

_LABEL = 22  # characters of a line of a label
_AXES = {  # by outcome: title, by what the differences are multiplied, digits, the axis goes at least this far
    "accuracy": ("Holdout accuracy minus that of accuracy only (points)", 100.0, 2, 0.5),
    "nll": ("Holdout log loss minus that of accuracy only (nats; less is better)", 1.0, 4, 0.01),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRow:
    """Mean difference of an arm to accuracy only over pairs with its 95 % interval, in the unit of the outcome."""

    label: str
    mean: float
    low: float | None
    high: float | None
    pairs: int
    same: int  # pairs in which both chose the same network
    control: bool


def compute(found: Sequence[Mapping[str, Any]]) -> tuple[ArmRow, ...]:
    """Return a row for each stored contrast that has a difference."""
    return tuple(
        ArmRow(
            label=one["label"],
            mean=one["difference"]["mean"],
            low=one["difference"]["low"],
            high=one["difference"]["high"],
            pairs=one["pairs"],
            same=one["same"],
            control=one["arm"] == "validation_loss",
        )
        for one in found
        if one["difference"]["mean"] is not None
    )


def draw(rows: Sequence[ArmRow], outcome: str) -> go.Figure:
    """Draw a mark with its interval for each arm, the first on top. `outcome`: accuracy or nll."""
    if not rows:
        return empty_figure("No arm can be compared with accuracy only")
    title, scale, digits, least = _AXES[outcome]
    figure = new_figure(title, "")
    places = list(range(len(rows)))
    colours = [ORANGE if row.control else BLUE for row in rows]
    for place, row, colour in zip(places, rows, colours, strict=True):
        ends = None if row.low is None or row.high is None else (scale * row.low, scale * row.high)
        figure.add_scatter(
            x=[scale * row.mean],
            y=[place],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [ends[1] - scale * row.mean],
                "arrayminus": [scale * row.mean - ends[0]],
                "thickness": 2,
                "width": 6,
                "color": colour,
            }
            if ends
            else None,
            mode="markers",
            marker={"color": colour, "size": 10, "symbol": "square" if row.control else "diamond"},
            hovertemplate=f"{_words(row, ends, digits)}<extra></extra>",
            showlegend=False,
        )
    numbers = [value for row in rows for value in (row.mean, row.low or 0.0, row.high or 0.0)]
    reach = 1.15 * max(least, *(scale * abs(value) for value in numbers))
    sides = ("worse", "better") if outcome == "accuracy" else ("better", "worse")
    left, right = (f"{side} than accuracy only" for side in sides)
    arrange(figure, [row.label for row in rows], reach, (left, right), _LABEL)
    return figure


def _words(row: ArmRow, ends: tuple[float, float] | None, digits: int) -> str:
    interval = "no interval" if ends is None else f"95 % interval {ends[0]:+.{digits}f} to {ends[1]:+.{digits}f}"
    return f"{row.label}: %{{x:+.{digits}f}}, {interval}; same network in {row.same} of {row.pairs} pairs"
