"""Confidence: how sure the network is when it is right, and when it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.words import share
from core.figures.style import BLUE, VERMILION, new_figure

BINS = 20
SURE = 0.9
HOW = (
    "How sure the network was (the probability of its answer), for right and wrong answers apart; each group adds up "
    "to 100 %, however small it is. Good: right answers pile up at the right, wrong ones spread to the left, so that "
    "confidence warns of mistakes. Wrong answers at the far right are the dangerous ones: see “Worst mistakes” for "
    "wrong labels, and try more dropout."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidences:
    """Counts of right and wrong answers by confidence, and how many of each were surer than 90 %."""

    edges: tuple[float, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    sure_right: int
    sure_wrong: int


def compute(stored: Diagnostics) -> Confidences | str:
    """Count the answers in 20 steps of confidence."""
    if not len(stored.labels):
        return "there are no validation rows"
    confidence = stored.probabilities.max(axis=1).astype(np.float64)
    correct = stored.probabilities.argmax(axis=1) == stored.labels
    edges = np.linspace(0, 1, BINS + 1)
    inside = np.clip(confidence, 0, 1)  # rounding may leave a probability just above 1
    usable = np.isfinite(inside)
    right, wrong = (np.histogram(inside[which & usable], edges)[0] for which in (correct, ~correct))
    return Confidences(
        edges=tuple(float(edge) for edge in edges),
        right=tuple(int(count) for count in right),
        wrong=tuple(int(count) for count in wrong),
        sure_right=int((correct & usable & (confidence > SURE)).sum()),
        sure_wrong=int((~correct & usable & (confidence > SURE)).sum()),
    )


def draw(data: Confidences) -> go.Figure:
    """Draw both groups side by side."""
    figure = new_figure("Confidence", "Share of the group")
    centres = [(low + high) / 2 for low, high in pairwise(data.edges)]
    for name, counts, colour, pattern in (
        ("right", data.right, BLUE, ""),
        ("wrong", data.wrong, VERMILION, "/"),
    ):
        total = sum(counts)
        figure.add_bar(
            x=centres,
            y=[count / max(total, 1) for count in counts],
            name=f"{name} (n = {total:,})",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=counts,
            hovertemplate=f"{name}, confidence about %{{x:.0%}}: %{{customdata:,}} rows, %{{y:.1%}}<extra></extra>",
        )
    figure.update_layout(barmode="group", bargap=0.1)
    filled = [place for place, pair in enumerate(zip(data.right, data.wrong, strict=True)) if any(pair)]
    figure.update_xaxes(tickformat=".0%", range=[data.edges[filled[0]] if filled else 0, 1])
    figure.update_yaxes(tickformat=".0%")
    return figure


def finding(data: Confidences) -> str:
    """Count the sure mistakes."""
    wrong, right = sum(data.wrong), sum(data.right)
    if not wrong:
        return f"All {right:,} answers are right."
    sure = data.sure_wrong + data.sure_right
    return (
        f"{data.sure_wrong:,} of {wrong:,} wrong answers were given with more than {share(SURE, 0)} confidence; of all "
        f"{sure:,} answers as sure as that, {share(data.sure_right / max(sure, 1))} are right."
    )


register(
    name="confidence",
    label="Confidence when right and wrong",
    group="Mistakes",
    order=5,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
)
