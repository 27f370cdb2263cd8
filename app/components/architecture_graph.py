"""The graph of a network to click on, and beside it the panel that explains the chosen layer."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import Any

import streamlit as st
from streamlit_agraph import _agraph

from app.components.formats import NONE
from app.components.layer_panel import layer_panel
from core.diagnostics import Diagnostics
from core.figures.style import BLUE, GREY, ORANGE
from core.layer_colouring import MEANINGS, LayerColours, ink
from core.network_graph import GraphNode, NetworkGraph, shape_text

CHOICE = "network_layer"  # the one choice of a layer: of the graph, the list and the panel
_TURN = "network_turn"
_NODE_WIDTH, _NODE_HEIGHT, _STEP = 240, 46, 72  # pixels
_ROOM = 1.12  # vis.js leaves a tenth around the graph when it fits it in
_WINDOW = 620  # of the graph; a longer one is scrolled


def architecture_graph(graph: NetworkGraph, colours: LayerColours, diagnostics: Diagnostics | None, why: str) -> None:
    """Draw the graph with its legend, and the panel of the chosen layer; `why` says why there are no histograms."""
    chosen = graph.node(st.session_state.get(CHOICE)) or _first_that_learns(graph)
    st.session_state[CHOICE] = chosen.name  # a layer's block, where it was folded meanwhile
    legend(colours)
    drawing, panel = st.columns([2, 3], gap="medium")
    with drawing, st.container(height=_WINDOW, key="network_graph_window", border=False):
        turn = int(st.session_state.get(_TURN, 0)) % 2
        options = graph_options(graph)
        key = f"network_graph_{options['width']}_{options['height']}"  # vis.js does not fit a graph in a second time
        _agraph(
            data=json.dumps(graph_data(graph, colours, chosen.name, turn)),
            config=json.dumps(options),
            key=key,
            default=None,
            on_change=partial(_clicked, key),
        )
    with panel:
        st.selectbox(
            "Layer",
            [node.name for node in graph.nodes],
            key=CHOICE,
            on_change=_listed,
            help="The same choice as a click on the graph, for keyboards and screen readers.",
        )
        layer_panel(chosen, graph, diagnostics, why)


def _first_that_learns(graph: NetworkGraph) -> GraphNode:
    return next((node for node in graph.nodes if node.parameters), graph.nodes[0])


def legend(colours: LayerColours) -> None:
    """Draw what the colours mean: only what occurs in this network."""
    marks = " ".join(
        f'<span style="white-space:nowrap;margin-right:0.9rem"><span style="display:inline-block;width:0.8rem;'
        f"height:0.8rem;border-radius:3px;border:1px solid {GREY};background:{entry.colour};"
        f'margin-right:0.35rem;vertical-align:-0.1rem"></span>{entry.label}</span>'
        for entry in colours.legend
    )
    st.html(f'<div style="line-height:1.7;font-size:0.875rem">{marks}</div>')
    missing = colours.unmeasured
    grey = f" {missing} grey {'box was' if missing == 1 else 'boxes were'} not measured." if missing else ""
    st.caption(MEANINGS[colours.by] + grey)


def _clicked(key: str) -> None:
    """Make the clicked node the choice. Runs before the page, so that the list may still be set."""
    clicked = st.session_state.get(key)
    if isinstance(clicked, str):
        st.session_state[CHOICE] = clicked.rpartition("|")[0]


def _listed() -> None:
    """Give the nodes other ids after a choice from the list: a second click on the same node is then news again."""
    st.session_state[_TURN] = int(st.session_state.get(_TURN, 0)) + 1


def graph_data(graph: NetworkGraph, colours: LayerColours, chosen: str, turn: int) -> dict[str, Any]:
    """Return nodes and edges as vis.js wants them, every node at a fixed place; ids are `name|turn`."""
    wide = Counter(node.level for node in graph.nodes)
    seen: Counter[int] = Counter()
    nodes = []
    for node in graph.nodes:
        colour = colours.colours[node.name]
        aside = seen[node.level] - (wide[node.level] - 1) / 2
        seen[node.level] += 1
        picked = node.name == chosen
        nodes.append(
            {
                "id": f"{node.name}|{turn}",
                "title": "",  # else a double click opens a page that does not exist
                "label": node_label(node, colours),
                "shape": "box",
                "x": aside * (_NODE_WIDTH + 20),
                "y": node.level * _STEP,
                "fixed": True,
                "borderWidth": 5 if picked else 1,
                "borderWidthSelected": 5,
                "color": _fill(colour, picked),
                "font": {"color": ink(colour), "size": 14},
                "widthConstraint": _NODE_WIDTH - 10,
                "heightConstraint": _NODE_HEIGHT - 10,
            }
        )
    edges = [
        {"from": f"{source}|{turn}", "to": f"{target}|{turn}", "color": {"color": GREY}, "width": 2}
        for source, target in graph.edges
    ]
    return {"nodes": nodes, "edges": edges}


def _fill(colour: str, picked: bool) -> dict[str, Any]:
    border = ORANGE if colour != ORANGE else BLUE
    marked = {"background": colour, "border": border}
    return {"background": colour, "border": border if picked else GREY, "highlight": marked}


def node_label(node: GraphNode, colours: LayerColours) -> str:
    """Write what stands in a box: the name, then what it is or what was measured; never colour alone."""
    if colours.by == "type":
        size = f"{shape_text(node.output_shape)}"
        detail = f"{node.family}, {size}" if len(node.members) == 1 else f"{len(node.members)} layers, {size}"
    else:
        detail = colours.words[node.name]
    return f"{node.name}\n{detail}"


def graph_options(graph: NetworkGraph) -> dict[str, Any]:
    """Return the options of vis.js. Neither wheel nor drag is caught: the page must stay scrollable over the graph."""
    levels = max(node.level for node in graph.nodes)
    widest = max(Counter(node.level for node in graph.nodes).values())
    height = round((levels * _STEP + _NODE_HEIGHT) * _ROOM) + 12
    width = round((widest * (_NODE_WIDTH + 20)) * _ROOM)
    still = {"zoomView": False, "dragView": False, "dragNodes": False, "selectConnectedEdges": False}
    return {
        "height": f"{height}px",
        "width": f"{width}px" if widest == 1 else "100%",  # narrower than a phone: fingers scroll beside it
        "physics": {"enabled": False},
        "layout": {"hierarchical": {"enabled": False}},
        "groups": {},
        "interaction": still,
        "edges": {"arrows": {"to": {"enabled": True, "scaleFactor": 0.7}}, "smooth": False},
    }


def layer_rows(graph: NetworkGraph) -> list[dict[str, Any]]:
    """Return the network as a table: the graph for those who cannot see it."""
    sources: dict[str, list[str]] = {}
    for source, target in graph.edges:
        sources.setdefault(target, []).append(source)
    return [
        {
            "Layer": node.name,
            "Type": node.family,
            "Fed by": ", ".join(sources.get(node.name, [])) or NONE,
            "Output": shape_text(node.output_shape),
            "Parameters": node.parameters,
            "Dormant %": None if node.health.dormant is None else 100 * node.health.dormant,
            "Gradient": node.health.gradient,
        }
        for node in graph.nodes
    ]
