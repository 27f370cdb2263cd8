"""Occlusion maps: where a picture must not be covered (Zeiler & Fergus, 2014, "Visualizing and Understanding
Convolutional Networks", ECCV)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.training.predictor import predict

SHARE = 4  # the patch is about a quarter of the side


def occlusion_maps(
    model: keras.Model, images: NDArray[Any], probabilities: NDArray[np.float32], fill: NDArray[Any]
) -> NDArray[np.float32]:
    """Return per pixel the drop of the predicted class's probability when a patch around it is hidden (s, H, W).

    The patch has the colour `fill` (C,) and moves by half its side; a pixel's value is the mean over the patches
    that cover it.
    """
    height, width = images.shape[1:3]
    tall, wide = max(1, round(height / SHARE)), max(1, round(width / SHARE))
    corners = [(top, left) for top in _starts(height, tall) for left in _starts(width, wide)]
    covered = np.repeat(images, len(corners), axis=0)
    for number, (top, left) in enumerate(corners):
        covered[number :: len(corners), top : top + tall, left : left + wide] = fill
    classes = probabilities.argmax(axis=1)
    after = predict(model, covered).reshape(len(images), len(corners), -1)
    drops = probabilities.max(axis=1)[:, None] - after[np.arange(len(images)), :, classes]
    total, times = np.zeros((len(images), height, width)), np.zeros((height, width))
    for number, (top, left) in enumerate(corners):
        total[:, top : top + tall, left : left + wide] += drops[:, number, None, None]
        times[top : top + tall, left : left + wide] += 1
    return (total / times).astype(np.float32)


def mean_colour(images: NDArray[Any]) -> NDArray[Any]:
    """Return the mean colour of `images`: the fill that gives away least."""
    colour = images.mean(axis=(0, 1, 2))
    return np.rint(colour).astype(images.dtype) if np.issubdtype(images.dtype, np.integer) else colour


def _starts(side: int, patch: int) -> list[int]:
    """First pixels of the patches along one side; the last patch ends with the picture."""
    return sorted({*range(0, side - patch, max(1, patch // 2)), side - patch})
