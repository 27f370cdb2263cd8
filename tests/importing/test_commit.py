"""From a checked import to a data set like any other, and away again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import CachedDataset, dataset_home, prepare
from core.datasets.custom import record_path
from core.datasets.parts import Part, open_parts
from core.datasets.split import PARTS, prepare_split, read_indices
from core.datasets.text import UNKNOWN, WORD_INDEX_FILE, WordIndex, words_of
from core.errors import DataUnavailableError, InvalidInputError
from core.importing import importer
from core.importing.importer import commit, remove_custom, stage
from core.importing.options import ImportOptions
from core.importing.staging import ImportStopped
from tests.importing.sources import csv_of, digit_files, reviews, zipped


def bring(source: Path, settings: Settings, name: str = "mine", **options: bool) -> CachedDataset:
    DATASETS.follow(settings.data_dir)
    staged = stage(source, ImportOptions(name=name, **options), settings)  # type: ignore[arg-type]
    assert staged.report.usable, staged.report.errors
    cached = commit(staged, settings)
    assert not staged.folder.exists()
    return cached


@pytest.fixture
def digits_zip(tmp_path: Path) -> Path:
    return zipped(tmp_path / "digits.zip", digit_files(each=20))


def test_imported_images_behave_as_any_data_set(digits_zip: Path, settings: Settings) -> None:
    cached = bring(digits_zip, settings)
    assert DATASETS["mine"].custom and "mine" in list(DATASETS)
    split = prepare_split(prepare("mine", settings), 3, settings)
    data, held = open_parts(split.folder), open_holdout(cached, split.indices_path)
    assert [len(part) for part in (data.train, data.validation, data.test, held)] == [36, 12, 6, 6]
    assert data.entry.class_names == ("0", "1", "2") and data.train.images().shape[1:] == cached.entry.shape
    rows = [part.images().tobytes() for part in (data.train, data.validation, data.test, held)]
    assert len(set(rows)) == 4


def test_another_process_knows_it(digits_zip: Path, settings: Settings) -> None:
    bring(digits_zip, settings)
    environ = os.environ | {"MHL_DATA_DIR": str(settings.data_dir), "MHL_RESULTS_DIR": str(settings.results_dir)}
    listed = subprocess.run(
        [sys.executable, "-m", "core", "datasets", "--json"], env=environ, check=True, capture_output=True, text=True
    )
    rows = {row["name"]: row for row in json.loads(listed.stdout)["datasets"]}
    assert rows["mine"]["cached"] and rows["mine"]["classes"] == 3


def test_a_process_that_trains_opens_its_parts_without_the_data_folder(digits_zip: Path, settings: Settings) -> None:
    cached = bring(digits_zip, settings)
    folder = prepare_split(cached, 3, settings).folder
    script = "import sys; from pathlib import Path; from core.datasets.parts import open_parts\n"
    script += "print(open_parts(Path(sys.argv[1])).entry.class_names)"
    told = subprocess.run([sys.executable, "-c", script, str(folder)], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "('0', '1', '2')"


def test_names_are_taken_once_and_can_be_replaced(digits_zip: Path, settings: Settings, tmp_path: Path) -> None:
    first = bring(digits_zip, settings)
    with pytest.raises(InvalidInputError, match="there is a custom data set 'mine' already"):
        stage(digits_zip, ImportOptions(name="mine"), settings)
    with pytest.raises(InvalidInputError, match="built-in"):
        stage(digits_zip, ImportOptions(name="mnist", replace_existing=True), settings)
    other = zipped(tmp_path / "more.zip", digit_files(each=15, classes=4))
    second = bring(other, settings, replace_existing=True)
    assert second.content_hash != first.content_hash and DATASETS["mine"].classes == 4


def test_what_is_removed_is_gone(digits_zip: Path, settings: Settings) -> None:
    bring(digits_zip, settings)
    remove_custom("mine", settings)
    assert "mine" not in DATASETS and not dataset_home(settings, "mine").exists()
    with pytest.raises(InvalidInputError, match="unknown data set 'mine'"):
        DATASETS["mine"]
    with pytest.raises(InvalidInputError, match="no custom data set"):
        remove_custom("mine", settings)
    with pytest.raises(InvalidInputError, match="ships with the program"):
        remove_custom("mnist", settings)


def test_a_stopped_import_leaves_nothing(digits_zip: Path, settings: Settings) -> None:
    calls = iter(range(1000))
    with pytest.raises(ImportStopped):
        stage(digits_zip, ImportOptions(name="mine"), settings, stopping=lambda: next(calls) > 10)
    DATASETS.follow(settings.data_dir)  # a test before may have left it elsewhere
    assert list((settings.data_dir / ".staging").iterdir()) == [] and "mine" not in DATASETS


_FULL = """
import resource, sys
from pathlib import Path
from core.config import Settings
from core.errors import DataUnavailableError
from core.importing.importer import stage
from core.importing.options import ImportOptions
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    stage(Path(sys.argv[1]), ImportOptions(name="mine"), Settings.from_environment())
except DataUnavailableError as error:
    print(error)
"""


def test_a_full_disk_is_said_and_leaves_nothing(digits_zip: Path, settings: Settings) -> None:
    """No file may grow beyond 2,000 bytes, which the system reports as it does a full disk."""
    environ = os.environ | {"MHL_DATA_DIR": str(settings.data_dir)}
    told = subprocess.run(
        [sys.executable, "-c", _FULL, str(digits_zip)], env=environ, capture_output=True, text=True, check=True
    )
    assert "cannot write to" in told.stdout and "free some disk space" in told.stdout, told.stderr
    assert list((settings.data_dir / ".staging").iterdir()) == []


def test_leftovers_of_killed_processes_go_after_a_day(digits_zip: Path, settings: Settings) -> None:
    old, young = (settings.data_dir / ".staging" / name for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir(parents=True)
    day_ago = time.time() - 90_000
    os.utime(old, (day_ago, day_ago))
    bring(digits_zip, settings)
    assert not old.exists() and young.exists()


def test_a_failed_replacement_keeps_the_record(
    digits_zip: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bring(digits_zip, settings)
    staged = stage(
        zipped(tmp_path / "more.zip", digit_files(each=15, classes=4)),
        ImportOptions(name="mine", replace_existing=True),
        settings,
    )

    def fails(*_arguments: object) -> None:
        raise DataUnavailableError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(importer, "keep_imported", fails)
        with pytest.raises(DataUnavailableError):
            commit(staged, settings)
    assert record_path(settings.data_dir, "mine").is_file() and DATASETS["mine"].classes == 3
    assert prepare("mine", settings).content_hash == first.content_hash
    assert commit(staged, settings).entry.classes == 4  # it can be tried again


# -- the vocabulary knows the training part only ---------------------------------------------------------------------


@pytest.fixture
def talk(tmp_path: Path, settings: Settings) -> CachedDataset:
    return bring(csv_of(tmp_path / "talk.csv", signed()), settings, name="talk")


def signed() -> list[tuple[str, str]]:
    """Reviews, each with a word of its own."""
    return [(f"{text} Reviewer{number}", label) for number, (text, label) in enumerate(reviews())]


def words_in(part: Part, index: WordIndex) -> list[list[str]]:
    assert part.tokens is not None and part.offsets is not None
    return [
        index.decode(part.tokens[start:end]).split()
        for start, end in zip(part.offsets[:-1], part.offsets[1:], strict=True)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_vocabulary_is_fitted_on_the_training_part(talk: CachedDataset, settings: Settings, seed: int) -> None:
    split = prepare_split(talk, seed, settings)
    data, held = open_parts(split.folder), open_holdout(talk, split.indices_path)
    index = WordIndex.load(split.folder)
    _, indices = read_indices(split.indices_path)
    texts = [words_of(text) for text, _label in signed()]
    known = {word for row in indices["train"] for word in texts[row]}
    assert set(index.ids) == known
    counts = [sum(texts[row].count(word) for row in indices["train"]) for word in index.ids]
    assert counts == sorted(counts, reverse=True) and sorted(index.ids.values()) == list(range(4, len(known) + 4))
    unknown = 0
    for name, part in zip(PARTS, (data.train, data.validation, data.test, held), strict=True):
        assert part.tokens is not None
        for row, shown in zip(indices[name], words_in(part, index), strict=True):
            assert shown == [word if word in known else "[?]" for word in texts[row]]
        unknown += int((np.asarray(part.tokens) == UNKNOWN).sum())
        assert name != "train" or unknown == 0
    assert unknown > 0  # some word occurs outside of the training part alone


def test_another_seed_fits_another_vocabulary(talk: CachedDataset, settings: Settings) -> None:
    one, two = (prepare_split(talk, seed, settings).folder / WORD_INDEX_FILE for seed in (1, 2))
    assert json.loads(one.read_text()) != json.loads(two.read_text())


def test_the_report_stays_with_the_data_but_not_with_the_parts(talk: CachedDataset, settings: Settings) -> None:
    record = json.loads(record_path(settings.data_dir, "talk").read_text())
    assert record["report"]["rows"] == 60
    parts = json.loads((prepare_split(talk, 1, settings).folder / "parts.json").read_text())
    assert parts["custom"]["report"] == {} and replace(talk.entry).name == parts["dataset"]
