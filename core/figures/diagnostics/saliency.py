"""Occlusion saliency: which part of a picture the answer depends on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.activation_maps import Sample, samples_of
from core.figures.diagnostics.pictures import Pixels, Tile, tile_figure
from core.figures.diagnostics.words import safe, share

FOR, AGAINST = (230, 159, 0), (86, 180, 233)  # orange and sky: both stand out on greys, and from each other
HOW = (
    "Pairs: the picture, and the same with colour where covering it changes the answer. Orange: the probability of the "
    "answer falls when that part is hidden, so the network relies on it. Blue: it rises, so that part speaks against "
    "the answer. Good: colour on the thing itself. Colour on the background means a shortcut in the data. "
    "The strongest effect stands below each pair; where it is small, no single part decides."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionMap:
    """A sample and per pixel the drop of the answer's probability when a patch around it is hidden."""

    sample: Sample
    drops: NDArray[np.float32]

    @property
    def strongest(self) -> float:
        """The drop of the largest size, with its sign."""
        return float(self.drops.flat[int(np.abs(self.drops).argmax())])


def compute(stored: Diagnostics) -> tuple[OcclusionMap, ...] | str:
    """Return the stored maps with their pictures."""
    samples, maps = samples_of(stored), stored.arrays.get("saliency")
    if not samples or maps is None or not len(maps):
        return stored.notes.get("saliency", "no saliency was stored")
    return tuple(
        OcclusionMap(sample=sample, drops=np.nan_to_num(drops.astype(np.float32)))
        for sample, drops in zip(samples, maps, strict=True)
    )


def overlay(picture: Pixels, drops: NDArray[np.float32]) -> Pixels:
    """Colour a grey copy of `picture` by `drops`; the strongest drop has the full colour."""
    base = np.repeat(picture.mean(axis=-1, keepdims=True), 3, axis=-1)
    strongest = float(np.abs(drops).max())
    strength = np.abs(drops)[..., None] / strongest if strongest > 0 else np.zeros((*drops.shape, 1))
    colour = np.where(drops[..., None] >= 0, np.array(FOR), np.array(AGAINST))
    return np.rint(base * (1 - 0.75 * strength) + colour * 0.75 * strength).astype(np.uint8)


def draw(data: tuple[OcclusionMap, ...]) -> go.Figure:
    """Draw two pairs to a row."""
    tiles = []
    for number, each in enumerate(data, start=1):
        sample = each.sample
        truth, predicted = safe(sample.truth), safe(sample.predicted)
        said = "right" if sample.truth == sample.predicted else f"said {predicted}"
        hover = f"sample {number}: {truth}, said {predicted} with {share(sample.confidence)}"
        tiles.append(
            Tile(
                pixels=sample.picture,
                lines=(f"is <b>{truth}</b>", f"{said} · {share(sample.confidence, 0)}"),
                hover=hover,
            )
        )
        tiles.append(
            Tile(
                pixels=overlay(sample.picture, each.drops),
                lines=("strongest:", f"{each.strongest:+.2f}"),
                hover=f"{hover}<br>strongest effect of hiding a part: {each.strongest:+.3f}",
            )
        )
    return tile_figure(tiles, columns=4)


def finding(data: tuple[OcclusionMap, ...]) -> str:
    """Say how much a hidden part can change."""
    strongest = max(data, key=lambda each: abs(each.strongest)).strongest
    return f"{len(data)} pictures; hiding one part changes the probability of the answer by at most {strongest:+.2f}."


register(
    name="saliency",
    label="Where it looks (occlusion)",
    group="Inside the network",
    order=5,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
    kinds=frozenset({"image"}),
)
