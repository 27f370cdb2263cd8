"""Empirical distribution of the total score: which share of the trials reached at most so much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.run_looks import RUN_LOOKS
from core.figures.style import empty_figure, new_figure
from core.store import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Of one run: the scores in rising order, each with the share of scores up to it."""

    run: str
    scores: tuple[float, ...]
    shares: tuple[float, ...]
    left_out: int  # ended trials without a score that counts: pruned, failed, over budget

    @property
    def median(self) -> float | None:
        """The middle score; None without any."""
        return next((score for score, share in zip(self.scores, self.shares, strict=True) if share >= 0.5), None)


def compute(runs: Mapping[str, Iterable[TrialRecord]]) -> tuple[Distribution, ...]:
    """Return the distribution of each run's completed trials within its budgets."""
    found = []
    for run, trials in runs.items():
        ended = [trial for trial in trials if trial.state in ("completed", "pruned", "failed")]
        counted = [trial for trial in ended if trial.state == "completed" and trial.feasible]
        scores = sorted(trial.total_score for trial in counted if trial.total_score is not None)
        shares = tuple((rank + 1) / len(scores) for rank in range(len(scores)))
        found.append(Distribution(run=run, scores=tuple(scores), shares=shares, left_out=len(ended) - len(scores)))
    return tuple(found)


def draw(data: tuple[Distribution, ...]) -> go.Figure:
    """Draw a rising staircase per run."""
    if not any(run.scores for run in data):
        return empty_figure("No trial has completed yet")
    figure = new_figure("Total score", "Share of trials with at most this score")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    for run, look in zip(data, RUN_LOOKS * (1 + len(data) // len(RUN_LOOKS)), strict=False):
        if run.scores:
            figure.add_scatter(
                x=(run.scores[0], *run.scores),
                y=(0.0, *run.shares),
                name=f"{run.run} (n = {len(run.scores)})",
                mode="lines+markers" if len(run.scores) <= 50 else "lines",
                line={"shape": "hv", "color": look.colour, "dash": look.dash, "width": 2},
                marker={"symbol": look.symbol, "size": 5},
                hovertemplate="%{y:.0%} of the trials scored %{x:.4f} or less<extra></extra>",
            )
    figure.update_layout(showlegend=True)
    return figure
