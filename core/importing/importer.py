"""Bringing data in: `stage` reads and checks it once, `commit` makes it a data set, `discard` forgets it."""

from __future__ import annotations

import contextlib
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.arrays import open_arrays
from core.datasets.cache import CachedDataset, dataset_home, keep_imported
from core.datasets.custom import CustomDataset, check_name, record_path, write_record
from core.datasets.folders import clear_write_errors, locked
from core.datasets.text import WordIndex
from core.errors import InvalidInputError
from core.importing.archive import ZipTree
from core.importing.folder import FolderTree
from core.importing.images import stage_images
from core.importing.options import ImportOptions
from core.importing.problems import printable
from core.importing.report import ImportReport
from core.importing.staging import OnProgress, Watch, clear_leftovers, new_folder
from core.importing.table import TABLE_ENDINGS
from core.importing.texts import default_sequence_length, stage_texts
from core.records import to_dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Data that was read and checked. `dataset` is None when the report forbids its use; `folder` is then gone."""

    report: ImportReport
    dataset: CustomDataset | None
    folder: Path
    replaces: bool = False  # whether a custom data set of the same name may be replaced


def stage(
    source: Path,
    options: ImportOptions,
    settings: Settings,
    on_progress: OnProgress | None = None,
    stopping: Callable[[], bool] = lambda: False,
    now: datetime | None = None,
) -> Staged:
    """Read and check the images or texts in `source` and put their arrays into a hidden folder of the data folder.

    `on_progress(done, total, note)`: total is 0 where it is not known. Raises InvalidInputError for a name that is
    taken and for a source that cannot be read at all or exceeds a limit, DataUnavailableError for a full disk, and
    ImportStopped soon after `stopping` says so; nothing is left then.
    """
    check_free(options, settings)
    clear_leftovers(settings, time.time())
    folder = new_folder(settings)
    try:
        report = _read(source, options, folder, Watch(on_progress, stopping))
        dataset = _describe(report, options, now or datetime.now(UTC)) if report.usable else None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if dataset is None:
        shutil.rmtree(folder, ignore_errors=True)
    return Staged(report=report, dataset=dataset, folder=folder, replaces=options.replace_existing)


def commit(staged: Staged, settings: Settings) -> CachedDataset:
    """Make what was staged a data set that every process on the same data folder knows; the staging folder goes.

    Raises InvalidInputError when the report forbids it or the name was taken meanwhile, and DataUnavailableError for
    a full disk: the staging folder then stays for another try, or `discard`.
    """
    dataset = staged.dataset
    if dataset is None:
        raise InvalidInputError(f"{staged.report.source} cannot be used: {'; '.join(staged.report.errors)}")
    if not staged.folder.is_dir():
        raise InvalidInputError(f"the staged rows of {dataset.name} are gone; import {dataset.source} again")
    arrays = open_arrays(staged.folder, dataset.kind)
    if dataset.kind == "text":
        arrays = replace(arrays, word_index=WordIndex.load(staged.folder).ranks)
    record = record_path(settings.data_dir, dataset.name)
    with clear_write_errors(settings.data_dir), locked(record.parent):
        check_free(ImportOptions(name=dataset.name, replace_existing=staged.replaces), settings)
        with _set_aside(record):
            cached = keep_imported(dataset.entry(), arrays, settings)
        write_record(settings.data_dir, dataset)
    discard(staged)
    return cached


def discard(staged: Staged) -> None:
    """Remove the staged rows; nothing happens where they are gone already."""
    shutil.rmtree(staged.folder, ignore_errors=True)


def remove_custom(name: str, settings: Settings) -> None:
    """Forget a custom data set and delete its rows and splits; the files of runs that used it stay.

    Raises InvalidInputError for a name that is built in or unknown, DataUnavailableError when it cannot be deleted.
    """
    check_name(name)
    if DATASETS.built_in(name):
        raise InvalidInputError(f"data set {name} ships with the program and cannot be removed")
    record = record_path(settings.data_dir, name)
    home = dataset_home(settings, name)
    with clear_write_errors(settings.data_dir), locked(record.parent):
        if not record.is_file():
            raise InvalidInputError(f"there is no custom data set {name!r}; `datasets` lists what there is")
        record.unlink()
        if not home.is_dir():
            return
        grave = new_folder(settings) / name
        with locked(home):  # nobody is making a split just now
            home.rename(grave)  # at once, so that nobody opens half of it
    shutil.rmtree(grave.parent, ignore_errors=True)


@contextlib.contextmanager
def _set_aside(record: Path) -> Iterator[None]:
    """Hide a record while the rows that it describes are replaced; it comes back when that fails.

    It must not describe the new rows, should this process be killed in between.
    """
    hidden = record.with_name(f".{record.name}")
    if not record.exists():
        yield
        return
    record.replace(hidden)
    try:
        yield
    except BaseException:
        hidden.replace(record)
        raise
    hidden.unlink()


def check_free(options: ImportOptions, settings: Settings) -> None:
    """Raise InvalidInputError when the name belongs to another data set that must not be replaced."""
    if DATASETS.built_in(options.name):
        raise InvalidInputError(f"data set name {options.name!r} belongs to a built-in data set; choose another name")
    if record_path(settings.data_dir, options.name).exists() and not options.replace_existing:
        raise InvalidInputError(
            f"there is a custom data set {options.name!r} already; choose another name, or choose to replace it"
        )


def _read(source: Path, options: ImportOptions, folder: Path, watch: Watch) -> ImportReport:
    name = printable(source.name) or "data"
    try:
        is_folder, is_file = source.is_dir(), source.is_file()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        is_folder = is_file = False
    if not is_folder and not is_file:
        raise InvalidInputError(f"there is no file or folder {printable(str(source))[:200]!r}; check the path")
    try:
        if not is_folder and source.suffix.lower() in TABLE_ENDINGS:
            return stage_texts(source, options, folder, watch)
        if not is_folder and source.suffix.lower() != ".zip" and not zipfile.is_zipfile(source):
            raise InvalidInputError(
                f"{name} is none of the sources that can be read: a ZIP file or folder with images in class folders, "
                "or a table of texts (.csv, .tsv, .parquet)"
            )
        tree = FolderTree(source, options.limits) if is_folder else ZipTree(source, options.limits)
        with contextlib.closing(tree):
            return stage_images(tree, name, options, folder, watch)
    except OSError as error:
        raise InvalidInputError(f"{name} cannot be read: {error.strerror or error}; check its permissions") from error


def _describe(report: ImportReport, options: ImportOptions, now: datetime) -> CustomDataset:
    noun = "images" if report.kind == "image" else "texts"
    return CustomDataset(
        name=options.name,
        label=printable(options.label or "") or options.name,
        kind=report.kind,
        shape=report.shape,
        class_names=tuple(report.class_counts),
        rows=report.rows,
        description=f"{report.rows:,} {noun} in {len(report.class_counts)} classes, imported from {report.source}.",
        source=report.source,
        imported_at=now.isoformat(timespec="seconds"),
        vocabulary=report.vocabulary,
        default_sequence_length=default_sequence_length(report) if report.kind == "text" else None,
        report=to_dict(report),
    )
