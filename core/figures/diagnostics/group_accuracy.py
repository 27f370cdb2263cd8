"""Accuracy of groups: how good the network is on each class, and on short and long texts."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.diagnostics import register
from core.figures.diagnostics.words import safe, share
from core.figures.style import BLUE, GREY, ORANGE, new_figure
from core.stats import wilson_interval
from core.trial import Trace

HOW = (
    "Each row is a part of the validation rows: a class, or for texts also a quarter by length (quartile 1 holds the "
    "shortest). The mark is the share of right answers, the bar its 95 % interval: few rows give a long bar. Good: all "
    "marks near the dotted line, the accuracy over all rows. A mark whose bar ends left of the line may be a "
    "weakness; among many groups one such bar comes by chance, and the sentence above allows for that. Then look at "
    "the confusion matrix, and add or balance data of that kind."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAccuracy:
    """A group with its accuracy and 95 % Wilson interval."""

    kind: str
    name: str
    n: int
    accuracy: float
    low: float
    high: float
    weak: bool  # below all rows together, with 95 % confidence over all groups at once (Bonferroni)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAccuracies:
    """All groups in the order of the data set, and the accuracy over all rows."""

    groups: tuple[GroupAccuracy, ...]
    overall: float
    n: int

    @property
    def weak(self) -> tuple[GroupAccuracy, ...]:
        """Groups that are reliably below the whole, the weakest first."""
        below = [group for group in self.groups if group.weak]
        return tuple(sorted(below, key=lambda group: group.accuracy))


def compute(trace: Trace) -> GroupAccuracies | str:
    """Return the groups that have rows."""
    counted = [group for group in trace.groups if group.n]
    if not counted or not trace.val_n:
        return "no rows were counted by group"
    overall = trace.val_correct / trace.val_n
    groups = []
    for group in counted:
        low, high = wilson_interval(group.correct, group.n)
        _, surely_below = wilson_interval(group.correct, group.n, 1 - 0.05 / len(counted))
        groups.append(
            GroupAccuracy(
                kind=group.kind,
                name=group.name,
                n=group.n,
                accuracy=group.correct / group.n,
                low=low,
                high=high,
                weak=surely_below < overall,
            )
        )
    return GroupAccuracies(groups=tuple(groups), overall=overall, n=trace.val_n)


def draw(data: GroupAccuracies) -> go.Figure:
    """Draw a mark with its interval per group."""
    figure = new_figure("Accuracy", "")
    for kind, colour, symbol in (("class", BLUE, "circle"), ("length", ORANGE, "diamond")):
        groups = [group for group in data.groups if group.kind == kind]
        if not groups:
            continue
        figure.add_scatter(
            x=[group.accuracy for group in groups],
            y=[f"{safe(group.name, 18)} ({group.n:,})" for group in groups],
            name=kind,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [group.high - group.accuracy for group in groups],
                "arrayminus": [group.accuracy - group.low for group in groups],
                "color": colour,
                "thickness": 2,
                "width": 4,
            },
            customdata=[f"{share(group.low)} to {share(group.high)}, n = {group.n:,}" for group in groups],
            hovertemplate="%{y}: %{x:.1%}<br>%{customdata}<extra></extra>",
        )
    figure.add_vline(x=data.overall, line={"color": GREY, "dash": "dot", "width": 2})
    figure.update_layout(height=110 + 24 * len(data.groups))
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(autorange="reversed", type="category", dtick=1)
    return figure


def finding(data: GroupAccuracies) -> str:
    """Name the groups that are weaker than the whole."""
    whole = f"{share(data.overall)} over all {data.n:,} rows"
    if not data.weak:
        return f"No group is reliably weaker than the whole: {whole}."
    named = ", ".join(f"{group.name} {share(group.accuracy)} (n {group.n:,})" for group in data.weak[:3])
    return f"Reliably weaker than the whole ({whole}): {named}."


register(
    name="group_accuracy",
    label="Accuracy by group",
    group="Mistakes",
    order=1,
    how_to_read=HOW,
    needs="trace",
    measure=compute,
    draw=draw,
    finding=finding,
)
