"""One real test row on its way through the network: its activations layer by layer, to be played or stepped through."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.diagnostics import Diagnostics, ForwardPass
from core.figures import network_3d
from core.figures.activation_picture import ASPECT, Kind, Pixels, clean, picture, place
from core.figures.network_3d import Scene, scene_layout
from core.figures.style import BLUE, GREY, VERMILION
from core.network_graph import NetworkGraph, shape_text

HEIGHT = 900
_SIDES = (128, 96, 64, 48, 32)  # pixels of a picture's longer side; the largest that keeps all of them in the budget
_PIXELS = 200_000  # of all pictures together: about 1.1 MB on the way to the browser
_CLASSES = 8  # with the largest probabilities
_FRAME_MS = 900
# From bottom to top: probabilities, the layer's activations, the network in space
_BARS, _MAPS, _SPACE = (0.04, 0.2), (0.28, 0.57), (0.64, 1.0)
_TOP = 128  # pixels above it for the buttons and the slider
_BUTTON = {"bgcolor": "#E8EAED", "bordercolor": GREY, "font": {"color": "#1F2328"}}  # Plotly's hover is light always


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One layer reached. `picture`: rows from the top, NaN between maps; `shown` of `channels` are in it."""

    name: str
    box: str  # of the scene
    shape: tuple[int | None, ...]
    picture: Pixels
    low: float
    high: float
    kind: Kind
    shown: int
    channels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """All steps of one row, its truth, and the classes that the network thinks most of, the likeliest first."""

    steps: tuple[Step, ...]
    row: int
    truth: str
    predicted: str | None
    likeliest: tuple[tuple[str, float], ...]
    words: tuple[str, ...]

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is right; None when it was not stored."""
        return None if self.predicted is None else self.predicted == self.truth


def compute(graph: NetworkGraph, diagnostics: Diagnostics) -> Passage | None:
    """Return the passage of the stored test row, or None when none was stored."""
    forward = diagnostics.forward
    if forward is None:
        return None
    for longest in _SIDES:
        steps = _steps(graph, forward, diagnostics.arrays, longest)
        if sum(step.picture.size for step in steps) <= _PIXELS:
            break
    names = diagnostics.class_names
    likeliest = _likeliest(diagnostics.arrays.get(f"forward_{graph.nodes[-1].members[-1].name}"), names)
    return Passage(
        steps=steps,
        row=forward.row,
        truth=names[forward.truth],
        predicted=likeliest[0][0] if likeliest else None,
        likeliest=likeliest,
        words=forward.words,
    )


def _steps(
    graph: NetworkGraph, forward: ForwardPass, arrays: dict[str, NDArray[Any]], longest: int
) -> tuple[Step, ...]:
    steps = []
    for node in graph.nodes:
        for member in node.members:
            values = arrays.get(f"forward_{member.name}")
            if member.name in forward.names and values is not None and values.size:
                numbers = clean(values)
                drawn = picture(numbers, longest)
                steps.append(_step(member.name, node.name, member.output_shape, numbers, drawn, forward))
    return tuple(steps)


def _likeliest(values: NDArray[Any] | None, names: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    if values is None or values.shape != (len(names),):
        return ()
    order = np.argsort(-values.astype(np.float64), kind="stable")[:_CLASSES]
    return tuple((names[index], float(values[index])) for index in order)


def _step(
    name: str,
    box: str,
    shape: tuple[int | None, ...],
    numbers: Pixels,
    pictured: tuple[Pixels, Kind, int],
    forward: ForwardPass,
) -> Step:
    pixels, kind, shown = pictured
    finite = numbers[np.isfinite(numbers)]
    return Step(
        name=name,
        box=box,
        shape=shape,
        picture=pixels,
        low=float(finite.min()) if finite.size else 0.0,
        high=float(finite.max()) if finite.size else 0.0,
        kind=kind,
        shown=shown,
        channels=forward.channels.get(name, int(numbers.shape[-1])),
    )


def draw(passage: Passage, scene: Scene) -> go.Figure:
    """Draw the first step, and a frame per step; play, pause and the slider work in the browser alone."""
    if not passage.steps:
        raise ValueError("a passage without steps cannot be drawn; tell the reader why instead")
    static = network_3d.traces(scene)
    first = _moving(passage, 0, scene)
    count = len(static)
    figure = go.Figure([*static, *first])
    places = list(range(count, count + len(first)))
    figure.frames = [
        go.Frame(
            name=str(index),
            data=_moving(passage, index, scene),
            traces=places,
            layout={"annotations": [_caption(step), _bars_title()]},
        )
        for index, step in enumerate(passage.steps)
    ]
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": _TOP, "b": 8},
        showlegend=False,
        scene={**scene_layout(scene, distance=0.85), "domain": {"x": [0, 1], "y": list(_SPACE)}},
        annotations=[_caption(passage.steps[0]), _bars_title()],
        updatemenus=[_buttons()],
        sliders=[_slider(passage)],
        uirevision="kept",
    )
    still: dict[str, Any] = {"visible": False, "fixedrange": True, "constrain": "domain"}
    figure.update_xaxes(domain=[0, 1], range=[0, ASPECT], anchor="y", **still)
    figure.update_yaxes(domain=list(_MAPS), range=[1, 0], scaleanchor="x", anchor="x", **still)
    # Plotly wants the second pair of axes by name.
    figure.update_layout(
        xaxis2={
            "domain": [0, 1],
            "range": [0, 1.18],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "tickformat": ".0%",
            "anchor": "y2",
            "fixedrange": True,
        },
        yaxis2={"domain": list(_BARS), "anchor": "x2", "autorange": "reversed", "automargin": True, "type": "category"},
    )
    return figure


def _moving(passage: Passage, index: int, scene: Scene) -> list[Any]:
    step = passage.steps[index]
    box = scene.box(step.box)
    assert box is not None, f"no box for {step.box}"
    last = index == len(passage.steps) - 1
    names = [name for name, _ in passage.likeliest]
    return [
        network_3d.mesh((box,), colour=VERMILION, grow=0.3, opacity=0.45),
        network_3d.outline((box,), colour=VERMILION, width=6, grow=0.3),
        go.Heatmap(
            z=step.picture,
            **place(step.picture),
            **_scale(step),
            hoverongaps=False,
            hovertemplate="%{z:.3g}<extra></extra>",
            colorbar={"len": _MAPS[1] - _MAPS[0], "y": sum(_MAPS) / 2, "thickness": 10, "nticks": 4},
        ),
        go.Bar(
            x=[value if last else 0.0 for _, value in passage.likeliest],
            y=[_short(name) for name in names],
            orientation="h",
            xaxis="x2",
            yaxis="y2",
            marker={"color": [BLUE if name == passage.truth else GREY for name in names]},
            text=[f"{value:.1%}" if last else "" for _, value in passage.likeliest],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        ),
    ]


def _scale(step: Step) -> dict[str, Any]:
    """Below and above 0 in two colours when both occur; each layer has a scale of its own."""
    if step.low < 0:
        reach = max(-step.low, step.high)
        return {"colorscale": "RdBu", "reversescale": True, "zmin": -reach, "zmax": reach}
    # Said expressly, as a frame keeps what the one before it had set.
    return {"colorscale": "Cividis", "reversescale": False, "zmin": 0.0, "zmax": step.high or 1.0}


def _caption(step: Step) -> dict[str, Any]:
    words = {
        "maps": _part(step, "map"),
        "steps": f"words from left to right; rows: {_part(step, 'unit')}",
        "units": _part(step, "unit"),
    }[step.kind]
    values = f"values from {step.low:.3g} to {step.high:.3g}"
    text = f"<b>{escape(step.name)}</b> · {shape_text(step.shape)}<br>{words}<br>{values}"
    return _annotation(text, _MAPS[1])


def _part(step: Step, noun: str) -> str:
    plural = noun if step.channels == 1 else f"{noun}s"
    return f"{step.shown} of {step.channels} {plural}" if step.shown < step.channels else f"{step.channels} {plural}"


def _bars_title() -> dict[str, Any]:
    return _annotation("Probabilities, known after the last layer<br>(blue: the true class)", _BARS[1])


def _annotation(text: str, y: float) -> dict[str, Any]:
    paper = {"xref": "paper", "yref": "paper", "x": 0.0, "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, "y": y, "showarrow": False, "align": "left", **paper}


def _buttons() -> dict[str, Any]:
    play = {"frame": {"duration": _FRAME_MS, "redraw": True}, "transition": {"duration": 0}, "fromcurrent": True}
    pause = {"frame": {"duration": 0, "redraw": False}, "mode": "immediate", "transition": {"duration": 0}}
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0.0,
        "xanchor": "left",
        "y": 1.0,
        "yanchor": "bottom",
        "pad": {"t": 0, "b": 84},
        "buttons": [
            {"label": "▶ Play", "method": "animate", "args": [None, play]},
            {"label": "❚❚ Pause", "method": "animate", "args": [[None], pause]},
        ],
        **_BUTTON,
    }


def _slider(passage: Passage) -> dict[str, Any]:
    options = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    return {
        "currentvalue": {"prefix": "Layer reached: "},
        "pad": {"t": 0},
        "y": 1.0,
        "yanchor": "bottom",
        "len": 1.0,
        "steps": [
            {"label": _short(step.name), "method": "animate", "args": [[str(index)], options]}
            for index, step in enumerate(passage.steps)
        ],
    }


def _short(name: str) -> str:
    """Names come from people's folders too; Plotly reads HTML."""
    return escape(name if len(name) <= 24 else name[:23] + "…")
