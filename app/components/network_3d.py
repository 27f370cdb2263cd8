"""The network in space, and the way of one test row through it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.components.architecture_graph import CHOICE, legend
from app.components.formats import accuracy, plain
from core.diagnostics import Diagnostics
from core.figures import forward_pass, network_3d
from core.figures.forward_pass import Passage
from core.layer_colouring import LayerColours
from core.network_graph import NetworkGraph

_PICTURE = 160  # pixels of the sample image's side


def space(graph: NetworkGraph, colours: LayerColours) -> None:
    """Draw every layer as a box as large as what leaves it."""
    legend(colours)
    st.plotly_chart(
        network_3d.draw(network_3d.compute(graph, colours), chosen=st.session_state.get(CHOICE)),
        key="network_space",
        theme="streamlit",
        config={"displayModeBar": False},
        alt=f"Three-dimensional view of the {len(graph.nodes)} boxes of the network; the table below says the same",
    )
    st.caption(
        "Data flows from the front to the back. A box is as long, wide and high as what leaves the layer, on a "
        "logarithmic scale: channels or units along the flow, width and height across it. Drag to turn, pinch or "
        "scroll to zoom, touch a box for its numbers."
    )


def passage(graph: NetworkGraph, colours: LayerColours, diagnostics: Diagnostics | None, why: str) -> None:
    """Draw the sample, and the animation of its way; `why` says why nothing was stored."""
    found = forward_pass.compute(graph, diagnostics) if diagnostics else None
    if diagnostics is None or found is None or not found.steps:
        reason = diagnostics.notes.get("forward") if diagnostics else why
        st.info(f"There is no forward pass to show. {reason or 'None was stored with this network.'}")
        return
    _sample(found, diagnostics)
    legend(colours)
    st.plotly_chart(
        forward_pass.draw(found, network_3d.compute(graph, colours)),
        key="network_passage",
        theme="streamlit",
        config={"displayModeBar": False},
        alt=f"Animation: {len(found.steps)} layers that the sample passes, with what each of them puts out",
    )
    st.caption(
        "Press Play, or move the slider layer by layer. The frame marks the layer reached, and below it stands what "
        "this layer really put out for this sample: one small picture per map, or one square per unit. Yellow or red "
        "is strong, dark blue is 0 or, where red occurs too, below 0. Each layer has a scale of its own."
    )


def _sample(found: Passage, diagnostics: Diagnostics) -> None:
    with st.container(horizontal=True, key="network_sample", vertical_alignment="center"):
        image = sample_image(diagnostics)
        if image is not None:
            st.image(image, width=_PICTURE, caption=f"Test row {found.row}")
        with st.container():
            st.markdown(_verdict(found))
            if found.words:
                st.markdown(f"> {plain(' '.join(found.words))}")


def _verdict(found: Passage) -> str:
    truth = f"It is **{plain(found.truth)}**"
    if found.predicted is None:
        return f"A row of the test data. {truth}; the network's answer was not stored."
    share = accuracy(found.likeliest[0][1])
    mark = "✔ right" if found.correct else "✖ wrong"
    return f"A row of the test data. {truth}; the network says **{plain(found.predicted)}** with {share}: {mark}."


def sample_image(diagnostics: Diagnostics) -> np.ndarray | None:
    """Return the image that was sent through the network, enlarged in whole pixels, or None for a text."""
    values = diagnostics.arrays.get("forward_image")
    if values is None or values.ndim != 3 or values.shape[-1] not in (1, 3):
        return None
    pixels = np.clip(values.astype(np.float32) / diagnostics.scale * 255, 0, 255).astype(np.uint8)
    times = max(1, _PICTURE // max(pixels.shape[:2]))
    pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    return np.asarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
