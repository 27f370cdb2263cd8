"""How far the runs of one mode of a study are: a bar per run, so that twenty fit on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.executors.sharing import SHARED
from core.figures.mode_looks import MODE_LOOKS, tint
from core.figures.style import GREY, new_figure
from core.store import TrialProgress, TrialRecord
from core.study_config import StudyMode

_ROW, _AROUND = 17, 66  # pixels of a bar, and of all that is not bars
_ENDED = ("completed", "pruned", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBar:
    """One run: trials that were trained, that were taken over from its partner, and training at this moment."""

    pair: int
    trained: int
    taken_over: int
    training: float  # in trials; half a trial is half of its epochs

    @property
    def ended(self) -> int:
        """Trials that ended."""
        return self.trained + self.taken_over


@dataclass(frozen=True, slots=True, kw_only=True)
class BarData:
    """All runs of a mode, in the order of their pairs; each is to try `planned` networks."""

    mode: StudyMode
    planned: int
    bars: tuple[RunBar, ...]
    active: bool = False


def compute(
    mode: StudyMode,
    planned: int,
    runs: Sequence[tuple[Sequence[TrialRecord], Sequence[TrialProgress]]],
    *,
    active: bool = False,
) -> BarData:
    """Return a bar for each of `runs`: its trials, and those that train now. A run that has not begun has neither.

    `active`: somebody works on the study.
    """
    bars = []
    for pair, (trials, running) in enumerate(runs):
        ended = [trial for trial in trials if trial.state in _ENDED]
        taken_over = sum(SHARED in (trial.device or "") for trial in ended)
        training = sum(min(trial.epoch / trial.epochs, 1.0) for trial in running)
        bars.append(RunBar(pair=pair, trained=len(ended) - taken_over, taken_over=taken_over, training=training))
    return BarData(mode=mode, planned=planned, bars=tuple(bars), active=active)


def draw(data: BarData) -> go.Figure:
    """Draw a bar per run; what was taken over is hatched, what trains now is grey."""
    look = MODE_LOOKS[data.mode]
    figure = new_figure("Trials", "Run")
    rows = [bar.pair + 1 for bar in data.bars]
    parts: list[tuple[str, list[float], dict[str, Any]]] = [
        ("trained", [float(bar.trained) for bar in data.bars], {"color": look.colour})
    ]
    if any(bar.taken_over for bar in data.bars):
        hatched = {"color": tint(look.colour, 0.35), "pattern": {"shape": "/", "fgcolor": look.colour, "size": 5}}
        parts.append(("taken over", [float(bar.taken_over) for bar in data.bars], hatched))
    if data.active:  # from the start to the end, so that the legend stays where it is
        parts.append(("training now", [bar.training for bar in data.bars], {"color": GREY}))
    still = [max(data.planned - bar.ended - bar.training, 0.0) for bar in data.bars]
    if any(still):
        parts.append(("to come", still, {"color": tint(GREY, 0.18)}))
    for name, lengths, marker in parts:
        figure.add_bar(
            y=rows,
            x=lengths,
            name=name,
            orientation="h",
            marker=marker,
            hovertemplate=f"run %{{y}}: %{{x:.3g}} {name}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.3,
        height=_AROUND + _ROW * max(len(rows), 5),
        showlegend=True,
        legend_traceorder="normal",
        dragmode=False,
    )
    figure.update_xaxes(range=[0, data.planned], fixedrange=True)
    figure.update_yaxes(
        range=[len(rows) + 0.5, 0.5], tickvals=rows if len(rows) <= 10 else rows[::2], fixedrange=True, showgrid=False
    )
    return figure
