"""Confusion matrix: which class is taken for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.words import class_name, safe, share
from core.figures.style import new_figure

# Opaque, so that the numbers in the cells keep their contrast in light and dark. Legible without colour: lightness.
SCALE = [[0.0, "#F1F5FA"], [0.25, "#BBD6EA"], [0.5, "#6FAAD2"], [0.75, "#2478B5"], [1.0, "#073B63"]]
NUMBERED = 16  # more classes leave no room for numbers
HOW = (
    "Rows are the true classes, columns the answers; a cell counts validation rows. Good: everything on the diagonal. "
    "A dark cell off the diagonal is a pair that the network mixes up: look at those rows under “Worst mistakes”, and "
    "add data that tells them apart. Shades go by the share of the row, on a square-root scale, so that rare mistakes "
    "are seen."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts by true class (rows) and answer (columns)."""

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def n(self) -> int:
        """All rows."""
        return sum(map(sum, self.counts))

    @property
    def shares(self) -> tuple[tuple[float, ...], ...]:
        """Counts divided by their row's sum; 0 in an empty row."""
        return tuple(tuple(count / max(sum(row), 1) for count in row) for row in self.counts)

    def mixed_up(self, most: int = 3) -> tuple[tuple[int, int, int], ...]:
        """Return (truth, answer, count) of the most frequent mistakes."""
        pairs = [
            (truth, answer, count)
            for truth, row in enumerate(self.counts)
            for answer, count in enumerate(row)
            if truth != answer and count
        ]
        return tuple(sorted(pairs, key=lambda pair: -pair[2])[:most])


def compute(stored: Diagnostics) -> Confusion | str:
    """Count the answers, the most probable classes."""
    if not len(stored.labels):
        return "there are no validation rows"
    classes = stored.probabilities.shape[1]
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (stored.labels, stored.probabilities.argmax(axis=1)), 1)
    names = tuple(class_name(stored.class_names, number) for number in range(classes))
    return Confusion(names=names, counts=tuple(tuple(int(count) for count in row) for row in counts))


def draw(data: Confusion) -> go.Figure:
    """Draw the matrix as a heat map with its counts."""
    classes = len(data.names)
    figure = new_figure("Answer", "Truth")
    labels, names = list(range(classes)), [safe(name) for name in data.names]
    figure.add_heatmap(
        z=[[value**0.5 for value in row] for row in data.shares],
        x=labels,
        y=labels,
        text=[[str(count) if count else "" for count in row] for row in data.counts],
        texttemplate="%{text}" if classes <= NUMBERED else None,
        customdata=[
            [
                f"truth {names[truth]}, answer {names[answer]}: {count:,} ({share(part)} of its rows)"
                for answer, (count, part) in enumerate(zip(row, parts, strict=True))
            ]
            for truth, (row, parts) in enumerate(zip(data.counts, data.shares, strict=True))
        ],
        hovertemplate="%{customdata}<extra></extra>",
        colorscale=SCALE,
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=1,
        ygap=1,
    )
    step = max(1, -(-classes // 24))
    figure.update_layout(height=min(640, max(300, 110 + 34 * classes)))
    figure.update_xaxes(tickvals=labels[::step], ticktext=names[::step], showgrid=False, zeroline=False)
    figure.update_yaxes(tickvals=labels[::step], ticktext=names[::step], showgrid=False, zeroline=False)
    figure.update_yaxes(autorange="reversed")
    return figure


def finding(data: Confusion) -> str:
    """Name the pairs that are mixed up most."""
    right = sum(data.counts[number][number] for number in range(len(data.names)))
    pairs = [f"{data.names[t]} taken for {data.names[a]} ({count}×)" for t, a, count in data.mixed_up()]
    return f"{right:,} of {data.n:,} validation rows are right. " + (
        f"Most frequent mistakes: {', '.join(pairs)}." if pairs else "There are no mistakes."
    )


register(
    name="confusion_matrix",
    label="Confusion matrix",
    group="Mistakes",
    order=2,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
)
