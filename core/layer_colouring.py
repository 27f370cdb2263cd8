"""By what the layers of a network are coloured: their type, their size or their health, with the legend to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from core.figures.style import BLUE, GREEN, GREY, ORANGE, PINK, SKY, VERMILION
from core.health.gradient_health import VANISHED
from core.network_graph import GraphNode, NetworkGraph

Colouring = Literal["type", "parameters", "dormant", "gradient"]
COLOURINGS: dict[Colouring, str] = {
    "type": "Layer type",
    "parameters": "Parameters",
    "dormant": "Dormant units",
    "gradient": "Gradient flow",
}
MEANINGS: dict[Colouring, str] = {
    "type": "What kind of work each layer does.",
    "parameters": "The share of all parameters (learned numbers) that each layer holds.",
    "dormant": "The share of a layer's units whose output hardly varies with the input: they take part in nothing.",
    "gradient": "How fast each layer learns: the size of its gradient relative to its weights, in the last epoch. The "
    "colours compare it with the fastest layer; a layer with several weight matrices counts by its slowest.",
}
# Convolution and pooling do not occur together with embedding and recurrence, so each pair shares a colour.
FAMILY_COLOURS = {
    "Input": GREY,
    "Reshaping": "#C9CDD3",
    "Convolution": BLUE,
    "Embedding": BLUE,
    "Normalization": SKY,
    "Activation": ORANGE,
    "Pooling": GREEN,
    "Recurrent": GREEN,
    "Dropout": PINK,
    "Dense": VERMILION,
    "Output": "#5B4FA2",
    "Other": GREY,
}
_EXPLODED = 1.0  # as in the metric gradient health


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """A colour and what it says."""

    colour: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerColours:
    """Colour and words of each node by name; the legend holds only what occurs."""

    by: Colouring
    colours: dict[str, str]
    words: dict[str, str]  # the same said in words, so that nobody needs the colour
    legend: tuple[LegendEntry, ...]
    unmeasured: int  # nodes without a measurement


_Judgement = tuple[str, str, str] | None  # colour, label in the legend, words; None: not measured


def colour_layers(graph: NetworkGraph, by: Colouring) -> LayerColours:
    """Return the colours of all nodes of `graph`."""
    judge = _JUDGES[by](graph)
    judged = {node.name: judge(node) for node in graph.nodes}
    missing = sum(judgement is None for judgement in judged.values())
    present = {judgement[1]: judgement[0] for judgement in judged.values() if judgement is not None}
    order = sorted(present, key=_RANKS.index) if by != "type" else list(present)
    legend = [LegendEntry(colour=present[label], label=label) for label in order]
    if missing:
        legend.append(LegendEntry(colour=GREY, label=f"{NOT_MEASURED}, or nothing to measure"))
    return LayerColours(
        by=by,
        colours={name: judgement[0] if judgement else GREY for name, judgement in judged.items()},
        words={name: judgement[2] if judgement else NOT_MEASURED for name, judgement in judged.items()},
        legend=tuple(legend),
        unmeasured=missing,
    )


def ink(colour: str) -> str:
    """Return black or white, whichever is easier to read on `colour` (WCAG relative luminance).

    >>> ink("#0072B2"), ink("#E69F00")
    ('#FFFFFF', '#000000')
    """
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#FFFFFF" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)


NOT_MEASURED = "not measured"
_SIZES = ((0.5, VERMILION, "over 50 % of all"), (0.1, ORANGE, "10 to 50 %"), (0.0, SKY, "up to 10 %"))
_NO_PARAMETERS = "no parameters"
_DORMANT = (
    (0.5, VERMILION, "over half dormant"),
    (0.1, ORANGE, "10 to 50 % dormant"),
    (0.0, SKY, "up to 10 % dormant"),
)
_NONE_DORMANT = "none dormant"
_PACES = (
    (0.1, BLUE, "within 10 times of the fastest"),
    (0.01, SKY, "10 to 100 times slower"),
    (0.001, ORANGE, "100 to 1,000 times slower"),
)
_STUCK = "stuck: over 1,000 times slower, or no gradient"
_TOO_LARGE = "exploding: as large as the weights, or not finite"
_RANKS = (
    _NO_PARAMETERS,
    *(label for *_, label in reversed(_SIZES)),
    _NONE_DORMANT,
    *(label for *_, label in reversed(_DORMANT)),
    *(label for *_, label in _PACES),
    _STUCK,
    _TOO_LARGE,
)


def _by_type(graph: NetworkGraph) -> Callable[[GraphNode], _Judgement]:
    return lambda node: (FAMILY_COLOURS.get(node.family, GREY), node.family, node.family)


def _by_parameters(graph: NetworkGraph) -> Callable[[GraphNode], _Judgement]:
    def judge(node: GraphNode) -> _Judgement:
        words = f"{node.parameters:,} parameters, {percent(node.share)} of all"
        if not node.parameters:
            return "#C9CDD3", _NO_PARAMETERS, _NO_PARAMETERS
        return _step(_SIZES, node.share, words)

    return judge


def _by_dormant(graph: NetworkGraph) -> Callable[[GraphNode], _Judgement]:
    def judge(node: GraphNode) -> _Judgement:
        share = node.health.dormant
        if share is None:
            return None
        words = f"{round(share * node.health.units)} of {node.health.units} units dormant"
        return _step(_DORMANT, share, words) if share else (BLUE, _NONE_DORMANT, words)

    return judge


def _by_gradient(graph: NetworkGraph) -> Callable[[GraphNode], _Judgement]:
    every = [value for node in graph.nodes for _, value in node.health.gradients if value is not None]
    fastest = max(every, default=0.0)

    def judge(node: GraphNode) -> _Judgement:
        if node.health.broken_gradient:
            return PINK, _TOO_LARGE, "gradient is not a finite number"
        slowest = node.health.gradient
        if slowest is None:
            return None
        if max(value for _, value in node.health.gradients if value is not None) > _EXPLODED:
            return PINK, _TOO_LARGE, f"gradient {slowest:.1e} of the weights or more"
        words = f"gradient {slowest:.1e} of the weights"
        paces = _PACES if slowest >= VANISHED else ()
        return next(
            ((colour, label, words) for limit, colour, label in paces if slowest >= limit * fastest),
            (VERMILION, _STUCK, words),
        )

    return judge


_JUDGES = {"type": _by_type, "parameters": _by_parameters, "dormant": _by_dormant, "gradient": _by_gradient}


def _step(steps: tuple[tuple[float, str, str], ...], value: float, words: str) -> _Judgement:
    colour, label = next((colour, label) for limit, colour, label in steps if value > limit)
    return colour, label, words


def percent(share: float) -> str:
    """Write a share; a small one is not rounded to nothing.

    >>> percent(0.25), percent(0.0001), percent(0.0)
    ('25 %', 'under 0.1 %', '0 %')
    """
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.3g} %"
