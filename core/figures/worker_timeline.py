"""When each trial trained: bars in as many rows as trials ran at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.figures.busy_time import BusyTime, span
from core.figures.roles import MARKS, NAMES, Role, role_of
from core.figures.style import GREY, empty_figure, new_figure
from core.progress import best_trial
from core.store import TrialProgress, TrialRecord

# Patterns say the same as the colours, for those who do not see them.
_PATTERNS: dict[Role, str] = {
    "pruned": "/",
    "failed": "x",
    "over budget": "-",
    "interrupted": "\\",
    "running": ".",
    "best": "+",
}
_CLOCK = 1e-3  # seconds; a trial may begin in the moment in which another ends
_ROW = 34  # pixels
_MOST_ROWS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBar:
    """One trial. `start` and `seconds` in seconds of work; `certain` is False when its end was not recorded."""

    number: int
    role: Role
    lane: int
    start: float
    seconds: float
    certain: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineData:
    """The bars by start, pauses as (seconds of work before it, length), and trials whose times are not known."""

    bars: tuple[TrialBar, ...]
    lanes: int
    pauses: tuple[tuple[float, float], ...]
    untimed: int

    @property
    def busy(self) -> float | None:
        """Share of the rows' time in which a trial trained; None without any time."""
        end = max((bar.start + bar.seconds for bar in self.bars), default=0.0)
        return sum(bar.seconds for bar in self.bars) / (end * self.lanes) if end > 0 else None


def compute(trials: Sequence[TrialRecord], running: Iterable[TrialProgress], now: float, active: bool) -> TimelineData:
    """Give each trial the lowest row that is free when it starts. Rows tell what ran at once, not which worker it was.

    Long times in which nothing trained, as between a stop and a resume, are cut out of the axis.
    """
    progress = {trial.number: trial for trial in running}
    best = best_trial(trials)
    timed: list[tuple[float, float, TrialRecord, Role, bool]] = []
    latest = max((trial.finished for trial in trials if trial.finished is not None), default=None)
    untimed = 0
    for trial in trials:
        role = role_of(trial, best.number if best else None, active=active)
        if role is None:
            continue
        known = span(trial) if trial.state != "running" else _open_span(trial, progress, now, latest, active)
        if known is None:
            untimed += 1
        else:
            timed.append((*known, trial, role, role != "interrupted"))
    timed.sort(key=lambda item: (item[0], item[2].number))
    work = BusyTime.of((start, end) for start, end, *_ in timed)
    free: list[float] = []  # when each row becomes free
    bars = []
    for start, end, trial, role, certain in timed:
        lane = next((lane for lane, moment in enumerate(free) if moment <= start + _CLOCK), len(free))
        free[lane : lane + 1] = [end]
        bars.append(
            TrialBar(
                number=trial.number,
                role=role,
                lane=lane,
                start=work.at(start),
                seconds=end - start,
                certain=certain,
                words=_words(trial, progress.get(trial.number), end - start, certain),
            )
        )
    return TimelineData(bars=tuple(bars), lanes=len(free), pauses=tuple(work.pauses), untimed=untimed)


def _open_span(
    trial: TrialRecord, progress: dict[int, TrialProgress], now: float, latest: float | None, active: bool
) -> tuple[float, float] | None:
    """Return the time of a trial without an end: until now, or until the last sign of life of a dead run."""
    at_work = progress.get(trial.number)
    started = at_work.started if at_work else trial.started
    if started is None:
        return None
    end = now if active else max(at_work.updated if at_work else started, latest or started)
    return started, max(end, started)


def _words(trial: TrialRecord, at_work: TrialProgress | None, seconds: float, certain: bool) -> str:
    if at_work is not None:
        return f"epoch {at_work.epoch} of {at_work.epochs}, {seconds:.1f} s so far"
    if not certain:
        return "its end was not recorded"
    reached = f", total score {trial.total_score:.4f}" if trial.total_score is not None else ""
    return f"{seconds:.1f} s{reached}"


def draw(data: TimelineData) -> go.Figure:
    """Draw a row of bars per trial that ran at the same time; dotted lines are pauses that were cut out."""
    if not data.bars:
        return empty_figure("No trial has started yet")
    end = max(bar.start + bar.seconds for bar in data.bars)
    unit, name = (60.0, "Minutes") if end > 180 else (1.0, "Seconds")
    figure = new_figure(f"{name} of work since the first trial began", "")
    rows = [f"{lane + 1}" for lane in range(data.lanes)]
    figure.update_layout(height=110 + _ROW * min(max(data.lanes, 2), _MOST_ROWS), barmode="overlay", bargap=0.2)
    figure.update_layout(uniformtext={"mode": "hide", "minsize": 8})  # numbers only where they fit
    headroom = 0.5 if data.pauses else 0.0  # for their lengths
    figure.update_yaxes(title="Trials at once", type="category", categoryorder="array", categoryarray=rows[::-1])
    figure.update_yaxes(range=[-0.5, data.lanes - 0.5 + headroom])
    figure.update_xaxes(range=[0, (end or 1.0) / unit * 1.01])
    for role in MARKS:
        bars = [bar for bar in data.bars if bar.role == role]
        if bars:
            figure.add_trace(_bars(role, bars, rows, unit))
    for worked, length in data.pauses:
        pause = f"paused {length / 3600:.1f} h" if length >= 3600 else f"paused {length / 60:.0f} min"
        look: dict[str, Any] = {"line_dash": "dot", "line_color": GREY, "annotation_font_size": 10}
        figure.add_vline(x=worked / unit, annotation_text=pause, annotation_position="top right", **look)
    return figure


def _bars(role: Role, bars: list[TrialBar], rows: list[str], unit: float) -> go.Bar:
    return go.Bar(
        base=[bar.start / unit for bar in bars],
        x=[bar.seconds / unit for bar in bars],
        y=[rows[bar.lane] for bar in bars],
        customdata=[bar.number for bar in bars],
        text=[str(bar.number) for bar in bars],
        textposition="inside",
        insidetextanchor="middle",
        hovertext=[bar.words for bar in bars],
        orientation="h",
        name=NAMES[role],
        marker={
            "color": MARKS[role]["color"],
            "pattern": {"shape": _PATTERNS.get(role, ""), "fillmode": "overlay", "fgcolor": "#ffffff", "size": 6},
            "line": {"width": 0},
        },
        hovertemplate="trial %{customdata}: %{hovertext}<extra>" + NAMES[role] + "</extra>",
    )
