"""One look per run in figures that compare runs: colour, dash and symbol say the same."""

from __future__ import annotations

from dataclasses import dataclass

from core.figures.style import BLUE, GREEN, ORANGE, PINK, VERMILION


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLook:
    """How the lines of one run are drawn."""

    colour: str
    dash: str
    symbol: str


RUN_LOOKS = (
    RunLook(colour=BLUE, dash="solid", symbol="circle"),
    RunLook(colour=ORANGE, dash="dash", symbol="square"),
    RunLook(colour=GREEN, dash="dot", symbol="diamond"),
    RunLook(colour=PINK, dash="dashdot", symbol="triangle-up"),
    RunLook(colour=VERMILION, dash="longdash", symbol="x"),
)
