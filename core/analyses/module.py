"""What an analysis module is: a question, how it is answered, and how the answer is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

Result = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisModule:
    """One module of the suite.

    `run` returns JSON types with at least `status`: "ok", "skipped" with a `reason`, or "not applicable" with one.
    `figures` draws a result whose status is "ok"; the names are those of the files that are offered.
    """

    name: str
    label: str
    question: str
    order: int
    run: Callable[[AnalysisContext], Result]
    figures: Callable[[Result], dict[str, go.Figure]]
    trains: bool = False  # whether it needs the networks themselves, beyond their predictions


def skipped(reason: str) -> Result:
    """Return the result of a module whose data is missing: a reason, and how to provide it."""
    return {"status": "skipped", "reason": reason}


def not_applicable(reason: str) -> Result:
    """Return the result of a module that says nothing about this data set."""
    return {"status": "not applicable", "reason": reason}
