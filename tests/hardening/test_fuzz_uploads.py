"""Uploads that are damaged or no data at all: a report or a sentence, and nothing is left behind."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import Settings
from core.errors import InvalidInputError
from core.importing.importer import discard, stage
from core.importing.options import ImportLimits, ImportOptions
from core.importing.report import ImportReport
from tests.conftest import settings_for
from tests.hardening.fuzzing import damaged, quick
from tests.importing.sources import csv_of, digit_files, reviews, zipped

LIMITS = ImportLimits(max_bytes=5_000_000, max_files=1000)


def attempt(source: Path, settings: Settings) -> ImportReport | None:
    """Stage and discard; None when it was refused in words. Nothing else may come, and nothing may be left."""
    try:
        staged = stage(source, ImportOptions(name="mine", limits=LIMITS), settings)
    except InvalidInputError as error:
        assert 20 < len(str(error)) < 1000
        return None
    finally:
        staging = settings.data_dir / ".staging"
        left = [path for path in staging.iterdir() if path.is_dir()] if staging.is_dir() else []
        assert len(left) <= 1
    discard(staged)
    assert not list((settings.data_dir / ".staging").iterdir())
    assert staged.report.rows or staged.report.errors
    return staged.report


@quick
@given(content=st.binary(max_size=300), ending=st.sampled_from(["zip", "csv", "tsv", "txt", "parquet", "pq"]))
def test_any_bytes(tmp_path: Path, content: bytes, ending: str) -> None:
    source = tmp_path / f"upload.{ending}"
    for head in (b"", {"zip": b"PK\x03\x04", "parquet": b"PAR1", "pq": b"PAR1"}.get(ending, b"text,label\n")):
        source.write_bytes(head + content)
        attempt(source, settings_for(tmp_path / "data"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_damaged_tables(tmp_path: Path, settings: Settings, ending: str) -> None:
    source = tmp_path / f"upload.{ending}"
    if ending == "parquet":
        pd.DataFrame(reviews(), columns=["text", "label"]).to_parquet(source)
    else:
        csv_of(source, reviews())
        source.write_bytes(source.read_bytes().replace(b'","', b'"\t"' if ending == "tsv" else b'","'))
        source.write_bytes(
            source.read_bytes().replace(b"text,label", b"text\tlabel" if ending == "tsv" else b"text,label")
        )
    whole = source.read_bytes()
    report = attempt(source, settings)
    assert report is not None and report.usable
    results = []
    for seed in range(48):
        source.write_bytes(damaged(whole, seed))
        results.append(attempt(source, settings))
    assert any(result is None for result in results)


def test_archives_in_archives_and_links_between_them(tmp_path: Path, settings: Settings) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", b"\0" * 1_000_000)
    content = inner.getvalue()
    for _ in range(3):
        outer = io.BytesIO()
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(4):
                archive.writestr(f"{copy}/inner.zip", content)
        content = outer.getvalue()
    (tmp_path / "only.zip").write_bytes(content)
    report = attempt(tmp_path / "only.zip", settings)
    assert report is None or not report.usable
    good = digit_files(10, 2)
    mixed = zipped(tmp_path / "mixed.zip", [*good, ("0/inner.zip", content), ("0/", b""), ("0/x.png/", b"")])
    report = attempt(mixed, settings)
    assert report is not None and report.rows == len(good)


def test_archives_whose_members_contradict_the_directory(tmp_path: Path, settings: Settings) -> None:
    """Wrong checksums and lengths of random members are counted, never believed."""
    whole, draw = zipped(tmp_path / "x.zip", digit_files(10, 2)).read_bytes(), random.Random(1)
    heads = [at for at in range(len(whole)) if whole[at : at + 4] in (b"PK\x01\x02", b"PK\x03\x04")]
    for _ in range(40):
        content = bytearray(whole)
        at = draw.choice(heads) + draw.choice((8, 10, 14, 16, 18, 20, 22, 24, 26, 28, 42))
        content[at : at + 2] = draw.randbytes(2)
        (tmp_path / "x.zip").write_bytes(content)
        report = attempt(tmp_path / "x.zip", settings)
        assert report is None or report.rows <= 20
