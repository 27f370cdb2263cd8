"""A made-up study on real images, and one on texts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.analyses.context import AnalysisContext
from core.config import Settings
from core.datasets import DATASETS, Arrays
from core.datasets.cache import keep_imported, prepare
from core.datasets.custom import CustomDataset, write_record
from tests.analyses.worlds import context_of, mixed
from tests.corruptions.texts import INDEX, make_texts

TEXTS = CustomDataset(
    name="mood", label="Mood", kind="text", shape=(), class_names=("bad", "<b>good</b>", "mixed"), rows=300,
    description="", source="made up", imported_at="2026-01-01T00:00:00Z", vocabulary=len(INDEX.ids),
    default_sequence_length=20,
)  # fmt: skip


@pytest.fixture
def images(lab: Settings, tmp_path: Path) -> AnalysisContext:
    return context_of(prepare("digits", lab), lab, tmp_path / "image_networks", mixed)


@pytest.fixture
def texts(settings: Settings, tmp_path: Path) -> Iterator[AnalysisContext]:
    lengths = np.random.default_rng(2).integers(3, 200, TEXTS.rows)
    tokens, offsets = make_texts(lengths.tolist(), seed=1)
    y = np.arange(TEXTS.rows) % 3
    arrays = Arrays(tokens=tokens, offsets=offsets, y=y.astype(np.int64), word_index=INDEX.ranks)
    write_record(settings.data_dir, TEXTS)
    DATASETS.follow(settings.data_dir)
    dataset = keep_imported(TEXTS.entry(), arrays, settings)
    yield context_of(dataset, settings, tmp_path / "text_networks", partial(mixed, classes=3))
    DATASETS.follow(Path("nowhere"))
