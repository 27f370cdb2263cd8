"""Per-class report: precision, recall and F1 of every class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.words import class_name, safe, share
from core.figures.style import BLUE, GREEN, ORANGE, new_figure
from core.stats import wilson_interval

HOW = (
    "Recall: how many rows of the class were found; precision: how many of the rows given this name deserve it; F1 is "
    "high only if both are. The bars are 95 % intervals of precision and recall; the number behind the class is how "
    "many rows it has. Good: all marks to the right. Low recall with high precision: the class is named too rarely; "
    "the reverse: too often. Balance the data, or look at the pair in the confusion matrix."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """A share `hits / n` with its 95 % Wilson interval; `value` is None when n is 0."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson_interval(self.hits, self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReport:
    """One class. F1 is None when the class neither occurs nor is ever named."""

    name: str
    precision: Proportion
    recall: Proportion

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall: 2 hits / (rows + answers)."""
        together = self.precision.n + self.recall.n
        return 2 * self.recall.hits / together if together else None


def compute(stored: Diagnostics) -> tuple[ClassReport, ...] | str:
    """Count rows, answers and hits of every class."""
    if not len(stored.labels):
        return "there are no validation rows"
    classes = stored.probabilities.shape[1]
    answers = stored.probabilities.argmax(axis=1)
    rows, named = (np.bincount(values, minlength=classes) for values in (stored.labels, answers))
    hits = np.bincount(stored.labels[answers == stored.labels], minlength=classes)
    return tuple(
        ClassReport(
            name=class_name(stored.class_names, number),
            precision=Proportion(hits=int(hits[number]), n=int(named[number])),
            recall=Proportion(hits=int(hits[number]), n=int(rows[number])),
        )
        for number in range(classes)
    )


def draw(data: tuple[ClassReport, ...]) -> go.Figure:
    """Draw three marks per class, a little apart from each other."""
    figure = new_figure("Precision, recall and F1", "")
    places = np.arange(len(data), dtype=float)
    for what, shift, colour, symbol in (("recall", -0.2, BLUE, "circle"), ("precision", 0.0, ORANGE, "diamond")):
        parts = [getattr(report, what) for report in data]
        known = [place for place, part in enumerate(parts) if part.n]
        figure.add_scatter(
            x=[parts[place].value for place in known],
            y=places[known] + shift,
            name=what,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 8},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [parts[place].interval[1] - parts[place].value for place in known],
                "arrayminus": [parts[place].value - parts[place].interval[0] for place in known],
                "color": colour,
                "thickness": 1.5,
                "width": 3,
            },
            customdata=[
                f"{safe(data[place].name)}: {what} {share(parts[place].value)}<br>95 % interval "
                f"{share(parts[place].interval[0])} to {share(parts[place].interval[1])}, n = {parts[place].n:,}"
                for place in known
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    scored = [(place, report.f1) for place, report in enumerate(data) if report.f1 is not None]
    figure.add_scatter(
        x=[value for _, value in scored],
        y=[place + 0.2 for place, _ in scored],
        name="F1",
        mode="markers",
        marker={"color": GREEN, "symbol": "x-thin", "size": 8, "line": {"color": GREEN, "width": 2}},
        customdata=[f"{safe(data[place].name)}: F1 {value:.3f}" for place, value in scored],
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_layout(height=120 + 34 * len(data))
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(
        tickvals=list(range(len(data))),
        ticktext=[f"{safe(report.name)} ({report.recall.n:,})" for report in data],
        range=[len(data) - 0.5, -0.5],
    )
    return figure


def finding(data: tuple[ClassReport, ...]) -> str:
    """Name the best and the weakest class by F1."""
    known = [(report.f1, report) for report in data if report.f1 is not None]
    mean = sum(value for value, _ in known) / len(known)
    weakest = min(known, key=lambda pair: pair[0])[1]
    best = max(known, key=lambda pair: pair[0])[1]
    n = sum(report.recall.n for report in data)
    return (
        f"Mean F1 {mean:.3f} over {len(known)} classes and {n:,} rows; best {best.name} {best.f1:.3f}, "
        f"weakest {weakest.name} {weakest.f1:.3f} (n {weakest.recall.n:,})."
    )


register(
    name="per_class",
    label="Per-class report",
    group="Mistakes",
    order=3,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
)
