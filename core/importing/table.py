"""A table of texts: CSV, TSV or Parquet, read row by row within limits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from core.errors import InvalidInputError
from core.importing.columns import Columns, choose
from core.importing.options import ImportOptions

TABLE_ENDINGS = frozenset({".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq"})
LONGEST_TEXT = 1_000_000  # characters
_LONGEST_LINE = 10_000_000
_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 200
_BATCH_ROWS = 1024
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet; save the table as CSV",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8 (in Excel: CSV UTF-8)",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8 (in Excel: CSV UTF-8)",
    b"\x1f\x8b": "a GZIP archive; unpack it first",
    b"BZh": "a BZIP2 archive; unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file; save the table as CSV",
    b"%PDF": "a PDF; bring the table as CSV",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, or why it cannot be used."""

    text: str = ""
    label: str = ""
    part: str = ""
    problem: str | None = None


class Table(Protocol):
    """A table that is read once, from its beginning."""

    names: list[str]
    columns: Columns
    rows: int | None  # None: only known at the end

    def read(self) -> Iterator[tuple[float, Row]]:
        """Yield every row with the share of the table that has been read. Raises InvalidInputError."""


@contextmanager
def open_table(path: Path, options: ImportOptions) -> Iterator[Table]:
    """Open a table by its content; raises InvalidInputError for what is none, is too large, or lacks the columns."""
    size = path.stat().st_size
    if size > options.limits.max_bytes:
        raise InvalidInputError(
            f"{path.name} has {size:,} bytes, allowed are {options.limits.max_bytes:,}; use fewer rows, or raise "
            "MHL_IMPORT_MAX_BYTES"
        )
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(0)
        if head[:4] == b"PAR1":
            yield _ParquetTable(file, path, options)
            return
        problem = next((what for magic, what in _MAGIC.items() if head.startswith(magic)), None)
        if path.suffix.lower() in (".parquet", ".pq"):
            problem = problem or "no Parquet file, as its first bytes show; write it again"
        if problem is None and b"\0" in head:
            problem = "not text: it holds zero bytes; save the table as CSV in UTF-8"
        if problem is not None:
            raise InvalidInputError(f"{path.name} is {problem}")
        if not head.strip(b"\xef\xbb\xbf \r\n\t"):
            raise InvalidInputError(f"{path.name} is empty; it needs a first row with the names of the columns")
        with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            yield _CsvTable(text, file, path, size, options)


class _CsvTable:
    """Rows of delimited text."""

    def __init__(self, file: io.TextIOWrapper, raw: BinaryIO, path: Path, size: int, options: ImportOptions) -> None:
        self._file, self._raw, self._path, self._size = file, raw, path, size
        self.rows: int | None = None
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))
        with _clear_text_errors(path):
            sample = list(islice(self._lines(), _SAMPLE_ROWS))
            delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else _delimiter(sample)
            # Tab-separated files are often written without quoting, and then hold lone quotes.
            plain = delimiter == "\t" and _misfits(sample, delimiter, csv.QUOTE_NONE) < _misfits(
                sample, delimiter, csv.QUOTE_MINIMAL
            )
            self._format: dict[str, Any] = {
                "delimiter": delimiter,
                "quoting": csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL,
            }
            parsed = [row for row in csv.reader(sample, **self._format) if row]
            self.names = parsed[0] if parsed else []
            self.columns = choose(self.names, parsed[1:], options.text_column, options.label_column)
            file.seek(0)

    def read(self) -> Iterator[tuple[float, Row]]:
        width, columns = len(self.names), self.columns
        with _clear_text_errors(self._path):
            reader = csv.reader(self._lines(), **self._format)
            next(filter(None, reader), None)  # the names; blank lines may stand above them
            for cells in reader:
                share = self._raw.tell() / self._size
                if not cells:
                    continue
                if len(cells) != width:
                    yield share, Row(problem=f"line {reader.line_num} has {len(cells)} fields instead of {width}")
                    continue
                part = cells[columns.part] if columns.part is not None else ""
                yield share, Row(cells[columns.text], cells[columns.label].strip(), part.strip())

    def _lines(self) -> Iterator[str]:
        while line := self._file.readline(_LONGEST_LINE + 1):
            if len(line) > _LONGEST_LINE:
                raise InvalidInputError(
                    f"{self._path.name} has a line of more than {_LONGEST_LINE:,} characters; end every row with "
                    "a new line"
                )
            yield line


class _ParquetTable:
    """Rows of a Parquet file, batch by batch."""

    def __init__(self, file: Any, path: Path, options: ImportOptions) -> None:
        import pyarrow.parquet as parquet  # type: ignore[import-untyped]

        self._path = path
        with _clear_parquet_errors(path):
            self._file = parquet.ParquetFile(file)
            self.names = list(self._file.schema_arrow.names)
            metadata = self._file.metadata
            self.rows: int | None = metadata.num_rows
            unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
        limits = options.limits
        if metadata.num_rows > limits.max_rows:
            raise InvalidInputError(too_many_rows(path.name, limits.max_rows, metadata.num_rows))
        if unpacked > limits.max_bytes:
            raise InvalidInputError(
                f"{path.name} unpacks to {unpacked:,} bytes, allowed are {limits.max_bytes:,}; use fewer rows, or "
                "raise MHL_IMPORT_MAX_BYTES"
            )
        with _clear_parquet_errors(path):
            sample = self._sample() if len(self.names) == 2 else []
        self.columns = choose(self.names, sample, options.text_column, options.label_column)
        self._check_types()
        with _clear_parquet_errors(path):
            # A repeated text is held once, however often a small file repeats it.
            self._file = parquet.ParquetFile(file, read_dictionary=[self.names[self.columns.text]])

    def read(self) -> Iterator[tuple[float, Row]]:
        columns = self.columns
        wanted = [columns.text, columns.label, *([columns.part] if columns.part is not None else [])]
        done = 0
        with _clear_parquet_errors(self._path):
            for batch in self._file.iter_batches(_BATCH_ROWS, columns=[self.names[at] for at in wanted]):
                by_name = [batch.column(self.names[at]) for at in wanted]
                for cells in zip(*by_name, strict=True):
                    done += 1
                    text, label, *part = (cell.as_py() for cell in cells)
                    share = done / max(self.rows or 0, 1)
                    yield share, Row(text or "", _label(label), _label(part[0]) if part else "")

    def _sample(self) -> list[list[str]]:
        batch = next(self._file.iter_batches(_SAMPLE_ROWS), None)
        rows = zip(*(batch.column(at).to_pylist() for at in range(batch.num_columns)), strict=True) if batch else ()
        return [[str(cell) for cell in row] for row in rows]

    def _check_types(self) -> None:
        import pyarrow.types as kinds  # type: ignore[import-untyped]

        for at, what in ((self.columns.text, "texts"), (self.columns.label, "labels")):
            field = self._file.schema_arrow.field(at)
            kind = field.type.value_type if kinds.is_dictionary(field.type) else field.type
            text = kinds.is_string(kind) or kinds.is_large_string(kind)
            number = kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind)
            if not (text or (what == "labels" and number)):
                raise InvalidInputError(
                    f"column {field.name!r:.60} of {self._path.name} holds {field.type}, not {what}; choose another one"
                )


def too_many_rows(name: str, most: int, found: int | None = None) -> str:
    """Say that a table is too long."""
    many = f"{found:,} rows" if found is not None else f"more than {most:,} rows"
    return f"{name} has {many}, allowed are {most:,}; use fewer, or raise MHL_IMPORT_MAX_ROWS"


def _label(value: object) -> str:
    if value is None or value != value:  # NaN
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if isinstance(value, float) and whole else value).strip()


def _delimiter(sample: Sequence[str]) -> str:
    """Return what separates the names in the first line; a comma where it is not clear."""
    head = next((line for line in sample if line.strip()), "")
    return max(_DELIMITERS, key=lambda one: len(next(csv.reader([head], delimiter=one), [])))


def _misfits(sample: Sequence[str], delimiter: str, quoting: Any) -> int:
    """Count rows whose number of fields differs from the first one's, and lines that vanish inside quotes."""
    rows = [row for row in csv.reader(sample, delimiter=delimiter, quoting=quoting) if row]
    return sum(len(row) != len(rows[0]) or any("\n" in cell for cell in row) for row in rows)


@contextmanager
def _clear_text_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        found = error.object[error.start : error.start + 1].hex()
        raise InvalidInputError(
            f"{path.name} is not UTF-8 text (byte 0x{found} is not allowed where it stands); save it as UTF-8 "
            "(in Excel: CSV UTF-8)"
        ) from None
    except csv.Error as error:
        raise InvalidInputError(
            f"{path.name} is not a readable table ({error}); a quotation mark is probably not closed"
        ) from None


@contextmanager
def _clear_parquet_errors(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except InvalidInputError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InvalidInputError(
            f"{path.name} is not a readable Parquet file ({' '.join(str(error).split())[:120]}); write it again"
        ) from None
