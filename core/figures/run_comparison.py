"""Several runs side by side: how fast each found good networks, by trials and by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from core.figures.busy_time import busy_time, span
from core.figures.optimization_history import best_so_far
from core.figures.run_looks import RUN_LOOKS
from core.figures.style import empty_figure, new_figure
from core.store import TrialRecord

By = Literal["trials", "time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The best score of one run after so many ended trials, or so many seconds of work. Both only ever rise."""

    run: str
    at: tuple[float, ...]
    best: tuple[float, ...]
    numbers: tuple[int, ...]  # the trial that led


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonData:
    """One curve per run."""

    by: By
    runs: tuple[Progress, ...]


def compute(runs: Mapping[str, Sequence[TrialRecord]], by: By) -> ComparisonData:
    """Return the best score so far of each run; pruned and failed trials cost a trial and time as others do.

    Trials count in the order in which they ended. Long pauses of a run that was stopped and resumed are no work.
    """
    return ComparisonData(by=by, runs=tuple(_progress(run, trials, by) for run, trials in runs.items()))


def _progress(run: str, trials: Sequence[TrialRecord], by: By) -> Progress:
    ended = [trial for trial in trials if trial.state in ("completed", "pruned", "failed")]
    work = busy_time(trials)
    spans = {trial.number: span(trial) for trial in ended}
    if by == "time":
        ended = [trial for trial in ended if spans[trial.number] is not None]
    ended.sort(key=lambda trial: ((spans[trial.number] or (0.0, float("inf")))[1], trial.number))
    places = {trial.number: float(place) for place, trial in enumerate(ended, start=1)}
    if by == "time":
        places = {number: work.at(known[1]) for number, known in spans.items() if known is not None}
    within = [
        trial for trial in ended if trial.state == "completed" and trial.feasible and trial.total_score is not None
    ]
    leaders = best_so_far(within)
    at, best = [places[trial.number] for trial in within], [leader.total_score or 0.0 for leader in leaders]
    numbers = [leader.number for leader in leaders]
    if within and (end := max(places.values())) > at[-1]:  # the run went on without finding better
        at, best, numbers = [*at, end], [*best, best[-1]], [*numbers, numbers[-1]]
    return Progress(run=run, at=tuple(at), best=tuple(best), numbers=tuple(numbers))


def draw(data: ComparisonData) -> go.Figure:
    """Draw a rising staircase per run."""
    if not any(run.at for run in data.runs):
        return empty_figure("No trial has completed yet" if data.by == "trials" else "No times were recorded")
    minutes = data.by == "time" and max(run.at[-1] for run in data.runs if run.at) > 180
    unit = 60.0 if minutes else 1.0
    titles = {"trials": "Trials that ended", "time": f"{'Minutes' if minutes else 'Seconds'} of work"}
    figure = new_figure(titles[data.by], "Best total score so far")
    for run, look in zip(data.runs, RUN_LOOKS * (1 + len(data.runs) // len(RUN_LOOKS)), strict=False):
        if run.at:
            figure.add_scatter(
                x=[value / unit for value in run.at],
                y=run.best,
                customdata=run.numbers,
                name=run.run,
                mode="lines+markers" if len(run.at) <= 50 else "lines",
                line={"shape": "hv", "color": look.colour, "dash": look.dash, "width": 2},
                marker={"symbol": look.symbol, "size": 6},
                hovertemplate="best so far %{y:.4f}, trial %{customdata}<extra></extra>",
            )
    figure.update_layout(showlegend=True)
    return figure
