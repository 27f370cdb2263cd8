"""Opening a foreign test set for the networks of a data set: rows in their input format, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.config import Settings
from core.datasets.cache import Origin, prepare_entry
from core.datasets.download import OnProgress
from core.datasets.entry import DatasetEntry
from core.datasets.samples import place_of
from core.datasets.text import WordIndex
from core.errors import DataUnavailableError, InvalidInputError
from core.foreign.entry import ForeignEntry, ForeignUse
from core.foreign.wording import reword


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Why an analysis goes without the set, and how to provide it: sentences for people."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSet:
    """The rows of a foreign set, as the networks of one data set take them.

    Images `x` (N, H, W, C) uint8 in the data set's own scale, or texts (`tokens`, `offsets`) in its word index.
    `y` (N,) numbers the foreign classes. `source_y` (N,) holds the data set's own class of each row, or -1.
    """

    entry: ForeignEntry
    use: ForeignUse
    y: NDArray[np.int64]
    source_y: NDArray[np.int64]
    origin: Origin
    content_hash: str
    x: NDArray[np.uint8] | None = None
    tokens: NDArray[np.int32] | None = None
    offsets: NDArray[np.int64] | None = None
    unknown_share: float | None = None  # of the words: how many the data set's word index does not have
    median_words: float | None = None

    def __len__(self) -> int:
        return len(self.y)


def open_foreign(
    entry: ForeignEntry,
    source: DatasetEntry,
    settings: Settings,
    words: WordIndex | None = None,
    on_progress: OnProgress | None = None,
) -> ForeignSet | Skipped:
    """Return the rows of `entry` for networks of `source`; Skipped when the data cannot be had here, or when a large
    archive would have to be fetched first.

    `words` is the word index that the networks were trained with; texts need it. Raises InvalidInputError when the
    set is nothing to this data set.
    """
    use = entry.use_for(source.name)
    if use is None:
        raise InvalidInputError(
            f"foreign set {entry.name} says nothing about networks of {source.name}; it is for "
            f"{', '.join(sorted(entry.uses))}"
        )
    if entry.download_mb is not None and place_of(entry.data, settings) == "remote":
        return Skipped(
            name=entry.name,
            reason=f"{entry.label} is not on this machine, and its archive of {entry.download_mb} MB is not fetched "
            f"unasked; get it with `python -m core foreign --fetch {entry.name}` and try again",
        )
    try:
        cached = prepare_entry(entry.data, settings, on_progress)
    except DataUnavailableError as error:
        return Skipped(name=entry.name, reason=str(error))
    arrays = cached.arrays()
    if entry.last is not None:
        arrays = arrays.take(np.arange(max(len(arrays) - entry.last, 0), len(arrays)))
    numbers = np.array([-1 if number is None else number for number in use.class_map], np.int64)
    y = np.array(arrays.y)
    result = ForeignSet(
        entry=entry, use=use, y=y, source_y=numbers[y], origin=cached.origin, content_hash=cached.content_hash,
        x=None if arrays.x is None else fit_images(arrays.x, entry.data.scale, source, use.margin),
    )  # fmt: skip
    if arrays.x is not None:
        return result
    if words is None:
        raise InvalidInputError(f"foreign set {entry.name} holds texts; give the word index of the networks")
    reworded = reword(arrays, cached.word_index(), words)
    return replace(
        result,
        tokens=reworded.tokens,
        offsets=np.array(arrays.offsets),
        unknown_share=reworded.unknown_share,
        median_words=reworded.median_words,
    )


def fit_images(x: NDArray[np.uint8], scale: float, source: DatasetEntry, margin: int = 0) -> NDArray[np.uint8]:
    """Bring images (N, H, W, C) to the size, colours and scale of `source`'s; `margin` pixels of every side are cut.

    Sizes change by averaging the pixels that become one (Pillow's box filter), grey is the luma of ITU-R BT.601.
    """
    height, width, channels = source.shape
    x = x[:, margin : x.shape[1] - margin, margin : x.shape[2] - margin]
    if x.shape[1:] == source.shape and scale == source.scale:
        return np.array(x)
    result = np.empty((len(x), height, width, channels), np.uint8)
    for row, image in enumerate(x):
        picture = Image.fromarray(np.ascontiguousarray(image[..., 0] if image.shape[-1] == 1 else image))
        picture = picture.convert("L" if channels == 1 else "RGB")
        if picture.size != (width, height):
            picture = picture.resize((width, height), Image.Resampling.BOX)
        result[row] = np.asarray(picture).reshape(height, width, channels)
    if scale != source.scale:
        result = np.rint(result * (source.scale / scale)).clip(0, source.scale).astype(np.uint8)
    return result
