"""How many rows each class has: horizontal bars, so that the names of many classes can be read on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from core.figures.style import BLUE, empty_figure, new_figure

Order = Literal["class", "most", "fewest"]
ORDERS: dict[Order, str] = {"class": "By class", "most": "Most rows first", "fewest": "Fewest rows first"}
_BAR_PIXELS = 24
_FRAME_PIXELS = 64  # the axis and its title
_NAME_LENGTH = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The classes in the order in which they are drawn, from the top; `shares` of all rows, 0 to 1."""

    names: tuple[str, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """Rows of the largest class for each row of the smallest; None when a class has no row."""
        if not self.counts or 0 in self.counts:
            return None
        return max(self.counts) / min(self.counts)

    @property
    def summary(self) -> str:
        """What the figure shows, in a sentence or two."""
        if not self.counts:
            return "There are no classes."
        largest = self.names[self.counts.index(max(self.counts))]
        smallest = self.names[self.counts.index(min(self.counts))]
        if max(self.counts) == min(self.counts):
            return f"All {len(self.counts)} classes have {self.counts[0]:,} rows each."
        ends = f"{largest} has the most rows ({max(self.counts):,}), {smallest} the fewest ({min(self.counts):,})"
        return f"{ends}: {self.ratio:,.1f} to 1." if self.ratio is not None else f"{ends}."


def compute(names: Sequence[str], counts: Sequence[int], order: Order = "class") -> Balance:
    """Return the classes `names` with their `counts` of rows, ordered; equally large classes keep their order."""
    total = sum(counts)
    places = list(range(len(names)))
    if order != "class":
        places.sort(key=lambda place: counts[place], reverse=order == "most")
    return Balance(
        names=tuple(names[place] for place in places),
        counts=tuple(counts[place] for place in places),
        shares=tuple(counts[place] / total if total else 0.0 for place in places),
    )


def draw(data: Balance) -> go.Figure:
    """Draw a bar per class, the first one on top; the figure is as high as its bars need."""
    if not data.counts:
        return empty_figure("There are no classes")
    figure = new_figure("Rows", "")
    places = list(range(len(data.names)))
    figure.add_bar(
        x=data.counts,
        y=places,  # numbers, because two names may be cut to the same text
        orientation="h",
        marker_color=BLUE,
        text=[f"{count:,}" for count in data.counts],
        textposition="outside",
        cliponaxis=False,
        customdata=list(zip(data.names, data.shares, strict=True)),
        hovertemplate="%{customdata[0]}: %{x:,} rows, %{customdata[1]:.1%}<extra></extra>",
    )
    figure.update_layout(height=_FRAME_PIXELS + _BAR_PIXELS * len(places), bargap=0.25, showlegend=False)
    figure.update_xaxes(range=[0, 1.18 * max(*data.counts, 1)], nticks=5, fixedrange=True)
    figure.update_yaxes(
        range=[len(places) - 0.5, -0.5],
        tickvals=places,
        ticktext=[_short(name) for name in data.names],
        fixedrange=True,
        showgrid=False,
    )
    return figure


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"
