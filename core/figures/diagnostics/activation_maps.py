"""Activation maps: what the filters of every convolution answer to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.pictures import Pixels, data_uri, grey, to_rgb
from core.figures.diagnostics.words import class_name, safe, share

COLUMNS = 8
SIDE = 32  # pixels; smaller maps are enlarged before they are laid out
GAP = 2  # pixels between two maps
BRIGHTEST = 99.5  # percentile that is white: one outlier must not darken a layer
_PREFIX = "activation_"
HOW = (
    "On top the picture that the network was shown, below what the filters of each convolution made of it: bright is a "
    "strong answer. First layers find edges and strokes, later ones coarser parts. Good: maps that differ from each "
    "other and from picture to picture. A map that is black for every picture is a dead filter; many of those, or many "
    "equal maps, mean that the layer could be narrower. A layer's maps share one scale, so weak filters look dark."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A picture and its true and predicted class."""

    picture: Pixels
    truth: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationMaps:
    """Maps by layer, (samples, height, width, channels)."""

    samples: tuple[Sample, ...]
    layers: dict[str, NDArray[np.float32]]

    def silent(self, layer: str) -> int:
        """Number of stored channels of a layer that are the same everywhere in all pictures."""
        maps = self.layers[layer]
        return int((np.ptp(maps.reshape(-1, maps.shape[-1]), axis=0) == 0).sum())


def samples_of(stored: Diagnostics) -> tuple[Sample, ...]:
    """Return the stored sample pictures; none for texts."""
    images = stored.arrays.get("sample_images")
    if images is None:
        return ()
    labels, probabilities = stored.arrays["sample_labels"], stored.arrays["sample_probabilities"]
    return tuple(
        Sample(
            picture=to_rgb(image, stored.scale),
            truth=class_name(stored.class_names, int(label), 14),
            predicted=class_name(stored.class_names, int(given.argmax()), 14),
            confidence=float(given.max()),
        )
        for image, label, given in zip(images, labels, probabilities, strict=True)
    )


def compute(stored: Diagnostics) -> ActivationMaps | str:
    """Return the stored maps in the order of the network."""
    samples = samples_of(stored)
    names = sorted((name for name in stored.arrays if name.startswith(_PREFIX)), key=_depth)
    if not samples or not names:
        return stored.notes.get("activations", "no activation maps were stored")
    layers = {name.removeprefix(_PREFIX): np.nan_to_num(stored.arrays[name].astype(np.float32)) for name in names}
    return ActivationMaps(samples=samples, layers=layers)


def variants(data: ActivationMaps) -> tuple[str, ...]:
    """Name the samples."""
    return tuple(sample_name(number, sample) for number, sample in enumerate(data.samples, start=1))


def sample_name(number: int, sample: Sample) -> str:
    """Say what a sample is and what the network made of it."""
    if sample.truth == sample.predicted:
        return f"Sample {number}: {sample.truth}, right ({share(sample.confidence, 0)})"
    return f"Sample {number}: {sample.truth}, said {sample.predicted} ({share(sample.confidence, 0)})"


def montage(maps: NDArray[np.float32], low: float, high: float) -> Pixels:
    """Lay the maps (height, width, channels) side by side, eight to a row, with a mid-grey gap."""
    times = max(1, SIDE // max(maps.shape[:2]))
    maps = maps.repeat(times, axis=0).repeat(times, axis=1)
    height, width, channels = maps.shape
    rows = -(-channels // COLUMNS)
    columns = min(channels, COLUMNS)
    canvas = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 128, np.uint8)
    for channel in range(channels):
        row, column = divmod(channel, COLUMNS)
        top, left = row * (height + GAP), column * (width + GAP)
        canvas[top : top + height, left : left + width] = grey(maps[..., channel], low, high)
    return canvas


def draw(data: ActivationMaps, variant: int = 0) -> go.Figure:
    """Draw a sample and below it a block of maps per layer."""
    sample = data.samples[variant]
    blocks: list[tuple[str, Pixels, int]] = [("the picture", sample.picture, 110)]
    for name, maps in data.layers.items():
        low, high = (float(end) for end in np.percentile(maps, (0, BRIGHTEST)))  # of all samples: they compare
        _, tall, wide, channels = maps.shape
        pixels = montage(maps[variant], low, high)
        title = f"{safe(name, 24)}: {channels} filters, {tall} × {wide}"
        blocks.append((title, pixels, 56 * -(-channels // COLUMNS) + 10))
    height = sum(tall + 26 for *_, tall in blocks)
    figure = go.Figure()
    top = 0.0
    for title, pixels, tall in blocks:
        figure.add_annotation(
            x=0.5, y=1 - top / height, xref="paper", yref="paper", text=title, showarrow=False, yanchor="top"
        )
        figure.add_layout_image(
            source=data_uri(pixels, 640),
            xref="paper",
            yref="paper",
            x=0.5,
            y=1 - (top + 20) / height,
            sizex=1,
            sizey=tall / height,
            xanchor="center",
            yanchor="top",
            sizing="contain",
        )
        top += tall + 26
    figure.update_layout(height=height + 16, margin={"l": 4, "r": 4, "t": 8, "b": 8})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.update_annotations(font={"size": 12})
    return figure


def finding(data: ActivationMaps) -> str:
    """Count the silent filters among the stored ones."""
    silent = [
        f"{name}: {data.silent(name)} of {maps.shape[-1]}" for name, maps in data.layers.items() if data.silent(name)
    ]
    told = f"silent for all of them: {', '.join(silent)}" if silent else "none of the filters is silent for all of them"
    return f"{len(data.samples)} pictures, up to 16 filters of each of {len(data.layers)} convolutions; {told}."


def _depth(name: str) -> tuple[int, str]:
    number = name.rpartition("_")[2]
    return (int(number) if number.isdecimal() else 0, name)


register(
    name="activation_maps",
    label="Activation maps",
    group="Inside the network",
    order=4,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw_variant=draw,
    variants=variants,
    finding=finding,
    kinds=frozenset({"image"}),
)
