"""Corrupted holdouts: the rows that robustness, and calibration under corruption, ask the networks about."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.analyses.answering import RowSet, Subject
from core.analyses.side_work import processors, spread
from core.artifacts import write_json
from core.code_version import code_version
from core.corruptions import CORRUPTIONS, Corruption
from core.corruptions.entry import SEVERITIES
from core.corruptions.images import corrupt_images
from core.corruptions.texts import corrupt_texts
from core.datasets.arrays import Arrays, open_arrays
from core.datasets.entry import DatasetEntry, Kind
from core.datasets.parts import Part
from core.datasets.split import fitted_words, read_indices
from core.errors import LabError
from core.trial import MODEL_FILE

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

ROWS = 10_000  # of the holdout that are corrupted at most; more would take time and tell little
BYTES = 2_000_000_000  # of all sets of images together, which lie on the disk while they are asked
PIECE = 500  # rows of images that one process damages at a time
MANY = 2_000  # rows for which other processes are worth starting
NO_NETWORKS = "the files of the networks themselves are needed, and this study has only their answers to clean rows"


def published(kind: Kind) -> list[Corruption]:
    """Return all corruptions of a kind of data in their published strengths, by name."""
    return [CORRUPTIONS[name] for name in sorted(CORRUPTIONS) if CORRUPTIONS[name].kind == kind]


def asked_for(kind: Kind) -> list[Corruption]:
    """Return the corruptions that also come in the steps first asked for, in those steps."""
    return [one.asked for one in published(kind) if one.asked is not None]


def set_key(corruption: Corruption, severity: int) -> str:
    """Name a corrupted set."""
    return f"{corruption.name}/{severity}"


def have_networks(context: AnalysisContext) -> bool:
    """Tell whether every network of the study can be asked."""
    return all((one.folder / MODEL_FILE).is_file() for one in context.everyone)


def rows_used(entry: DatasetEntry, total: int) -> int:
    """Return how many of `total` holdout rows are corrupted.

    >>> from core.datasets import DATASETS
    >>> rows_used(DATASETS["cifar10"], 6000), rows_used(DATASETS["imdb"], 25_000)
    (6000, 10000)
    """
    sets = len(SEVERITIES) * (len(published(entry.kind)) + len(asked_for(entry.kind)))
    bound = BYTES // (sets * int(np.prod(entry.shape))) if entry.kind == "image" else ROWS
    return max(1, min(total, ROWS, bound))


class CorruptedSets:
    """The corrupted rows of one study, each set made when it is first asked for and kept on the disk until the end.

    All networks get the same damage: own texts are corrupted in the words of the whole data set and only then put
    into the words that a network knows. `places` are the rows in the order of the context's predictions.
    """

    def __init__(self, context: AnalysisContext) -> None:
        self._context = context
        everyone = next(iter(context.predictions.values())).rows
        count = rows_used(context.entry, len(everyone))
        chosen = np.random.default_rng([context.seed, len(everyone)]).choice(len(everyone), count, replace=False)
        self.places: NDArray[np.int64] = np.sort(chosen)
        self.rows: NDArray[np.int64] = everyone[self.places]  # of the data set
        self.total = len(everyone)
        self.clean: Arrays = context.dataset.arrays().take(self.rows)
        self._index = context.dataset.word_index() if context.entry.kind == "text" else None
        self._tables: dict[Path, NDArray[np.int32]] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept = None if context.answers_dir is None else context.answers_dir / code_version() / "sets.json"
        self._hashes: dict[str, str] = _stored(self._kept)

    @property
    def note(self) -> str | None:
        """Say which rows are left out, and why; None where all are used."""
        if len(self.rows) == self.total:
            return None
        return f"{len(self.rows):,} of {self.total:,} holdout rows, drawn by the study's seed to bound time and disk"

    def __enter__(self) -> CorruptedSets:
        self._folder = tempfile.TemporaryDirectory(prefix="corrupted-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._folder is not None
        self._folder.cleanup()
        if self._kept is not None:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._kept, self._hashes)

    def row_sets(self, corruptions: Sequence[Corruption]) -> list[RowSet]:
        """Return the sets of these corruptions in all five severities."""
        return [
            RowSet(key=set_key(one, severity), part=partial(self.part, one, severity))
            for one in corruptions
            for severity in SEVERITIES
        ]

    def part(self, corruption: Corruption, severity: int, subject: Subject) -> Part:
        """Return the rows as `subject` is asked them, with their true classes."""
        found = self.arrays(corruption, severity)
        tokens = found.tokens
        if tokens is not None and self._context.entry.custom:
            tokens = self._table(subject.split)[tokens]
        return Part(name=set_key(corruption, severity), y=found.y, x=found.x, tokens=tokens, offsets=found.offsets)

    def arrays(self, corruption: Corruption, severity: int) -> Arrays:
        """Return the rows as they are corrupted, in the data set's own words; memory-mapped."""
        if self._folder is None:
            raise LabError("corrupted sets are made within `with CorruptedSets(context) as sets`")
        key = set_key(corruption, severity)
        folder = Path(self._folder.name) / key
        if not folder.is_dir():
            made = self._make(corruption, severity)
            folder.mkdir(parents=True)
            made.save(folder)
            self._hashes[key] = _hash(made)
        return open_arrays(folder, self._context.entry.kind)

    def sha256(self, corruption: Corruption, severity: int) -> str:
        """Return the hash of a set's corrupted images, or tokens and offsets; made if that was never done."""
        key = set_key(corruption, severity)
        if key not in self._hashes:
            self.arrays(corruption, severity)
        return self._hashes[key]

    def _make(self, corruption: Corruption, severity: int) -> Arrays:
        entry, seed, clean = self._context.entry, self._context.seed, self.clean
        if clean.x is not None:
            return Arrays(x=_damaged(clean.x, self.rows, corruption, severity, seed, entry), y=clean.y)
        assert clean.tokens is not None and clean.offsets is not None and self._index is not None
        tokens, offsets = corrupt_texts(
            clean.tokens, clean.offsets, self._index, corruption, severity, seed, dataset=entry.name, rows=self.rows
        )
        return Arrays(tokens=tokens, offsets=offsets, y=clean.y)

    def _table(self, split: Path) -> NDArray[np.int32]:
        """Return the table from the data set's word numbers to those of the networks trained on a split."""
        if split not in self._tables:
            self._tables[split] = fitted_words(self._context.dataset, read_indices(split)[1]["train"])[1]
        return self._tables[split]


def _damaged(
    x: NDArray[np.uint8],
    rows: NDArray[np.int64],
    corruption: Corruption,
    severity: int,
    seed: int,
    entry: DatasetEntry,
) -> NDArray[np.uint8]:
    """Corrupt images (n, H, W, C) in pieces: no row has a part in another one's damage."""
    pieces = [slice(start, start + PIECE) for start in range(0, len(x), PIECE)]
    damage = partial(corrupt_images, corruption=corruption, severity=severity, seed=seed, dataset=entry.name)
    calls = (partial(damage, x[one], rows=rows[one], scale=entry.scale) for one in pieces)
    return np.concatenate(list(spread(calls, processors() if len(x) >= MANY else 1)))


def _hash(made: Arrays) -> str:
    digest = hashlib.sha256()
    for name, array in made.fields().items():
        if name != "y":
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _stored(path: Path | None) -> dict[str, str]:
    """Return the hashes of an earlier run of the same code; a damaged file counts as none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path is not None else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
