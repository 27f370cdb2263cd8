"""What is kept to look into one trained network: measured by a worker, stored as data, drawn when somebody looks.

A folder holds `diagnostics.json` (everything small) and `diagnostics.npz` (the arrays).
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.records import to_dict

DIAGNOSTICS_FILE = "diagnostics.json"
ARRAYS_FILE = "diagnostics.npz"
VERSION = 2
# All that json, zipfile, zlib and numpy raise on a damaged file, and what its pieces raise when they are no records.
_UNREADABLE = (
    OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, RecursionError, MemoryError, SyntaxError,
    NotImplementedError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of values between `edges` (one more edge than counts), and what a histogram alone hides."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    mean: float
    deviation: float
    zeros: int  # values that are exactly 0
    not_finite: int  # values left out because they are NaN or infinite


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A validation row that the network got wrong. `picture`: its row in `mistake_images`; `text`: its words."""

    row: int
    truth: int
    predicted: int
    confidence: float  # probability of the predicted class
    truth_probability: float
    picture: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """A text and how much each word moved the probability of the predicted class when it was hidden."""

    row: int
    truth: int
    predicted: int
    confidence: float
    words: tuple[str, ...]
    drops: tuple[float, ...]  # probability with all words minus probability with this word hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class WordEffect:
    """A word over many texts: the mean drop of the probability of class `predicted` when the word is hidden."""

    predicted: int
    word: str
    drop: float
    texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPass:
    """One real test row on its way through the network. `names`: layers whose output is in `forward_{name}`."""

    row: int
    truth: int
    names: tuple[str, ...]
    words: tuple[str, ...] = ()  # of a text; an image is the output of the input layer
    channels: dict[str, int] = field(default_factory=dict)  # real number of channels where fewer are stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """Everything stored of one network. All rows but the forward pass's are from the validation part."""

    trial: int
    kind: Literal["image", "text"]
    class_names: tuple[str, ...]
    weights: dict[str, Histogram]  # by variable: "conv_1/kernel", "conv_1/bias", ...
    gradients: dict[str, Histogram]  # the same variables, on the gradient probe's training rows, final weights
    mistakes: tuple[Mistake, ...]  # the most confident first
    influences: tuple[Influence, ...]  # texts only
    word_effects: tuple[WordEffect, ...]  # texts only
    forward: ForwardPass | None
    scale: float  # raw pixel value that means 1.0
    notes: dict[str, str]  # why a part is missing, by the name of the part
    arrays: dict[str, NDArray[Any]]
    version: int = VERSION

    # A layer is called what Keras calls it (`core.architecture`). Variables are named by their layer's name without
    # `_units` at its end, which marks what the health probe looks at: "lstm_1/kernel" of the layer lstm_1_units.
    # Names in `arrays`:
    #   labels (n,) int64, probabilities (n, classes) float32          all validation rows
    #   mistake_images (m, H, W, C) uint8                              images only
    #   sample_images (s, H, W, C) uint8, sample_labels (s,), sample_probabilities (s, classes)   images only
    #   activation_{layer} (s, h, w, channels <= 16) float16           one per conv layer ("conv_1"), of the sample
    #                                                                  images, after its activation function
    #   saliency (s, H, W) float32                                     drop of the predicted class's probability when
    #                                                                  a patch around the pixel is hidden
    #   forward_{layer} float16, all layers but a text's input: (h, w, channels <= 32), (steps, units) or (units,)

    @property
    def labels(self) -> NDArray[np.int64]:
        """True classes of all validation rows (n,)."""
        return self.arrays["labels"]

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Predicted probabilities of all validation rows (n, classes)."""
        return self.arrays["probabilities"]


_PARTS: dict[str, Any] = {"mistakes": Mistake, "influences": Influence, "word_effects": WordEffect}


def save_diagnostics(folder: Path, diagnostics: Diagnostics) -> None:
    """Write both files by way of temporary names; the JSON comes last and marks a whole folder."""
    folder.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **diagnostics.arrays)  # type: ignore[arg-type]
    _write(folder / ARRAYS_FILE, buffer.getvalue())
    document = {f.name: _plain(getattr(diagnostics, f.name)) for f in fields(Diagnostics) if f.name != "arrays"}
    _write(folder / DIAGNOSTICS_FILE, json.dumps(document, allow_nan=False, separators=(",", ":")).encode())


def load_diagnostics(folder: Path) -> Diagnostics | None:
    """Return what is stored in `folder`, or None when nothing is, or it is damaged or of another version."""
    try:
        document = json.loads((folder / DIAGNOSTICS_FILE).read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            return None
        with np.load(folder / ARRAYS_FILE, allow_pickle=False) as stored:
            document["arrays"] = {name: stored[name] for name in stored.files}
        for name, kind in _PARTS.items():
            document[name] = tuple(kind(**_tuples(part)) for part in document[name])
        for name in ("weights", "gradients"):
            document[name] = {key: Histogram(**_tuples(value)) for key, value in document[name].items()}
        if document["forward"] is not None:
            document["forward"] = ForwardPass(**_tuples(document["forward"]))
        document["class_names"] = tuple(document["class_names"])
        return Diagnostics(**document)
    except _UNREADABLE:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return to_dict(value) if hasattr(value, "__dataclass_fields__") else value


def _tuples(document: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_bytes(content)
    partial.replace(path)
