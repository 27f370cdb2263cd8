"""What can be looked at of one trained network, one file each: how to compute it, to draw it and to read it.

A diagnostic either needs the trace of the training alone, which every completed trial has, or what was stored by
measuring the network afterwards (`core.diagnostics`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.registry import Registry
from core.trial import TrialResult

__all__ = ["DIAGNOSTICS", "GROUPS", "NOT_STORED", "Diagnostic", "Group", "in_group", "network_kind", "register"]

Group = Literal["Training", "Mistakes", "Inside the network"]
Needs = Literal["trace", "stored"]
Kind = Literal["image", "text"]
GROUPS: tuple[Group, ...] = ("Training", "Mistakes", "Inside the network")
NOT_STORED = "nothing was measured and stored for this trial"
_NO_TRACE = "this trial left no record of its training; only completed trials keep one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One diagnostic. `measure` gets the Trace or the Diagnostics, as `needs` says, and returns the data of the
    figure or the reason why there are none. `variants` names what else `draw` can show, such as another sample."""

    name: str
    label: str
    group: Group
    order: int  # within its group
    how_to_read: str
    needs: Needs
    measure: Callable[[Any], Any]
    figure: Callable[[Any, int], go.Figure]
    finding: Callable[[Any], str]  # the figure in a sentence with its n; also for those who cannot see it
    kinds: frozenset[Kind]
    variants: Callable[[Any], tuple[str, ...]]
    text: Callable[[Any, int], str]  # what a variant is about in words, the important ones in «marks»; often empty

    def compute(self, result: TrialResult, stored: Diagnostics | None) -> Any | str:
        """Return the data of the figure, or in words why there are none."""
        kind = network_kind(result, stored)
        if kind is not None and kind not in self.kinds:
            return "it is for networks that look at pictures" if kind == "text" else "it is for networks that read"
        if self.needs == "trace":
            return _NO_TRACE if result.trace is None else self.measure(result.trace)
        return NOT_STORED if stored is None else self.measure(stored)

    def draw(self, data: Any, variant: int = 0) -> go.Figure:
        """Draw what `compute` returned."""
        return self.figure(data, variant)


DIAGNOSTICS: Registry[Diagnostic] = Registry(
    "diagnostic", "core.figures.diagnostics", skip=frozenset({"pictures", "spread", "words"})
)


def register(
    *,
    name: str,
    label: str,
    group: Group,
    order: int,
    how_to_read: str,
    needs: Needs,
    measure: Callable[[Any], Any],
    finding: Callable[[Any], str],
    draw: Callable[[Any], go.Figure] | None = None,
    draw_variant: Callable[[Any, int], go.Figure] | None = None,
    variants: Callable[[Any], tuple[str, ...]] | None = None,
    text: Callable[[Any, int], str] | None = None,
    kinds: frozenset[Kind] = frozenset({"image", "text"}),
) -> Diagnostic:
    """Add a diagnostic; it is drawn by `draw`, or by `draw_variant` when there is more than one thing to show."""
    if (draw is None) == (draw_variant is None):
        raise ValueError(f"diagnostic {name!r} needs either draw or draw_variant")

    def figure(data: Any, variant: int) -> go.Figure:
        return draw(data) if draw is not None else draw_variant(data, variant)  # type: ignore[misc]

    return DIAGNOSTICS.register(
        name,
        Diagnostic(
            name=name,
            label=label,
            group=group,
            order=order,
            how_to_read=how_to_read,
            needs=needs,
            measure=measure,
            figure=figure,
            finding=finding,
            kinds=kinds,
            variants=variants or _one,
            text=text or _no_text,
        ),
    )


def in_group(group: Group, kind: Kind | None = None) -> list[Diagnostic]:
    """Return the diagnostics of a group that suit networks of `kind`, in their order."""
    found = [each for each in DIAGNOSTICS.values() if each.group == group and (kind is None or kind in each.kinds)]
    return sorted(found, key=lambda each: (each.order, each.name))


def network_kind(result: TrialResult, stored: Diagnostics | None) -> Kind | None:
    """Return what the network looks at; None when nothing tells."""
    if stored is not None:
        return stored.kind
    layers: tuple[str, ...] = () if result.trace is None else tuple(layer.kind for layer in result.trace.layers)
    return "image" if "conv" in layers else "text" if "lstm" in layers else None


def _one(data: Any) -> tuple[str, ...]:
    return ("",)


def _no_text(data: Any, variant: int) -> str:
    return ""
