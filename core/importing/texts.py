"""A table of texts -> tokens.npy, offsets.npy, y.npy and word_index.json in the staging folder, and the report."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.folders import clear_write_errors
from core.datasets.text import INDEX_FROM, START, WORD_INDEX_FILE, words_of
from core.errors import InvalidInputError
from core.importing.columns import listed
from core.importing.contents import Contents, examine
from core.importing.layout import class_names, is_part
from core.importing.options import ImportOptions
from core.importing.problems import Problems
from core.importing.report import ImportReport
from core.importing.staging import RowFile, Watch
from core.importing.table import LONGEST_TEXT, Row, Table, open_table, too_many_rows

_STEPS = 1000  # of the progress that is told
_BLOCK_TOKENS = 1 << 20
_MOST_LABELS = 100  # times the classes that are allowed: small ones may be left out


def stage_texts(path: Path, options: ImportOptions, folder: Path, watch: Watch) -> ImportReport:
    """Read the table, write the arrays of the usable rows into `folder`, and return the report.

    Raises InvalidInputError for a file that is no table or exceeds a limit, DataUnavailableError, ImportStopped.
    """
    watch.step(0, 0, "opening the table")
    with open_table(path, options) as table:
        rows = _Rows(folder, path.name, table, options)
        with rows:
            told = -1
            for share, row in table.read():
                rows.add(row)
                if int(share * _STEPS) > told or len(rows.labels) % _STEPS == 0:
                    told = max(told, int(share * _STEPS))
                    watch.step(told, _STEPS, "reading texts")
        return rows.report(watch)


class _Rows:
    """The rows so far: token ids by first sight on the disk, the rest in memory (some 40 bytes a row)."""

    def __init__(self, folder: Path, source: str, table: Table, options: ImportOptions) -> None:
        self._folder, self._source, self._table, self._options = folder, source, table, options
        self._words: dict[str, int] = {}  # ids by first sight
        self._file = RowFile(folder / "seen.npy", np.int32)
        self.labels, self._lengths, self._parts = array("q"), array("q"), array("q")
        self._digests = array("Q")
        self._label_ids: dict[str, int] = {}
        self._part_ids: dict[str, int] = {}
        self._problems = Problems()
        self._ignored = self._seen = self._characters = 0

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        """Take one row, unless it is empty or cannot be used."""
        limits = self._options.limits
        self._seen += 1
        if self._seen > limits.max_rows:
            raise InvalidInputError(too_many_rows(self._source, limits.max_rows))
        if row.problem is None and len(row.text) > LONGEST_TEXT:
            row = Row(problem=f"a text of {len(row.text):,} characters, allowed are {LONGEST_TEXT:,}")
        if row.problem is not None:
            self._problems.add(f"row {self._seen}", row.problem)
            return
        self._characters += len(row.text)
        if self._characters > limits.max_bytes:  # only a packed table can: one that repeats a text stays small
            raise InvalidInputError(
                f"the texts of {self._source} unpack to more than {limits.max_bytes:,} characters; use fewer rows, or "
                "raise MHL_IMPORT_MAX_BYTES"
            )
        words = words_of(row.text)
        if not words or not row.label:
            self._ignored += 1
            return
        known = self._words
        tokens = np.array([START, *(known.setdefault(w, len(known) + INDEX_FROM + 1) for w in words)], np.int32)
        if len(self._words) > limits.max_words:
            raise InvalidInputError(
                f"the texts hold more than {limits.max_words:,} different words; check that {self._text_name!r} is the "
                "right column, or raise MHL_IMPORT_MAX_WORDS"
            )
        if len(self._label_ids) > _MOST_LABELS * limits.max_classes:
            name = self._table.names[self._table.columns.label]
            raise InvalidInputError(
                f"column {name!r} holds more than {len(self._label_ids) - 1:,} different values; choose the column "
                "that holds the labels"
            )
        self._file.append(tokens)
        self.labels.append(self._label_ids.setdefault(row.label, len(self._label_ids)))
        self._lengths.append(len(tokens))
        part = row.part if row.part in self._part_ids or is_part(row.part) else ""
        self._parts.append(self._part_ids.setdefault(part, len(self._part_ids)))
        self._digests.append(int.from_bytes(hashlib.blake2b(tokens.tobytes(), digest_size=8).digest()))

    @property
    def _text_name(self) -> str:
        return self._table.names[self._table.columns.text]

    def report(self, watch: Watch) -> ImportReport:
        """Leave out small classes, number words and classes anew, and say what was found."""
        if not self.labels:
            return self._report(None, (), np.zeros(0, np.int64))
        names = class_names(self._label_ids)
        number = {raw: label for label, raw in enumerate(names)}
        renumbered = np.array([number[raw] for raw in self._label_ids], np.int64)
        divided = len(self._part_ids) > 1 and "" not in self._part_ids
        contents = examine(
            renumbered[np.frombuffer(self.labels, np.int64)],
            list(names.values()),
            np.frombuffer(self._digests, np.uint64),
            np.frombuffer(self._parts, np.int64) if divided else None,
            self._options,
        )
        lengths = np.frombuffer(self._lengths, np.int64)[contents.kept]
        if not contents.errors:
            self._write(contents, lengths, watch)
        return self._report(contents, tuple(sorted(self._part_ids)) if divided else (), lengths - 1)

    def _write(self, contents: Contents, lengths: NDArray[np.int64], watch: Watch) -> None:
        """Write the arrays. Words are numbered by the alphabet, which tells nothing of how often they occur."""
        used = np.zeros(len(self._words) + INDEX_FROM + 1, np.bool_)
        for block in self._blocks(contents.kept, watch):  # a word that only small classes had is not part of the data
            used[block] = True
        ranks = {word: rank for rank, word in enumerate(sorted(w for w, at in self._words.items() if used[at]), 1)}
        table = np.arange(len(used), dtype=np.int32)
        for word, rank in ranks.items():
            table[self._words[word]] = rank + INDEX_FROM
        tokens = RowFile(self._folder / "tokens.npy", np.int32)
        try:
            for block in self._blocks(contents.kept, watch):
                tokens.append(table[block])
        finally:
            tokens.close()
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        for name, values in (("offsets", offsets), ("y", contents.y)):
            file = RowFile(self._folder / f"{name}.npy", np.int64)
            file.append(values)
            file.close()
        with clear_write_errors(self._folder):
            (self._folder / WORD_INDEX_FILE).write_text(json.dumps(ranks), encoding="utf-8")
        self._file.path.unlink()
        self._words = ranks

    def _blocks(self, kept: NDArray[np.bool_], watch: Watch) -> Iterator[NDArray[np.int32]]:
        """Yield the tokens of the kept rows, some million at a time."""
        seen = np.lib.format.open_memmap(self._file.path, mode="r")
        lengths = np.frombuffer(self._lengths, np.int64)
        ends = np.cumsum(lengths)
        edges = np.unique(np.searchsorted(ends, np.arange(0, len(seen), _BLOCK_TOKENS)))
        for number, (first, last) in enumerate(pairwise([*edges.tolist(), len(kept)])):
            watch.step(number, len(edges), "numbering words")
            block = seen[ends[first] - lengths[first] : ends[last - 1]]
            yield block[np.repeat(kept[first:last], lengths[first:last])]

    def _report(self, contents: Contents | None, parts: tuple[str, ...], words: NDArray[np.int64]) -> ImportReport:
        columns, names = self._table.columns, self._table.names
        nothing = (
            f"{self._source} holds no usable row (columns: {listed(names)}): each row needs a text with words in "
            f"{self._text_name!r} and a label in {names[columns.label]!r}",
        )
        measured = len(words) > 0
        return ImportReport(
            kind="text",
            source=self._source,
            rows=len(words),
            class_counts=contents.class_counts if contents else {},
            dropped_classes=contents.dropped if contents else {},
            unreadable=self._problems.count,
            unreadable_examples=tuple(self._problems.examples),
            ignored=self._ignored,
            duplicates=contents.duplicates if contents else 0,
            conflicting=contents.conflicting if contents else 0,
            across_parts=contents.across_parts if contents else 0,
            source_parts=parts,
            lengths=(int(words.min()), int(np.median(words)), int(np.quantile(words, 0.95))) if measured else None,
            vocabulary=len(self._words) if measured else None,
            text_column=self._text_name,
            label_column=names[columns.label],
            remarks=(*self._remarks(len(parts)), *(contents.remarks if contents else ())),
            errors=contents.errors if contents else nothing,
        )

    def _remarks(self, parts: int) -> list[str]:
        found = []
        if self._table.columns.guessed:
            found.append("The columns are not named as texts and labels; the one with the longer values is the text.")
        if parts:
            found.append(f"The {parts} parts of the table are pooled; every run splits the rows anew.")
        if self._ignored:
            found.append(f"{self._ignored:,} rows have no word or no label and are left out.")
        if self._problems.count:
            found.append(f"{self._problems.count:,} rows could not be used; some are listed with their reasons.")
        return found


def default_sequence_length(report: ImportReport) -> int:
    """Return the length in tokens that 95 % of the texts keep within: 20 to 400, rounded up to a multiple of 10."""
    assert report.lengths is not None
    return int(np.clip(-(-(report.lengths[2] + 1) // 10) * 10, 20, 400))  # + 1: the start id
