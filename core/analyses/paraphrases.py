"""Paraphrases of holdout rows that a person has put beside the data: the same thing said in other words."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.text import words_of
from core.errors import InvalidInputError

COLUMNS = ("row", "text")
LARGEST_BYTES = 64 << 20
LONGEST_TEXT = 100_000  # characters
_DIGITS = 12  # of a row's number


@dataclass(frozen=True, slots=True, kw_only=True)
class Paraphrases:
    """Texts for holdout rows, one each. `rows` (n,) numbers rows of the data set and rises."""

    rows: NDArray[np.int64]
    texts: tuple[str, ...]
    ignored: int  # rows of the file that are not in the holdout
    sha256: str


def paraphrase_file(settings: Settings, dataset: str) -> Path:
    """Return where the paraphrases of a data set are looked for."""
    return settings.data_dir / "paraphrases" / f"{dataset}.csv"


def read_paraphrases(path: Path, rows: int, holdout: NDArray[np.int64]) -> Paraphrases:
    """Read a CSV file (UTF-8) with the columns `row` and `text`. `rows`: of the data set; `holdout`: their numbers.

    Rows outside the holdout were, or may have been, trained on: they do not count. Raises InvalidInputError for a file
    that is not what it should be, or that has no holdout row.
    """
    content = _content(path)
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    inside, ignored = set(holdout.tolist()), 0
    first: dict[int, int] = {}
    texts: dict[int, str] = {}
    try:
        header = next(reader, [])
        if sorted(header) != sorted(COLUMNS):
            raise InvalidInputError(
                f"{path} has the columns {', '.join(header) or 'none'} in its first line; it must have exactly row and "
                "text"
            )
        for cells in reader:
            if not cells:
                continue
            row, text = _cells(cells, header, rows, path, reader.line_num)
            if row in first:
                raise InvalidInputError(
                    f"{path}, line {reader.line_num}: row {row} stands in line {first[row]} already; keep one "
                    "paraphrase of each row"
                )
            first[row] = reader.line_num
            if row in inside:
                texts[row] = text
            else:
                ignored += 1
    except csv.Error as error:
        raise InvalidInputError(f'{path}, line {reader.line_num}: not CSV ({error}); quote texts with ""') from error
    if not texts:
        raise InvalidInputError(
            f"{path} has no row of the holdout among its {len(first)}; the column row must hold numbers of the data "
            f"set's holdout rows, for example {int(holdout.min())}"
        )
    order = sorted(texts)
    return Paraphrases(
        rows=np.array(order, np.int64),
        texts=tuple(texts[row] for row in order),
        ignored=ignored,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise InvalidInputError(
                f"{path} has {size:,} bytes; at most {LARGEST_BYTES:,} are read: leave some rows out"
            )
        content = path.read_bytes()
        content.decode("utf-8-sig")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} is not UTF-8 ({error}); save it as CSV in UTF-8") from error
    return content


def _cells(cells: list[str], header: list[str], rows: int, path: Path, line: int) -> tuple[int, str]:
    """Return row number and text of one line."""
    if len(cells) != len(header):
        raise InvalidInputError(
            f"{path}, line {line} has {len(cells)} cells; it must have 2: quote a text that holds a comma"
        )
    found = dict(zip(header, cells, strict=True))
    number, text = found["row"].strip(), found["text"]
    if not (number.isascii() and number.isdecimal() and len(number) <= _DIGITS) or int(number) >= rows:
        raise InvalidInputError(
            f"{path}, line {line}: row is {number!r:.40}; it must be a whole number from 0 to {rows - 1}, the place of "
            "the row in the data set"
        )
    if not words_of(text) or len(text) > LONGEST_TEXT:
        raise InvalidInputError(
            f"{path}, line {line}: the text of row {number} has {len(text):,} characters and {len(words_of(text)):,} "
            f"words; it must have a word and at most {LONGEST_TEXT:,} characters"
        )
    return int(number), text
