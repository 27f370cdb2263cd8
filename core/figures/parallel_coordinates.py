"""Parallel coordinates: one line per trial across its settings to its score.

Drawn as lines of points rather than as Plotly's `Parcoords`: the page can then be told which points a reader selects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.axes import Axis, Space, number, parameter_axis, used_value
from core.figures.roles import DIMMED, MARKS, NAMES, SCORED, Role, role_of
from core.figures.style import BLUE, GREY, SKY, empty_figure, new_figure
from core.progress import best_trial
from core.store import TrialRecord

NOTHING = -0.16  # height of the rail for settings that a network does not have and for scores that were not reached
_QUARTERS = ("#A3B8CC", SKY, "#2B90CC", BLUE)  # completed trials, from the weakest to the best scores
_FEW = 8  # completed trials; fewer are not cut into quarters
_DASHES: dict[Role, str] = {"pruned": "dot", "failed": "dash", "over budget": "longdash", "interrupted": "dashdot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelLine:
    """A trial: how far along each axis it lies, 0 to 1; None where it has no such setting, or no score (the last)."""

    number: int
    role: Role
    quarter: int | None  # of the completed trials by score, 3 the best; None: too few, or not completed
    shares: tuple[float | None, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelData:
    """The axes from left to right, the score last, and the lines by number."""

    labels: tuple[str, ...]
    ticks: tuple[tuple[tuple[float, str], ...], ...]
    lines: tuple[ParallelLine, ...]
    selected: frozenset[int]


def compute(
    trials: Iterable[TrialRecord],
    space: Space,
    parameters: Sequence[str],
    selected: frozenset[int] = frozenset(),
    *,
    active: bool = True,
) -> ParallelData:
    """Place every trial that began on the axes of `parameters` and of the total score."""
    by_number = sorted(trials, key=lambda trial: trial.number)
    best = best_trial(by_number)
    begun = [
        (trial, role)
        for trial in by_number
        if trial.params and (role := role_of(trial, best.number if best else None, active=active))
    ]
    axes = [parameter_axis(name, space, (trial for trial, _ in begun)) for name in parameters]
    scores = [trial.total_score for trial, role in begun if role in SCORED and trial.total_score is not None]
    score = Axis(name="total_score", choices=(), log=False, low=min(scores, default=0.0), high=max(scores, default=1.0))
    ranked = sorted(scores)
    limits = [ranked[len(ranked) * part // 4] for part in (1, 2, 3)] if len(ranked) >= _FEW else None
    return ParallelData(
        labels=tuple(axis.label for axis in (*axes, score)),
        ticks=tuple(tuple(axis.ticks()) for axis in (*axes, score)),
        lines=tuple(_line(trial, role, axes, score, limits) for trial, role in begun),
        selected=frozenset(selected),
    )


def _line(trial: TrialRecord, role: Role, axes: list[Axis], score: Axis, limits: list[float] | None) -> ParallelLine:
    values = [used_value(trial, axis.name) for axis in axes]
    reached = trial.total_score if role in SCORED else None
    quarter = None if limits is None or reached is None else sum(reached >= limit for limit in limits)
    return ParallelLine(
        number=trial.number,
        role=role,
        quarter=quarter if role == "completed" else None,
        shares=(
            *(None if value is None else axis.share(value) for axis, value in zip(axes, values, strict=True)),
            None if reached is None else score.share(reached),
        ),
        texts=(*map(_text, values), "no score" if reached is None else f"{reached:.3f}"),
    )


def _text(value: Any) -> str:
    if value is None:
        return "not used"
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def draw(data: ParallelData) -> go.Figure:
    """Draw lines with a point on each axis; every point carries its trial's number as `customdata`."""
    if not data.lines:
        return empty_figure("No trial has begun yet")
    figure = new_figure("", "")
    last = len(data.labels) - 1
    names = [label.replace(" ", "<br>") for label in data.labels]
    figure.update_layout(height=400)
    figure.update_xaxes(tickvals=list(range(last + 1)), ticktext=names, range=[-0.25, last + 0.55], showgrid=True)
    nothing = any(share is None for line in data.lines for share in line.shares)
    figure.update_yaxes(visible=False, range=[NOTHING - 0.08 if nothing else -0.06, 1.08])
    groups = _groups(data)
    bright = {name for dim, _, name, _ in groups if not dim}
    for dim, colour, name, lines in groups:
        _add_lines(figure, data, lines, colour, name, dim=dim, named=not dim or name not in bright)
    _add_ticks(figure, data, nothing)
    return figure


def _groups(data: ParallelData) -> list[tuple[bool, str, str, list[ParallelLine]]]:
    """Return (dim, colour, name, lines) from the back to the front."""
    chosen = {line.number for line in data.lines if line.number in data.selected}
    order = list(MARKS)
    groups: dict[tuple[bool, int, int], list[ParallelLine]] = {}
    for line in data.lines:
        bright = not chosen or line.number in chosen
        rank = -1 if line.quarter is None else line.quarter
        groups.setdefault((bright, order.index(line.role), rank), []).append(line)
    return [
        (not bright, *_look(order[role], rank), groups[bright, role, rank]) for bright, role, rank in sorted(groups)
    ]


def _look(role: Role, quarter: int) -> tuple[str, str]:
    if quarter < 0:
        return MARKS[role]["color"], NAMES[role]
    return _QUARTERS[quarter], ("Lowest quarter", "Lower half", "Upper half", "Best quarter")[quarter]


def _add_lines(
    figure: go.Figure, data: ParallelData, lines: list[ParallelLine], colour: str, name: str, *, dim: bool, named: bool
) -> None:
    role, many = lines[0].role, len(data.lines) > 200
    strong = not dim and (bool(data.selected) or role == "best")
    width = 2.5 if strong else 0.6 if many else 1.2
    figure.add_scattergl(
        x=[x for line in lines for x in (*range(len(line.shares)), None)],
        y=[y for line in lines for y in (*(NOTHING if share is None else share for share in line.shares), None)],
        customdata=[line.number for line in lines for _ in range(len(line.shares) + 1)],
        text=[text for line in lines for text in (*line.texts, "")],
        name=name,
        legendgroup=name,
        showlegend=named,
        opacity=DIMMED if dim else 1.0,
        mode="lines+markers",
        line={"color": colour, "width": width, "dash": _DASHES.get(role, "solid")},
        marker={
            "symbol": MARKS[role]["symbol"],
            "size": 11 if role == "best" else 4 if many and not strong else 7,
            "color": colour,
        },
        connectgaps=False,
        hovertemplate="trial %{customdata}<br>%{x}: %{text}<extra>" + name + "</extra>",
    )


def _add_ticks(figure: go.Figure, data: ParallelData, nothing: bool) -> None:
    """Write values beside the axes, small, where a reader looks for them."""
    small: dict[str, Any] = {"xanchor": "left", "showarrow": False}
    notes = [
        small | {"x": at, "y": share, "text": text, "xshift": 6, "yshift": 7, "font": {"size": 10}}
        for at, ticks in enumerate(data.ticks)
        for share, text in ticks
    ]
    if nothing:
        rail = {"x": 0, "y": NOTHING, "yshift": -11, "text": "not used, or no score"}
        notes.append(small | rail | {"font": {"size": 10, "color": GREY}})
    figure.update_layout(annotations=notes)  # in one go: one by one they take most of the time
