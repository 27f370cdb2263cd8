"""The data sets as cards: what each holds, a look at real examples, and whether it must be fetched first."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from app.components.formats import plain
from core.config import OptimizationConfig, Settings
from core.datasets import DATASETS, DatasetEntry
from core.datasets.samples import Place, Preview, Sample, place_of, preview, stamp_of
from core.errors import LabError

KEY = "dataset"  # of the widget that holds the choice
_COLUMNS = 3
_TILE, _GAP = 56, 6  # pixels of an example in the strip
_PLACES: dict[Place, str] = {
    "cached": "✔ on this computer",
    "embedded": "✔ ships with the program",
    "mirror": "⇣ copied from the local mirror at the first start",
    "remote": "⇣ downloaded at the first start",
    "missing": "✖ its rows are missing: import it again on the page Data",
}


def dataset_names() -> list[str]:
    """Return the data sets in the order in which they are offered: the default first."""
    default = OptimizationConfig().dataset_name
    return sorted(DATASETS, key=lambda name: (name != default, DATASETS[name].label))


def dataset_cards(settings: Settings, chosen: str) -> None:
    """Draw a grid of cards; the button of a card chooses its data set."""
    names = dataset_names()
    for first in range(0, len(names), _COLUMNS):
        for name, column in zip(names[first : first + _COLUMNS], st.columns(_COLUMNS), strict=False):
            with column.container(border=True, height="stretch", key=f"card_{name}"):
                _card(DATASETS[name], settings, name == chosen)


def _card(entry: DatasetEntry, settings: Settings, chosen: bool) -> None:
    place = place_of(entry, settings)
    stamp = stamp_of(entry.name, settings)
    shown = _preview(entry.name, place, stamp, settings)
    st.markdown(f"##### {plain(entry.label)}")
    own = "your own data · " if entry.custom else ""
    st.caption(f"{own}{kind_text(entry)} · {entry.classes} classes{_amount(shown)}  \n{_PLACES[place]}")
    _examples(entry, shown, stamp)
    st.caption(plain(entry.description))
    st.button(
        "✔ Chosen" if chosen else "Choose",
        key=f"choose_{entry.name}",
        type="primary" if chosen else "secondary",
        width="stretch",
        on_click=_choose,
        args=(entry.name,),
        help=None if chosen else f"Train on {entry.label}.",
    )


def _choose(name: str) -> None:
    st.session_state[KEY] = name


def kind_text(entry: DatasetEntry) -> str:
    """Say what the rows of a data set are, in a few words."""
    if entry.kind == "text":
        return "Texts"
    height, width, channels = entry.shape
    return f"Images {width}×{height} {'grey' if channels == 1 else 'colour'}"


def place_text(entry: DatasetEntry, settings: Settings) -> str:
    """Say whether a data set is on this computer or has to be fetched first."""
    return _PLACES[place_of(entry, settings)]


def _amount(shown: Preview | None) -> str:
    if shown is None or shown.rows is None:
        return ""
    size = f" · {shown.disk_bytes / 1e6:,.1f} MB" if shown.disk_bytes is not None else ""
    return f" · {shown.rows:,} rows{size}"


def _examples(entry: DatasetEntry, shown: Preview | None, stamp: tuple[int, ...]) -> None:
    if shown is None:
        st.caption("Its examples cannot be read. Starting a run on it prepares it anew.")
    elif not shown.samples:
        st.caption("Examples appear here once it is on this computer.")
    elif entry.kind == "image":
        classes = ", ".join(sample.class_name for sample in shown.samples)
        st.image(
            _strip(entry.name, stamp, entry.scale, shown.samples),
            width="stretch",
            alt=f"One image of each of: {classes}",
        )
        st.caption(f"One of each{_origin(shown)}: {plain(classes)}")
    else:
        for sample in shown.samples:
            st.caption(f"**{plain(sample.class_name)}:** “{plain(sample.text or '')}”")


def _origin(shown: Preview) -> str:
    return " from the training part" if shown.training else ""


def _preview(name: str, place: Place, stamp: tuple[int, ...], settings: Settings) -> Preview | None:
    """Return the preview; None when what lies on the disk cannot be read."""
    try:
        return _read_preview(name, place, stamp, str(settings.data_dir), settings)
    except (LabError, OSError, ValueError):
        return None


@st.cache_data(show_spinner=False, max_entries=64)
def _read_preview(name: str, place: Place, stamp: tuple[int, ...], data_dir: str, _settings: Settings) -> Preview:
    """Read once: `place` and `stamp` change when the data set or its split arrives."""
    return preview(DATASETS[name], replace(_settings, data_dir=Path(data_dir)))


@st.cache_data(show_spinner=False, max_entries=64)
def _strip(name: str, stamp: tuple[int, ...], scale: float, _samples: tuple[Sample, ...]) -> bytes:
    return strip(_samples, scale)


def strip(samples: Sequence[Sample], scale: float) -> bytes:
    """Return a PNG with the images side by side, clear between them, so that it suits light and dark pages."""
    images = [sample.image for sample in samples if sample.image is not None]
    sheet = Image.new("RGBA", (len(images) * (_TILE + _GAP) - _GAP, _TILE), (0, 0, 0, 0))
    for place, image in enumerate(images):
        sheet.paste(_tile(image, scale, _TILE).convert("RGBA"), (place * (_TILE + _GAP), 0))
    return _png(sheet)


def picture(image: NDArray[np.uint8], scale: float, side: int) -> bytes:
    """Return a PNG, `side` pixels square, of one image (H, W, C) with a clear border, so that neighbours stay apart.

    `scale` is the raw value that means white.
    """
    sheet = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    sheet.paste(_tile(image, scale, side - _GAP).convert("RGBA"), (_GAP // 2, _GAP // 2))
    return _png(sheet)


def _tile(image: NDArray[np.uint8], scale: float, side: int) -> Image.Image:
    grey_or_colour = np.clip(image.astype(float) * (255 / scale), 0, 255).astype(np.uint8)
    tile = Image.fromarray(grey_or_colour[..., 0] if image.shape[-1] == 1 else grey_or_colour)
    smaller = max(image.shape[:2]) > side  # enlarged pixels stay pixels
    return tile.resize((side, side), Image.Resampling.LANCZOS if smaller else Image.Resampling.NEAREST)


def _png(image: Image.Image) -> bytes:
    png = io.BytesIO()
    image.save(png, "PNG")
    return png.getvalue()
