"""Tables of texts: what is read, what is refused, and what the report says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.config import Settings
from core.datasets.arrays import open_arrays
from core.datasets.text import WordIndex
from core.errors import InvalidInputError
from core.importing import texts
from core.importing.importer import Staged, discard, stage
from core.importing.options import ImportLimits, ImportOptions
from tests.importing.sources import csv_of, reviews


def staged(path: Path, settings: Settings, **options: Any) -> Staged:
    return stage(path, ImportOptions(name="talk", **options), settings)


def texts_of(result: Staged) -> list[str]:
    arrays = open_arrays(result.folder, "text")
    index = WordIndex.load(result.folder)
    assert arrays.tokens is not None and arrays.offsets is not None
    return [
        index.decode(arrays.tokens[start:end])
        for start, end in zip(arrays.offsets[:-1], arrays.offsets[1:], strict=True)
    ]


def test_a_csv_is_read_row_by_row(settings: Settings, tmp_path: Path) -> None:
    rows = [*reviews(), ('He said "no", twice.\nThen: yes', "good")]
    result = staged(csv_of(tmp_path / "talk.csv", rows), settings)
    report, dataset = result.report, result.dataset
    assert report.usable and dataset is not None, report.errors
    assert report.class_counts == {"bad": 30, "good": 31} and report.rows == 61
    assert (report.text_column, report.label_column) == ("text", "label")
    assert texts_of(result)[0] == "the film made me laugh out loud i would see it again"
    assert texts_of(result)[-1] == "he said no twice then yes"
    arrays = open_arrays(result.folder, "text")
    assert [dataset.class_names[label] for label in arrays.y[:4]] == ["good", "good", "bad", "bad"]
    assert report.vocabulary == dataset.vocabulary == len(WordIndex.load(result.folder).ids)
    assert dataset.default_sequence_length == 20  # 95 % of the texts have 13 words or fewer
    discard(result)
    assert not result.folder.exists()


@pytest.mark.parametrize("form", ["bom", "semicolon", "tab", "parquet", "numbers"])
def test_other_forms_read_the_same(form: str, settings: Settings, tmp_path: Path) -> None:
    expected = texts_of(staged(csv_of(tmp_path / "plain.csv", reviews()), settings))
    frame = pd.DataFrame(reviews(), columns=["review", "sentiment"])
    path = tmp_path / ("talk.parquet" if form == "parquet" else "talk.tsv" if form == "tab" else "talk.csv")
    if form == "parquet":
        frame.to_parquet(path)
    elif form == "numbers":
        frame.assign(sentiment=(frame.sentiment == "good").astype(int)).to_csv(path, index=False)
    else:
        separator = {"semicolon": ";", "tab": "\t"}.get(form, ",")
        frame.to_csv(path, index=False, sep=separator, encoding="utf-8-sig" if form == "bom" else "utf-8")
    result = staged(path, settings)
    assert result.report.usable, result.report.errors
    assert texts_of(result) == expected
    assert (result.report.text_column, result.report.label_column) == ("review", "sentiment")
    assert list(result.report.class_counts) == (["0", "1"] if form == "numbers" else ["bad", "good"])


def test_columns_can_be_named(settings: Settings, tmp_path: Path) -> None:
    frame = pd.DataFrame([(text, label, "x") for text, label in reviews()], columns=["a", "b", "c"])
    frame.to_csv(tmp_path / "talk.csv", index=False)
    with pytest.raises(InvalidInputError, match=r"a.*b.*c"):
        staged(tmp_path / "talk.csv", settings)
    assert staged(tmp_path / "talk.csv", settings, text_column="a", label_column="b").report.rows == 60
    with pytest.raises(InvalidInputError, match="nope"):
        staged(tmp_path / "talk.csv", settings, text_column="nope", label_column="b")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\n\xe9t\xe9,good\n" * 3, "UTF-8"),
        ("text,label\nhello,good\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "ZIP archive or a spreadsheet"),
        (b"", "is empty"),
        (b"text,label\n", "no usable row"),
        (b"text,label\na\0b,good\n", "zero bytes"),
    ],
)
def test_what_is_no_table_is_refused_with_the_remedy(
    content: bytes, message: str, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "talk.csv").write_bytes(content)
    try:
        report = staged(tmp_path / "talk.csv", settings).report
        said = " ".join(report.errors)
    except InvalidInputError as error:
        said = str(error)
    assert message in said and "talk.csv" in said
    assert not [path for path in (settings.data_dir / ".staging").glob("*") if path.is_dir()]


def test_broken_empty_and_repeated_rows_are_counted(settings: Settings, tmp_path: Path) -> None:
    path = csv_of(
        tmp_path / "talk.csv",
        [*reviews(), ("", "good"), ("?!", "bad"), ("no label", ""), reviews()[0], (reviews()[1][0], "bad")],
    )
    with path.open("a") as file:
        file.write("\nonly one field")
    report = staged(path, settings).report
    assert report.usable and report.ignored == 3 and report.unreadable == 1
    assert (report.duplicates, report.conflicting) == (1, 1)
    assert "1 fields instead of 2" in report.unreadable_examples[0].reason


def test_parts_are_pooled_and_what_they_share_is_counted(settings: Settings, tmp_path: Path) -> None:
    rows = [(text, label, "train" if at < 40 else "test") for at, (text, label) in enumerate(reviews())]
    rows.append((*reviews()[0], "test"))
    frame = pd.DataFrame(rows, columns=["text", "label", "split"])
    frame.to_csv(tmp_path / "talk.csv", index=False)
    report = staged(tmp_path / "talk.csv", settings).report
    assert set(report.source_parts) == {"train", "test"} and report.across_parts == 1 and report.rows == 61


@pytest.mark.parametrize(
    ("limit", "value"), [("max_rows", 50), ("max_words", 20), ("max_bytes", 500), ("max_classes", 1)]
)
def test_limits_are_kept(limit: str, value: int, settings: Settings, tmp_path: Path) -> None:
    path = csv_of(tmp_path / "talk.csv", reviews())
    limits = replace(ImportLimits(), **{limit: value})
    try:
        result = staged(path, settings, limits=limits)
        said = " ".join(result.report.errors)
        assert result.dataset is None
    except InvalidInputError as error:
        said = str(error)
    assert f"{value:,}" in said


def test_small_classes_are_refused_or_left_out(settings: Settings, tmp_path: Path) -> None:
    path = csv_of(tmp_path / "talk.csv", [*reviews(), ("so so", "middling"), ("fair enough", "middling")])
    refused = staged(path, settings)
    assert refused.dataset is None and "middling" in refused.report.errors[0]
    kept = staged(path, settings, drop_small_classes=True)
    assert kept.report.usable and kept.report.dropped_classes == {"middling": 2}
    assert set(kept.report.class_counts) == {"good", "bad"}
    assert np.unique(open_arrays(kept.folder, "text").y).tolist() == [0, 1]


def test_real_sentences(mirror: Path, settings: Settings) -> None:
    report = staged(mirror / "sst2/dev.tsv", settings).report
    assert report.usable and report.rows == 872 and report.class_counts == {"0": 428, "1": 444}
    assert report.text_column == "sentence" and report.lengths is not None and 15 <= report.lengths[1] <= 20


@pytest.mark.parametrize("name", ["text", "label", "split"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_of_one_name_are_refused(name: str, form: str, settings: Settings, tmp_path: Path) -> None:
    columns = [*zip(*reviews(), strict=True), ("train", "test") * 30]
    names = ["text", "label", "split", name]
    table = pa.Table.from_arrays([pa.array(column) for column in (*columns, columns[0])], names=names)
    path = tmp_path / f"talk.{form}"
    if form == "csv":
        path.write_text("\n".join(",".join(row) for row in (names, ["a", "b", "train", "c"])))
    else:
        pq.write_table(table, path)
    with pytest.raises(InvalidInputError, match=f"two columns or more are named '{name}'"):
        staged(path, settings)


def test_a_small_table_may_not_unpack_to_a_huge_one(settings: Settings, tmp_path: Path) -> None:
    """A Parquet file holds a repeated text once, and says that size."""
    rows = [(f"{label} {number}" * 5000, label) for number in range(3) for label in ("good", "bad")] * 10
    path = tmp_path / "talk.parquet"
    pd.DataFrame(rows, columns=["text", "label"]).to_parquet(path)
    assert path.stat().st_size < 100_000
    with pytest.raises(InvalidInputError, match="unpack to more than 500,000 characters"):
        staged(path, settings, limits=ImportLimits(max_bytes=500_000))


def test_any_number_of_blocks_gives_the_same_rows(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words are numbered in passes over blocks of tokens, some shorter than a text."""
    path = csv_of(tmp_path / "talk.csv", [*reviews(), ("odd one out", "rare")])
    hashes = set()
    for size in (1 << 20, 100, 7, 1):
        monkeypatch.setattr(texts, "_BLOCK_TOKENS", size)
        result = staged(path, settings, drop_small_classes=True)
        assert "odd" not in WordIndex.load(result.folder).ids  # of a class that was left out
        hashes.add((open_arrays(result.folder, "text").content_hash(), tuple(texts_of(result))))
    [(_, found)] = hashes
    assert len(found) == 60 and "out loud" in found[0]
