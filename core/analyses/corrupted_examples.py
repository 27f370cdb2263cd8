"""One row of the holdout under every corruption, to be looked at: pictures, or a text's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.analyses.corrupted_sets import CorruptedSets, published
from core.corruptions import Corruption
from core.corruptions.entry import SEVERITIES
from core.corruptions.images import corrupt_images
from core.corruptions.texts import corrupt_words, words_of
from core.figures.diagnostics.pictures import data_uri, to_rgb

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

_SIDE = 64  # pixels; of larger pictures every second, third, … pixel is shown
_LIKED, _SHOWN = 25, 40  # words: of a text that is easy to look at, and of any that are shown


def examples(context: AnalysisContext, sets: CorruptedSets) -> dict[str, Any]:
    """Return a row and how it looks at severities 0 to 5 of every published corruption: what the networks are asked."""
    clean, names = sets.clean, context.entry.class_names
    if clean.x is not None:
        place = int(np.random.default_rng([context.seed, 1]).integers(len(clean)))
        shown = [_pictures(context, one, clean.x[place], int(sets.rows[place])) for one in published("image")]
    else:
        assert clean.offsets is not None and clean.tokens is not None
        place = int(np.abs(np.diff(clean.offsets) - 1 - _LIKED).argmin())
        tokens = clean.tokens[clean.offsets[place] : clean.offsets[place + 1]]
        words = words_of(tokens, context.dataset.word_index())
        shown = [_texts(context, one, words, int(sets.rows[place])) for one in published("text")]
    return {"row": int(sets.rows[place]), "truth": names[int(clean.y[place])], "corruptions": shown}


def _pictures(context: AnalysisContext, one: Corruption, image: NDArray[np.uint8], row: int) -> dict[str, Any]:
    entry, rows = context.entry, np.array([row])
    step = -(-max(image.shape[:2]) // _SIDE)
    found = [
        corrupt_images(image[None], one, level, context.seed, dataset=entry.name, rows=rows, scale=entry.scale)[0]
        for level in (0, *SEVERITIES)
    ]
    pictures = [data_uri(to_rgb(picture[::step, ::step], entry.scale), _SIDE) for picture in found]
    return _named(one, image.shape) | {"pictures": pictures}


def _texts(context: AnalysisContext, one: Corruption, words: list[str], row: int) -> dict[str, Any]:
    found = [
        corrupt_words(words, one, level, context.seed, row=row, dataset=context.entry.name)
        for level in (0, *SEVERITIES)
    ]
    texts = [" ".join(text[:_SHOWN]) + (" …" if len(text) > _SHOWN else "") for text in found]
    return _named(one, ()) | {"texts": texts}


def _named(one: Corruption, shape: tuple[int, ...]) -> dict[str, Any]:
    strengths = [one.axis_label(severity, shape) for severity in (0, *SEVERITIES)]
    return {"name": one.name, "label": one.label, "strengths": strengths}
