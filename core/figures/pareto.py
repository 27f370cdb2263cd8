"""Accuracy against health: what each trial gave, and the front of those that no other trial beats in both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.roles import DIMMED, MARKS, NAMES, SELECTED, Role, layers, role_of
from core.figures.style import GREEN, empty_figure, new_figure
from core.store import TrialRecord

_UNPLACED = ("pruned", "failed", "interrupted", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoPoint:
    """A completed trial with both numbers. `front`: within the budgets, no other such trial is as good in both and
    better in one."""

    number: int
    role: Role
    accuracy: float
    health: float
    total_score: float | None
    front: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoData:
    """All placed trials by number, the front from the least to the most accurate, and how many could not be placed."""

    points: tuple[ParetoPoint, ...]
    front: tuple[ParetoPoint, ...]
    unplaced: dict[str, int]
    selected: frozenset[int]

    @property
    def words(self) -> str:
        """Say in a sentence who is not in the plot; empty when everybody is."""
        parts = [f"{count} {role}" for role, count in self.unplaced.items()]
        return f"Not in the plot, as they have no health score: {', '.join(parts)}." if parts else ""


def compute(
    trials: Iterable[TrialRecord],
    best: int | None,
    selected: frozenset[int] = frozenset(),
    *,
    active: bool = True,
) -> ParetoData:
    """Place every completed trial that has an accuracy and a health score; `best` is the number of the best trial."""
    placed: list[tuple[TrialRecord, Role]] = []
    unplaced = dict.fromkeys(("completed without health", *_UNPLACED), 0)
    for trial in sorted(trials, key=lambda trial: trial.number):
        role = role_of(trial, best, active=active)
        if role is None:
            continue
        if role in _UNPLACED:
            unplaced[role] += 1
        elif trial.accuracy is None or trial.health is None:
            unplaced["completed without health"] += 1
        else:
            placed.append((trial, role))
    front = pareto_front(
        [(trial.accuracy or 0.0, trial.health or 0.0, trial.number) for trial, role in placed if role != "over budget"]
    )
    points = tuple(
        ParetoPoint(
            number=trial.number,
            role=role,
            accuracy=trial.accuracy or 0.0,
            health=trial.health or 0.0,
            total_score=trial.total_score,
            front=trial.number in front,
        )
        for trial, role in placed
    )
    line = sorted((point for point in points if point.front), key=lambda point: (point.accuracy, point.number))
    counts = {role: count for role, count in unplaced.items() if count}
    return ParetoData(points=points, front=tuple(line), unplaced=counts, selected=frozenset(selected))


def pareto_front(points: Iterable[tuple[float, float, int]]) -> frozenset[int]:
    """Return the labels of the (first, second, label) that none beats: as good in both and better in one.

    >>> sorted(pareto_front([(0.9, 0.2, 0), (0.8, 0.5, 1), (0.8, 0.4, 2), (0.8, 0.5, 3)]))
    [0, 1, 3]
    """
    front: set[int] = set()
    highest, at = float("-inf"), float("inf")  # the best second value so far, and the first value it came with
    for first, second, label in sorted(points, key=lambda point: (-point[0], -point[1])):
        if second > highest:
            highest, at = second, first
        if second == highest and first == at:
            front.add(label)
    return frozenset(front)


def draw(data: ParetoData) -> go.Figure:
    """Draw the front as a line through its trials; every point carries its trial's number as `customdata`."""
    if not data.points:
        return empty_figure("No completed trial has a health score yet")
    figure = new_figure("Health score", "Validation accuracy")
    figure.update_yaxes(tickformat=".1%")
    if len(data.front) > 1:
        figure.add_scatter(
            x=[point.health for point in data.front],
            y=[point.accuracy for point in data.front],
            customdata=[point.number for point in data.front],
            name="Front",
            mode="lines",
            line={"color": GREEN, "width": 2, "dash": "dash"},
            hoverinfo="skip",
        )
    for role, bright, members, named in layers(data.points, data.selected):
        _add_points(figure, role, members, bright=bright, named=named)
    chosen = [point for point in data.points if point.number in data.selected]
    if chosen:
        _add(figure, chosen, "Selected", SELECTED, hoverinfo="skip")
    return figure


def _add_points(figure: go.Figure, role: Role, points: list[ParetoPoint], *, bright: bool, named: bool) -> None:
    _add(
        figure,
        points,
        NAMES[role],
        MARKS[role],
        legendgroup=role,
        showlegend=named,
        opacity=1.0 if bright else DIMMED,
        text=["on the front" if point.front else "another is at least as good in both" for point in points]
        if role != "over budget"
        else ["over a budget"] * len(points),
        hovertemplate="trial %{customdata}, %{text}<br>accuracy %{y:.1%} · health %{x:.3f}"
        + "<extra>"
        + NAMES[role]
        + "</extra>",
    )


def _add(figure: go.Figure, points: list[ParetoPoint], name: str, marker: dict[str, object], **more: object) -> None:
    figure.add_scatter(
        x=[point.health for point in points],
        y=[point.accuracy for point in points],
        customdata=[point.number for point in points],
        name=name,
        mode="markers",
        marker=marker,
        **more,
    )
