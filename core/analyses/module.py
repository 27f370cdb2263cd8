"""What an analysis module is: a question, how it is answered, and how the answer is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

Result = dict[str, Any]
Tables = dict[str, list[dict[str, Any]]]  # by title: rows of plain values, the same columns in each


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands with a figure: its title above, and below how to read it, in Markdown."""

    title: str
    how_to_read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisModule:
    """One module of the suite.

    `run` returns JSON types with at least `status`: "ok", "skipped" with a `reason`, or "not applicable" with one.
    `figures` draws a result whose status is "ok", and `tables` writes its details; figure names are short and stable.
    """

    name: str
    label: str
    question: str
    order: int
    run: Callable[[AnalysisContext], Result]
    figures: Callable[[Result], dict[str, go.Figure]]
    captions: Mapping[str, Caption] = field(default_factory=dict)  # by figure name
    tables: Callable[[Result], Tables] = lambda _: {}
    trains: bool = False  # whether it needs the networks themselves, beyond their predictions

    def caption(self, figure: str) -> Caption:
        """Return what stands with a figure; one without words of its own is titled by its name."""
        return self.captions.get(figure, Caption(figure.replace("_", " ").capitalize(), ""))


EFFECTS = Caption(
    "Effect sizes of both modes' runs",
    "A mark is Hedges' g: the mean difference between the modes in spreads between runs, with its 95 % interval. To "
    "the right health-aware is better; an interval that crosses 0 shows no difference.",
)
RUNS_HOW = "A point is the best network of one run. Marks with bars: mean of the mode with its 95 % interval."


def skipped(reason: str) -> Result:
    """Return the result of a module whose data is missing: a reason, and how to provide it."""
    return {"status": "skipped", "reason": reason}


def not_applicable(reason: str) -> Result:
    """Return the result of a module that says nothing about this data set."""
    return {"status": "not applicable", "reason": reason}
