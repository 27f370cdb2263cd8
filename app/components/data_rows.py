"""The rows of a data set that is on this computer: classes, split, and examples."""

from __future__ import annotations

import streamlit as st

from app.components.data_balance import balance
from app.components.data_samples import samples_view
from app.components.formats import plain
from core.config import OptimizationConfig, Settings
from core.datasets import DatasetEntry
from core.datasets.cache import CachedDataset, is_cached, prepare
from core.datasets.split import PARTS, TRIAL_PARTS, SplitParts, prepare_split, split_remarks
from core.errors import LabError

_LARGEST_SEED = 2**31 - 1
_PURPOSES = {
    "train": "networks learn from it",
    "validation": "chooses the best network",
    "test": "is reported, and chooses nothing",
    "holdout": "stays closed until the final comparison",
}


def data_rows(settings: Settings, entry: DatasetEntry) -> None:
    """Draw all that needs the rows; nothing before they are here."""
    if not is_cached(entry.name, settings):
        return
    cached = prepare(entry.name, settings)
    seed = _seed()
    try:
        with st.spinner("Splitting the rows …"):
            split = prepare_split(cached, seed, settings)
    except LabError as error:
        st.error(f"The rows cannot be split: {plain(str(error))}.")
        return
    _report(cached, split)
    st.subheader("Class balance", anchor=False)
    counts = {"all rows": cached.class_counts} | {name: split.class_counts[name] for name in TRIAL_PARTS}
    balance(entry.class_names, counts, key=f"data_{entry.name}")
    samples_view(entry, split)


def _seed() -> int:
    """Draw the choice of the split's seed; a form, since every seed that is tried leaves a copy of the rows."""
    st.subheader("Split", anchor=False)
    with st.form("data_split", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed of the split",
            0,
            _LARGEST_SEED,
            OptimizationConfig().random_seed,
            key="data_seed",
            width=220,
            help="The same seed always gives the same rows. A run uses its own seed, "
            f"{OptimizationConfig().random_seed} unless you change it.",
        )
        st.form_submit_button("Split", key="data_split_button")
    return int(seed)


def _report(cached: CachedDataset, split: SplitParts) -> None:
    lines = [
        f"- **{name}** {split.sizes[name]:,} rows ({split.sizes[name] / cached.rows:.0%}): {_PURPOSES[name]}".replace(
            "%", " %"
        )
        for name in PARTS
    ]
    st.markdown("\n".join(lines))
    for remark in split_remarks(cached.entry, split):
        st.info(plain(remark))
    st.caption(f"Drawn class by class with seed {split.seed}; split `{split.split_hash[:12]}`.")
