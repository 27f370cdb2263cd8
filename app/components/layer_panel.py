"""What there is to know about one layer: its size, what it does, its health and the spread of its weights."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.formats import plain
from core.diagnostics import Diagnostics, Histogram
from core.figures import layer_histogram
from core.figures.style import BLUE, ORANGE
from core.layer_colouring import percent
from core.layer_lessons import lesson
from core.network_graph import GraphNode, NetworkGraph, NodeHealth, shape_text, trace_name

_HISTOGRAMS = 6  # of a node at most; blocks have many variables


def layer_panel(node: GraphNode, graph: NetworkGraph, diagnostics: Diagnostics | None, why: str) -> None:
    """Explain `node`; `why` says why there are no histograms when there are no diagnostics."""
    kind = f"{len(node.members)} layers" if len(node.members) > 1 else node.main.type
    st.markdown(f"**{plain(node.name)}** · {node.family} · {kind}")
    with st.container(horizontal=True, key="network_numbers"):
        st.metric("Output", shape_text(node.output_shape), help="What leaves the layer, for one image or text.")
        st.metric("Parameters", f"{node.parameters:,}", help="Numbers in the layer; most of them are learned.")
        st.metric("Share of all", percent(node.share), help=f"Of {graph.parameters:,} parameters in the network.")
        st.metric(
            "Activation",
            node.activation or "none",
            help="The curve that bends its values; it may also be a layer of its own that follows.",
        )
    _explanation(node)
    _health(node)
    _settings(node)
    _histograms(node, diagnostics, why)


def _explanation(node: GraphNode) -> None:
    if len(node.members) == 1:
        st.markdown(lesson(node.main).text)
        return
    for member in node.members:
        found = lesson(member)
        st.markdown(f"**{plain(member.name)}** ({found.family}, {shape_text(member.output_shape)}): {found.text}")


def health_lines(health: NodeHealth) -> list[str]:
    """Say what was measured of a layer, a sentence each."""
    lines = []
    if health.dormant is not None:
        lines.append(
            f"**Dormant units:** {round(health.dormant * health.units)} of {health.units} ({percent(health.dormant)}). "
            "Their output hardly varies with the input."
        )
    if health.zeros is not None:
        lines.append(f"**Zeros:** {percent(health.zeros)} of all outputs are exactly 0.")
    if health.saturation is not None:
        lines.append(f"**Saturated:** {percent(health.saturation)} of all outputs are at the flat ends of the curve.")
    for kernel, value in health.gradients:
        size = "not a finite number" if value is None else f"{value:.2g} of the weights"
        lines.append(f"**Gradient of {plain(kernel)}** in the last epoch: {size}.")
    return lines


def _health(node: GraphNode) -> None:
    lines = health_lines(node.health)
    if lines:
        st.markdown("**Health of this layer**\n" + "".join(f"\n- {line}" for line in lines))
    else:
        nothing = "it has no weights and no units of its own" if not node.trainable else "no measurement was kept"
        st.caption(f"Health: nothing was measured here; {nothing}.")


def _settings(node: GraphNode) -> None:
    rows = [
        {"layer": member.name, "setting": name.replace("_", " "), "value": _written(value)}
        for member in node.members
        for name, value in member.settings.items()
    ]
    if rows:
        with st.expander("Settings"):
            st.table(rows, hide_index=True, hide_header=True, border="horizontal")


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " × ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def variables_of(node: GraphNode, histograms: dict[str, Histogram]) -> dict[str, Histogram]:
    """Return the histograms that belong to a node, by variable such as `conv_1/kernel`."""
    names = {trace_name(member.name) for member in node.members if member.parameters}
    return {key: value for key, value in histograms.items() if trace_name(key.split("/")[0]) in names}


def _histograms(node: GraphNode, diagnostics: Diagnostics | None, why: str) -> None:
    if not node.parameters:
        return
    if diagnostics is None:
        st.caption(f"No histograms of weights and gradients: {why}")
        return
    weights, gradients = variables_of(node, diagnostics.weights), variables_of(node, diagnostics.gradients)
    if not weights:
        st.caption("No histogram was stored for this layer.")
    for variable in list(weights)[:_HISTOGRAMS]:
        left, right = st.columns(2)
        with left:
            _histogram(weights[variable], variable, "weights", BLUE)
        with right:
            if variable in gradients:
                _histogram(gradients[variable], variable, "gradients", ORANGE)
            else:
                st.caption(f"{plain(variable)}: no gradients, the training does not change it.")
    if len(weights) > _HISTOGRAMS:
        st.caption(f"{len(weights) - _HISTOGRAMS} more variables; unfold the blocks to see them.")


def _histogram(histogram: Histogram, variable: str, what: str, colour: str) -> None:
    title = f"{variable}: {what}"
    st.plotly_chart(
        layer_histogram.draw(layer_histogram.compute(histogram, what), colour=colour),
        key=f"network_{what}_{variable}",
        theme="streamlit",
        config={"displayModeBar": False},
        alt=f"Histogram of {title}",
    )
    st.caption(f"{plain(title)}: {layer_histogram.summary(histogram)}")
