"""The network in space: every layer a box as large as what leaves it, one behind the other along the x axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from core.figures.style import GREY
from core.layer_colouring import LayerColours, percent
from core.network_graph import GraphNode, NetworkGraph, shape_text, trace_name

HEIGHT = 440
_GAP = 0.9
_THIN = 0.45  # share of the usual length that is used for channels and units along x
# The eight corners of a box as (x, y, z) of 0 or 1, its twelve triangles, and its twelve edges as one line
_CORNERS = tuple((i >> 2 & 1, i >> 1 & 1, i & 1) for i in range(8))
_TRIANGLES = (
    (0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1),
    (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3),
)  # fmt: skip
_EDGES = (0, 1, 3, 2, 0, 4, 5, 1, None, 4, 6, 7, 5, None, 6, 2, None, 7, 3, None)

_FEW, _MANY = 6, 40  # boxes

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One layer: x is the direction of the data, y the width and z the height of its maps."""

    name: str
    centre: Point
    size: Point
    colour: str
    label: str  # in the legend
    hover: str  # HTML, escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All boxes in the order of the data."""

    boxes: tuple[Box, ...]
    by: str

    def box(self, name: str) -> Box | None:
        """Return the box called `name`, or None."""
        return next((box for box in self.boxes if box.name == name), None)


def compute(graph: NetworkGraph, colours: LayerColours) -> Scene:
    """Place the boxes. Sides grow with the logarithm of the shape, so that 1 × 1 × 10 and 28 × 28 × 64 both show."""
    labels = {entry.colour: entry.label for entry in colours.legend}
    boxes, x = [], 0.0
    for node in graph.nodes:
        size = _size(node.output_shape)
        colour = colours.colours[node.name]
        boxes.append(
            Box(
                name=node.name,
                centre=(x + size[0] / 2, 0.0, 0.0),
                size=size,
                colour=colour,
                label=labels[colour],
                hover=_hover(node, colours),
            )
        )
        x += size[0] + _GAP
    return Scene(boxes=tuple(boxes), by=colours.by)


def _size(shape: tuple[int | None, ...]) -> Point:
    """Return the sides of a box: (h, w, channels), (steps, units) and (units,) each fill the axes that say most."""
    sides = [math.log2(1 + (side or 1)) for side in shape] or [1.0]
    if len(sides) >= 3:
        return _THIN * sides[-1], sides[1], sides[0]
    if len(sides) == 2:
        return _THIN * sides[1], sides[0], 1.0  # a text has no height
    return 1.0, 1.0, sides[0]


def _hover(node: GraphNode, colours: LayerColours) -> str:
    health = node.health
    lines = [
        f"<b>{escape(node.name)}</b> · {node.family}",
        f"output {shape_text(node.output_shape)}",
        f"{node.parameters:,} parameters ({percent(node.share)} of all)",
    ]
    if len(node.members) > 1:
        lines.append(f"{len(node.members)} layers")
    if node.activation:
        lines.append(f"activation {escape(node.activation)}")
    if health.dormant is not None:
        lines.append(f"{round(health.dormant * health.units)} of {health.units} units dormant")
    if colours.by == "gradient" or health.gradients:
        slowest = "not finite" if health.broken_gradient else None
        slowest = slowest or (f"{health.gradient:.1e} of the weights" if health.gradient is not None else None)
        lines.append(f"gradient {slowest or 'not measured'}")
    return "<br>".join(lines)


def draw(scene: Scene, *, chosen: str | None = None) -> go.Figure:
    """Draw the boxes; those of one colour are one trace, so that sixty layers are still a handful."""
    figure = go.Figure(traces(scene, chosen=chosen))
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        scene=scene_layout(scene),
        showlegend=False,  # the page writes it, for all its views
        uirevision="kept",
    )
    return figure


def traces(scene: Scene, *, chosen: str | None = None) -> list[Any]:
    """Return the traces of a scene: boxes by colour, edges, the way of the data, and names."""
    groups: dict[tuple[str, str], list[Box]] = {}
    for box in scene.boxes:
        groups.setdefault((box.colour, box.label), []).append(box)
    drawn: list[Any] = [mesh(tuple(boxes), colour=colour, name=label) for (colour, label), boxes in groups.items()]
    named = [box for box in scene.boxes if _worth_a_name(box, scene, chosen)]
    return [
        *drawn,
        outline(scene.boxes, colour=GREY, width=1.5),
        go.Scatter3d(
            x=[box.centre[0] for box in scene.boxes],
            y=[0.0] * len(scene.boxes),
            z=[0.0] * len(scene.boxes),
            mode="lines",
            line={"color": GREY, "width": 3},
            hoverinfo="skip",
            showlegend=False,
        ),
        go.Scatter3d(
            x=[box.centre[0] for box in named],
            y=[0.0] * len(named),
            # at three heights in turn, so that neighbours do not write over each other
            z=[box.size[2] / 2 + (0.7, 1.9, 3.1)[place % 3] for place, box in enumerate(named)],
            mode="text",
            text=[escape(box.name) for box in named],
            textfont={"size": 11},
            hoverinfo="skip",
            showlegend=False,
        ),
    ]


def _worth_a_name(box: Box, scene: Scene, chosen: str | None) -> bool:
    """Few names fit: those of all boxes when there are few, else of the heads of blocks and of the ends."""
    if len(scene.boxes) <= _FEW or box.name == chosen or box in (scene.boxes[0], scene.boxes[-1]):
        return True
    head, _, number = trace_name(box.name).rpartition("_")
    is_head = bool(head) and number.isdecimal() and scene.box(f"{head}_{number}") in (box, None)
    return is_head and (len(scene.boxes) <= _MANY or int(number) % 4 == 1)


def mesh(boxes: tuple[Box, ...], *, colour: str, grow: float = 0.0, **options: Any) -> go.Mesh3d:
    """Return boxes of one colour as one trace; `grow` makes them larger on each side."""
    points = [point for box in boxes for point in corners(box, grow)]
    triangles = [[8 * n + corner for corner in triangle] for n in range(len(boxes)) for triangle in _TRIANGLES]
    first, second, third = zip(*triangles, strict=True)
    x, y, z = zip(*points, strict=True)
    return go.Mesh3d(
        x=x,
        y=y,
        z=z,
        i=first,
        j=second,
        k=third,
        color=colour,
        flatshading=True,
        lighting={"ambient": 0.65, "diffuse": 0.6, "specular": 0.05},
        text=[box.hover for box in boxes for _ in range(8)],
        hovertemplate="%{text}<extra></extra>",
        **options,
    )


def outline(boxes: tuple[Box, ...], *, colour: str, width: float, grow: float = 0.0) -> go.Scatter3d:
    """Return the edges of boxes as one line with gaps: without them equal colours run into each other."""
    x: list[float | None] = []
    y: list[float | None] = []
    z: list[float | None] = []
    for box in boxes:
        points = corners(box, grow)
        for corner in _EDGES:
            for axis, values in enumerate((x, y, z)):
                values.append(None if corner is None else points[corner][axis])
    return go.Scatter3d(
        x=x, y=y, z=z, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip", showlegend=False
    )


def corners(box: Box, grow: float = 0.0) -> list[Point]:
    """Return the eight corners of a box."""
    half = [side / 2 + grow for side in box.size]
    return [
        (
            box.centre[0] + (2 * a - 1) * half[0],
            box.centre[1] + (2 * b - 1) * half[1],
            box.centre[2] + (2 * c - 1) * half[2],
        )
        for a, b, c in _CORNERS
    ]


def scene_layout(scene: Scene, *, distance: float = 1.0) -> dict[str, Any]:
    """Axes out of sight and a camera before the input; the length is drawn in, or it would be a needle."""
    hidden = {"visible": False, "showspikes": False}
    tallest = max((max(box.size[1:]) for box in scene.boxes), default=1.0)
    length = sum(box.size[0] + _GAP for box in scene.boxes)
    stretch = min(max(length / tallest, 1.0), 1.9)
    return {
        "xaxis": hidden,
        "yaxis": hidden,
        "zaxis": hidden,
        "aspectmode": "manual",
        "aspectratio": {
            "x": stretch,
            "y": max(max((box.size[1] for box in scene.boxes), default=1.0) / tallest, 0.2) * 0.9,
            "z": max(max((box.size[2] for box in scene.boxes), default=1.0) / tallest, 0.2) * 0.9,
        },
        "camera": {
            "eye": {"x": -1.65 * distance, "y": -2.15 * distance, "z": 1.05 * distance},
            "center": {"x": 0.0, "y": 0.0, "z": -0.08},
            "projection": {"type": "orthographic"},  # fits a phone, and equal layers look equal
        },
    }
