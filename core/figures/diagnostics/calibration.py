"""Calibration: when the network says 90 %, is it right nine times out of ten?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.words import points, share
from core.figures.style import BLUE, GREY, new_figure
from core.stats import wilson_interval

BINS = 10
PER_BIN = 20  # rows below which a bin says next to nothing
HOW = (
    "The validation rows are sorted by confidence (the probability of the answer) and cut into parts of equal size; "
    "each mark shows how often the answers of a part were right, with a 95 % interval. Good: marks on the dotted "
    "line. Below it the network is too sure of itself: use more dropout or fewer epochs. Above it, it "
    "is too modest. ECE is the mean distance from the line; with few rows it is above 0 even for a perfect network."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A part of the rows: how sure the network was on average and how often it was right."""

    n: int
    correct: int
    confidence: float

    @property
    def accuracy(self) -> float:
        return self.correct / self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Bins of equal mass from the least sure to the surest."""

    bins: tuple[Bin, ...]

    @property
    def n(self) -> int:
        """All rows."""
        return sum(part.n for part in self.bins)

    @property
    def error(self) -> float:
        """Expected calibration error: Σ n_b / n · |accuracy_b - confidence_b| (Naeini et al. 2015; equal mass)."""
        return sum(part.n * abs(part.accuracy - part.confidence) for part in self.bins) / self.n

    @property
    def overconfidence(self) -> float:
        """Mean confidence minus accuracy: above 0 the network is too sure."""
        return sum(part.n * (part.confidence - part.accuracy) for part in self.bins) / self.n


def compute(stored: Diagnostics) -> Calibration | str:
    """Sort the rows by confidence and cut them into parts of equal size."""
    confidence = stored.probabilities.max(axis=1).astype(np.float64) if len(stored.labels) else np.zeros(0)
    usable = np.flatnonzero(np.isfinite(confidence))
    if len(usable) < PER_BIN:
        return f"it takes {PER_BIN} validation rows, and there are {len(usable)}"
    right = stored.probabilities.argmax(axis=1) == stored.labels
    order = usable[np.argsort(confidence[usable], kind="stable")]
    parts = np.array_split(order, min(BINS, len(order) // PER_BIN))
    return Calibration(
        bins=tuple(
            Bin(n=len(part), correct=int(right[part].sum()), confidence=float(confidence[part].mean()))
            for part in parts
        )
    )


def draw(data: Calibration) -> go.Figure:
    """Draw accuracy over confidence, beside the line where both are equal."""
    figure = new_figure("Confidence", "Accuracy")
    intervals = [wilson_interval(part.correct, part.n) for part in data.bins]
    start = min(*(part.confidence for part in data.bins), *(low for low, _ in intervals), 0.98)
    figure.add_scatter(
        x=[start, 1],
        y=[start, 1],
        mode="lines",
        name="as sure as right",
        line={"color": GREY, "dash": "dot", "width": 2},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[part.confidence for part in data.bins],
        y=[part.accuracy for part in data.bins],
        mode="lines+markers",
        name="this network",
        line={"color": BLUE, "width": 2},
        marker={"size": 9},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - part.accuracy for part, (_, high) in zip(data.bins, intervals, strict=True)],
            "arrayminus": [part.accuracy - low for part, (low, _) in zip(data.bins, intervals, strict=True)],
            "thickness": 1.5,
            "width": 4,
        },
        customdata=[part.n for part in data.bins],
        hovertemplate="confidence %{x:.1%}, right %{y:.1%}, n = %{customdata:,}<extra></extra>",
    )
    figure.update_layout(height=380)
    figure.update_xaxes(tickformat=".0%", nticks=6)
    figure.update_yaxes(tickformat=".0%")
    return figure


def finding(data: Calibration) -> str:
    """Give the error with what it was measured on."""
    sizes = sorted({part.n for part in data.bins})
    per_bin = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    way = "too sure" if data.overconfidence > 0 else "too modest"
    return (
        f"Expected calibration error {share(data.error)}: {len(data.bins)} parts of {per_bin} rows, {data.n:,} in all. "
        f"On average the network is {points(data.overconfidence)} {way}."
    )


register(
    name="calibration",
    label="Calibration",
    group="Mistakes",
    order=4,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
)
