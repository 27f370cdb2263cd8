"""How a trial ended, and the one look that each ending has in every figure: shape, colour and name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, Protocol, TypeVar

from core.figures.style import BLUE, GREY, ORANGE, PINK, SKY, VERMILION
from core.store import TrialRecord

Role = Literal["pruned", "failed", "over budget", "completed", "interrupted", "running", "best"]

# From the back to the front. Shapes say the same as the colours, for those who do not see them.
MARKS: dict[Role, dict[str, Any]] = {
    "pruned": {"symbol": "circle-open", "color": GREY, "size": 9, "line": {"width": 2}},
    "failed": {"symbol": "x", "color": VERMILION, "size": 9},
    "over budget": {"symbol": "diamond-open", "color": GREY, "size": 10, "line": {"width": 2}},
    "completed": {"symbol": "circle", "color": SKY, "size": 9},
    "interrupted": {"symbol": "square-open", "color": GREY, "size": 9, "line": {"width": 2}},
    "running": {"symbol": "square", "color": ORANGE, "size": 9},
    "best": {"symbol": "star", "color": BLUE, "size": 15},
}
NAMES: dict[Role, str] = {
    "pruned": "Pruned",
    "failed": "Failed",
    "over budget": "Over budget",
    "completed": "Completed",
    "interrupted": "Interrupted",
    "running": "Training now",
    "best": "Best",
}
SCORED: tuple[Role, ...] = ("completed", "over budget", "best")
SELECTED = {"symbol": "circle-open", "color": PINK, "size": 18, "line": {"width": 2}}
DIMMED = 0.25  # opacity of trials outside the selection


class Numbered(Protocol):
    """Something drawn of a trial."""

    @property
    def number(self) -> int: ...

    @property
    def role(self) -> Role: ...


Item = TypeVar("Item", bound=Numbered)


def role_of(trial: TrialRecord, best: int | None, *, active: bool = True) -> Role | None:
    """Return how `trial` ended; None while it waits. In a run that nobody works on, no trial can be training."""
    if trial.number == best:
        return "best"
    if trial.state == "completed":
        return "completed" if trial.feasible else "over budget"
    if trial.state == "running":
        return "running" if active else "interrupted"
    roles: Mapping[str, Role] = {"pruned": "pruned", "failed": "failed"}
    return roles.get(trial.state)


def layers(items: Iterable[Item], selected: frozenset[int]) -> Iterator[tuple[Role, bool, list[Item], bool]]:
    """Yield (role, bright, members, in the legend) from the back to the front.

    Members outside a selection are dim and come first, so that the selected ones lie on top of all.
    """
    every = list(items)
    chosen = {item.number for item in every if item.number in selected}
    groups: dict[tuple[bool, Role], list[Item]] = {}
    for item in every:
        groups.setdefault((not chosen or item.number in chosen, item.role), []).append(item)
    for bright, role in itertools.product((False, True), MARKS):
        if members := groups.get((bright, role)):
            yield role, bright, members, bright or (True, role) not in groups
