"""Which settings told the best trials from the rest, and how much of that chance alone would give."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from core.figures.axes import Space, used_value, varied
from core.figures.ped_anova import Cells, Floats, cells, divergence
from core.figures.style import BLUE, GREY, SKY, VERMILION, empty_figure, new_figure
from core.store import TrialRecord

LEAST_TRIALS = 10
_SHUFFLES = 60
_TOP = 5  # trials at least among the best, as far as they are not more than half


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """One setting. `share` is its part of all importance; `chance` is what shuffled scores stay below in 95 of 100."""

    name: str
    share: float
    chance: float
    n: int  # trials whose network had this setting

    @property
    def clear(self) -> bool:
        """Whether the setting counts for more than chance would give."""
        return self.share > self.chance


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportanceData:
    """The settings, the most important first, or the reason why there are none."""

    bars: tuple[Importance, ...]
    n: int  # completed trials
    top: int  # of them, the best that are compared with all
    reason: str | None = None

    def names(self, count: int) -> list[str]:
        """Return the names of the `count` most important settings."""
        return [bar.name for bar in self.bars[:count]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """One setting over the trials that used it."""

    name: str
    users: npt.NDArray[np.int64]
    cells: Cells
    everywhere: Floats

    def importance(self, top: npt.NDArray[np.bool_]) -> float:
        """Return the divergence, scaled by how often the best use the setting at all (Conditional PED-ANOVA)."""
        used = top[self.users]
        if not used.any():
            return 0.0
        in_top, in_all = used.sum() / top.sum(), len(used) / len(top)
        return float(in_top**2 / in_all * divergence(self.cells, used, self.everywhere))


def compute(trials: Iterable[TrialRecord], space: Space, seed: int = 0) -> ImportanceData:
    """Estimate by PED-ANOVA how differently the best trials and all completed trials are spread over each setting."""
    scored = [trial for trial in trials if trial.state == "completed" and trial.total_score is not None]
    n = len(scored)
    if n < LEAST_TRIALS:
        return _nothing(
            n, f"Needs {LEAST_TRIALS} completed trials or more;<br>so far there are {n}. Add trials to see it."
        )
    scores = np.array([trial.total_score for trial in scored])
    wanted = max(math.ceil(0.1 * n), min(_TOP, n // 2))
    top = scores >= np.sort(scores)[-wanted]
    columns = [column for name in varied(space) if (column := _column(name, space, scored)) is not None]
    raw = np.array([column.importance(top) for column in columns])
    if top.all() or not raw.sum() > 0:
        return _nothing(n, "All trials scored the same:<br>no setting made a difference")
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(top) for _ in range(_SHUFFLES)]
    chance = np.quantile([[column.importance(mask) for column in columns] for mask in shuffled], 0.95, axis=0)
    bars = [
        Importance(
            name=column.name, share=float(value / raw.sum()), chance=float(limit / raw.sum()), n=len(column.users)
        )
        for column, value, limit in zip(columns, raw, chance, strict=True)
    ]
    return ImportanceData(bars=tuple(sorted(bars, key=lambda bar: -bar.share)), n=n, top=int(top.sum()))


def _nothing(n: int, reason: str) -> ImportanceData:
    return ImportanceData(bars=(), n=n, top=0, reason=reason)


def _column(name: str, space: Space, scored: Sequence[TrialRecord]) -> _Column | None:
    """Return the setting's values; None when fewer than two networks had it. Values asked for by hand that the space
    does not know are left out."""
    known = [(at, value) for at, trial in enumerate(scored) if _known(space, name, value := used_value(trial, name))]
    if len(known) < 2:
        return None
    among = cells(space[name], [value for _, value in known])
    everywhere = among.density(np.ones(len(known), dtype=bool))
    return _Column(name=name, users=np.array([at for at, _ in known]), cells=among, everywhere=everywhere)


def _known(space: Space, name: str, value: object) -> bool:
    distribution = space[name]
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return isinstance(value, int | float) and distribution.low <= value <= distribution.high


def draw(data: ImportanceData) -> go.Figure:
    """Draw a bar per setting and a mark where chance would put it; bars within chance are pale and hatched."""
    if data.reason:
        return empty_figure(data.reason)
    figure = new_figure("Share of all importance", "")
    bars = data.bars[::-1]
    labels = [bar.name.replace("_", " ") for bar in bars]
    figure.update_layout(height=90 + 22 * len(bars), bargap=0.3)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    for clear, name, colour, pattern in ((True, "Beyond chance", BLUE, ""), (False, "Within chance", SKY, "/")):
        members = [(label, bar) for label, bar in zip(labels, bars, strict=True) if bar.clear == clear]
        if members:
            figure.add_bar(
                y=[label for label, _ in members],
                x=[bar.share for _, bar in members],
                customdata=[[bar.chance, bar.n] for _, bar in members],
                orientation="h",
                name=name,
                marker={"color": colour, "pattern": {"shape": pattern, "fgcolor": GREY}},
                hovertemplate="%{y}: %{x:.0%}<br>chance alone stays below %{customdata[0]:.0%}"
                "<br>%{customdata[1]} trials used it<extra></extra>",
            )
    figure.add_scatter(
        y=labels,
        x=[bar.chance for bar in bars],
        mode="markers",
        name="Chance stays below (95 %)",
        marker={"symbol": "line-ns-open", "size": 13, "color": VERMILION, "line": {"width": 2}},
        hoverinfo="skip",
    )
    figure.update_yaxes(categoryorder="array", categoryarray=labels)
    return figure
