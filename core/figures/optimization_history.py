"""Optimization history: the total score of every trial and the best so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.roles import MARKS, NAMES
from core.figures.style import ORANGE, empty_figure, new_figure
from core.store import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """A trial that got a total score."""

    number: int
    total_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEnd:
    """A trial that ended without a total score, and the last validation accuracy known of it."""

    number: int
    accuracy: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryData:
    """All trials that ended, by number."""

    completed: tuple[HistoryPoint, ...]
    over_budget: tuple[HistoryPoint, ...]  # completed, but never the best
    best_so_far: tuple[HistoryPoint, ...]  # one per completed trial within the budgets
    best: HistoryPoint | None
    pruned: tuple[HistoryEnd, ...]
    failed: tuple[HistoryEnd, ...]

    @property
    def numbers(self) -> tuple[int, int]:
        """Lowest and highest trial number."""
        every = [point.number for point in (*self.completed, *self.over_budget)]
        every += [end.number for end in (*self.pruned, *self.failed)]
        return min(every, default=0), max(every, default=0)

    @property
    def score_range(self) -> tuple[float, float]:
        """Lowest and highest score with a margin, so that a single point has an axis too."""
        scores = [point.total_score for point in (*self.completed, *self.over_budget)] or [0.0, 1.0]
        margin = max(0.12 * (max(scores) - min(scores)), 0.02)
        return min(scores) - margin, max(scores) + margin

    @property
    def floor(self) -> float:
        """Height at which trials without a score are drawn: a little below the lowest score."""
        low, high = self.score_range
        return low + 0.04 * (high - low)


def compute(trials: Iterable[TrialRecord]) -> HistoryData:
    """Sort the ended trials by how they ended."""
    by_number = sorted(trials, key=lambda trial: trial.number)
    scored = [trial for trial in by_number if trial.state == "completed" and trial.total_score is not None]
    within = [trial for trial in scored if trial.feasible]
    leaders = best_so_far(within)
    best = leaders[-1] if leaders else None
    return HistoryData(
        completed=tuple(map(_point, within)),
        over_budget=tuple(_point(trial) for trial in scored if not trial.feasible),
        best_so_far=tuple(
            HistoryPoint(number=trial.number, total_score=leader.total_score or 0.0)
            for trial, leader in zip(within, leaders, strict=True)
        ),
        best=_point(best) if best else None,
        pruned=tuple(_end(trial) for trial in by_number if trial.state == "pruned"),
        failed=tuple(_end(trial) for trial in by_number if trial.state == "failed"),
    )


def best_so_far(within: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Return the leader after each of the completed trials within the budgets; the earliest of equals leads."""
    leaders: list[TrialRecord] = []
    for trial in within:
        leads = not leaders or (trial.total_score or 0.0) > (leaders[-1].total_score or 0.0)
        leaders.append(trial if leads else leaders[-1])
    return leaders


def _point(trial: TrialRecord) -> HistoryPoint:
    return HistoryPoint(number=trial.number, total_score=trial.total_score or 0.0)


def _end(trial: TrialRecord) -> HistoryEnd:
    last = max(trial.accuracies, default=None)
    return HistoryEnd(number=trial.number, accuracy=None if last is None else trial.accuracies[last])


def draw(data: HistoryData) -> go.Figure:
    """Draw scores as dots, the best so far as steps, and trials without a score as marks along the bottom."""
    if not (data.completed or data.over_budget or data.pruned or data.failed):
        return empty_figure("No trial has ended yet")
    figure = new_figure("Trial", "Total score")
    first, last = data.numbers
    figure.update_xaxes(tickformat="d", range=[first - 0.5, last + 0.5], dtick=1 if last - first < 20 else None)
    figure.update_yaxes(range=data.score_range)
    if data.best_so_far:
        figure.add_scatter(
            x=[point.number for point in data.best_so_far],
            y=[point.total_score for point in data.best_so_far],
            name="Best so far",
            mode="lines",
            line={"shape": "hv", "color": ORANGE, "width": 2},
            hoverinfo="skip",
        )
    _add_points(figure, data.completed, NAMES["completed"], MARKS["completed"])
    _add_points(figure, data.over_budget, NAMES["over budget"], MARKS["over budget"])
    if data.best is not None:
        _add_points(figure, (data.best,), NAMES["best"], MARKS["best"])
    _add_ends(figure, data.pruned, data.floor, NAMES["pruned"], MARKS["pruned"])
    _add_ends(figure, data.failed, data.floor, NAMES["failed"], MARKS["failed"])
    return figure


def _add_points(figure: go.Figure, points: tuple[HistoryPoint, ...], name: str, marker: dict[str, object]) -> None:
    if points:
        figure.add_scatter(
            x=[point.number for point in points],
            y=[point.total_score for point in points],
            name=name,
            mode="markers",
            marker=marker,
            hovertemplate="trial %{x}<br>total score %{y:.4f}<extra>" + name + "</extra>",
        )


def _add_ends(
    figure: go.Figure, ends: tuple[HistoryEnd, ...], floor: float, name: str, marker: dict[str, object]
) -> None:
    if ends:
        figure.add_scatter(
            x=[end.number for end in ends],
            y=[floor] * len(ends),
            name=f"{name} (no score)",
            mode="markers",
            marker=marker,
            customdata=["not known" if end.accuracy is None else f"{end.accuracy:.1%}" for end in ends],
            hovertemplate="trial %{x}<br>last validation accuracy %{customdata}<extra>" + name + "</extra>",
        )
