"""Real rows of the open parts of a split, a page at a time and in a random order that a seed repeats."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from app.components.dataset_cards import picture
from app.components.formats import plain
from app.components.fragment import fragment
from core.datasets import DatasetEntry
from core.datasets.parts import open_parts
from core.datasets.samples import Sample, SamplePage, sample_page
from core.datasets.split import TRIAL_PARTS, SplitParts
from core.datasets.text import WordIndex
from core.errors import LabError

_IMAGES, _TEXTS = 24, 5  # of one page
_TILE = 84  # pixels: four in a row fit on a phone
_WORDS = 60  # of a text before "…"
_LARGEST_SEED = 2**31 - 1
_PAGE = "data_samples_page"


def samples_view(entry: DatasetEntry, split: SplitParts) -> None:
    """Draw a page of rows with the choice of part and class."""
    st.subheader("Examples", anchor=False)
    fragment(_body, None, entry, split)


def _body(entry: DatasetEntry, split: SplitParts) -> None:
    part, label, seed = _choices(entry)
    chosen = f"{split.split_hash} {part} {label} {seed}"
    place = st.session_state.get(_PAGE)
    page = place[1] if place is not None and place[0] == chosen else 0
    try:
        rows = getattr(open_parts(split.folder), part)
        words = _words(str(split.folder)) if entry.kind == "text" else None
    except (LabError, OSError, ValueError) as error:
        st.error(f"The rows cannot be read: {plain(str(error))}.")
        return
    size = _IMAGES if entry.kind == "image" else _TEXTS
    shown = sample_page(entry, rows, words, label, seed=seed, page=page, size=size)
    if not shown.samples:
        st.info(f"The {part} part has no row of this class.")
        return
    st.caption(f"{_range(shown)} rows of the {part} part, in random order {seed}.")
    if entry.kind == "image":
        _images(entry, shown.samples)
    else:
        _texts(entry, shown)
    _turn(chosen, page, shown, size)
    st.caption(
        "The holdout cannot be looked at: whoever has seen its rows chooses by them, and then nothing is left to say "
        "how a network does on rows that nobody chose by."
    )


def _choices(entry: DatasetEntry) -> tuple[str, int | None, int]:
    with st.container(horizontal=True, vertical_alignment="bottom", key="data_sample_choices"):
        part = st.segmented_control("Part", list(TRIAL_PARTS), default="train", required=True, key="data_part")
        label = st.selectbox(
            "Class",
            [None, *range(entry.classes)],
            format_func=partial(_class_text, entry.class_names),
            key=f"data_class_{entry.name}",
            width=240,
        )
        seed = st.number_input(
            "Random order", 0, _LARGEST_SEED, 0, key="data_order", width=160, help="Each number is another order."
        )
    return part or "train", label, int(seed)


def _class_text(names: tuple[str, ...], number: int | None) -> str:
    return "all classes" if number is None else names[number]


def _range(shown: SamplePage) -> str:
    return f"{shown.first + 1:,}–{shown.first + len(shown.samples):,} of {shown.rows:,}"


def _images(entry: DatasetEntry, samples: tuple[Sample, ...]) -> None:
    held = [(sample.class_name, sample.image) for sample in samples if sample.image is not None]
    st.image(
        [picture(image, entry.scale, _TILE) for _name, image in held],
        caption=[plain(name) for name, _image in held],
        width=_TILE,
        alt=[f"An image of class {name}" for name, _image in held],
    )


def _texts(entry: DatasetEntry, shown: SamplePage) -> None:
    for number, sample in enumerate(shown.samples):
        words = (sample.text or "").split()
        with st.container(border=True, key=f"data_text_{number}"):
            st.markdown(f"**{plain(sample.class_name)}** · {len(words):,} {'word' if len(words) == 1 else 'words'}")
            st.markdown(plain(" ".join(words[:_WORDS])) + (" …" if len(words) > _WORDS else ""))
            if len(words) > _WORDS:
                with st.expander("The whole text", key=f"data_whole_{number}_{shown.first}"):
                    st.markdown(plain(" ".join(words)))
    fitted = "that the training part does not hold" if entry.custom else "that the word index does not hold"
    st.caption(f"Words as the networks get them: lower case, without punctuation; [?] is a word {fitted}.")


@st.cache_data(show_spinner="Reading the words …", max_entries=4)
def _words(folder: str) -> WordIndex:
    return WordIndex.load(Path(folder))


def _turn(chosen: str, page: int, shown: SamplePage, size: int) -> None:
    pages = -(-shown.rows // size)
    if pages < 2:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="data_turn"):
        st.button("Previous", key="data_previous", on_click=_show, args=(chosen, (page - 1) % pages))
        st.button("Next", key="data_next", on_click=_show, args=(chosen, (page + 1) % pages))
        st.caption(f"page {shown.first // size + 1:,} of {pages:,}")


def _show(chosen: str, page: int) -> None:
    st.session_state[_PAGE] = (chosen, page)
