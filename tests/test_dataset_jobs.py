"""Jobs on data sets: real fetches and imports in the background, cancelled, failed, and cleared up."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from core import dataset_jobs
from core.config import Settings
from core.dataset_jobs import DatasetJobs, Job
from core.datasets import DATASETS
from core.datasets.cache import is_cached
from core.datasets.entry import DatasetEntry
from core.errors import DataUnavailableError, RunStateError
from core.importing.options import ImportOptions
from tests.conftest import REPOSITORY

_PATIENCE = 20.0  # seconds


@pytest.fixture
def jobs(settings: Settings) -> Iterator[DatasetJobs]:
    DATASETS.follow(settings.data_dir)
    opened = DatasetJobs(settings)
    yield opened
    opened.close()


def settled(jobs: DatasetJobs, job: Job) -> Job:
    """Wait until the job is no longer worked on."""
    end = time.monotonic() + _PATIENCE
    while (now := jobs.state(job.id)) is None or now.active:
        assert time.monotonic() < end, f"waited in vain: {now}"
        time.sleep(0.01)
    return now


def reviews(rows: int = 30) -> io.BytesIO:
    """A table of texts of two classes."""
    lines = [f"{'good' if row % 2 else 'bad'},film number {row} was seen" for row in range(rows)]
    return io.BytesIO("\n".join(["label,text", *lines]).encode())


def pictures() -> io.BytesIO:
    """A ZIP file with two classes of grey squares."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(24):
            png = io.BytesIO()
            Image.new("L", (12, 12), 10 * number).save(png, "PNG")
            archive.writestr(f"{'dark' if number < 12 else 'light'}/{number}.png", png.getvalue())
    return file


def left_over(settings: Settings) -> list[Path]:
    """What uploads and staging hold."""
    hidden = [settings.data_dir / name for name in (".uploads", ".staging")]
    return [path for folder in hidden if folder.is_dir() for path in folder.iterdir()]


class Gate:
    """Holds a fetch until the test lets it go; tells progress as a download does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.open, self.fetched = threading.Event(), threading.Event(), 0
        monkeypatch.setattr(dataset_jobs, "prepare", self.prepare)

    def prepare(self, name: str, settings: Settings, on_progress: Callable[[int, int, str], None]) -> None:
        on_progress(25, 100, "part.gz")
        self.reached.set()
        while not self.open.wait(0.01):
            on_progress(25, 100, "part.gz")
        self.fetched += 1


def test_a_fetch_puts_the_data_set_on_this_computer(jobs: DatasetJobs, settings: Settings) -> None:
    assert jobs.fetching("digits") is None
    job = jobs.fetch("digits")
    assert job.active
    assert settled(jobs, job).state == "done"
    assert is_cached("digits", settings)
    assert jobs.fetching("digits") == jobs.state(job.id)


def test_a_second_wish_is_the_same_job_and_the_time_left_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    gate, jobs = Gate(monkeypatch), DatasetJobs(settings, clock=lambda: now[0])
    try:
        job = jobs.fetch("mnist")
        assert gate.reached.wait(_PATIENCE)
        assert jobs.fetch("mnist").id == job.id and len(jobs.jobs()) == 1
        told = jobs.state(job.id)
        assert told is not None and (told.done, told.total, told.note) == (25, 100, "part.gz")
        assert told.seconds_left is None  # nothing is known in the first moment
        now[0] += 10
        later = jobs.state(job.id)
        assert later is not None and later.seconds_left == 30.0
        gate.open.set()
        assert settled(jobs, job).state == "done" and gate.fetched == 1
        assert jobs.fetch("mnist").id != job.id  # once it has ended, it is asked anew
    finally:
        jobs.close()


def test_what_runs_and_what_waits_can_be_cancelled(jobs: DatasetJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    first, second = jobs.fetch("mnist"), jobs.fetch("imdb")
    assert gate.reached.wait(_PATIENCE)
    jobs.cancel(second.id)
    assert settled(jobs, second).state == "cancelled"
    jobs.cancel(first.id)
    assert settled(jobs, first).state == "cancelled" and gate.fetched == 0


def test_a_failure_is_told_in_a_sentence(jobs: DatasetJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DataUnavailableError("the network is down; connect it")

    monkeypatch.setattr(dataset_jobs, "prepare", refuse)
    failed = settled(jobs, jobs.fetch("mnist"))
    assert (failed.state, failed.error) == ("failed", "the network is down; connect it")
    monkeypatch.setattr(dataset_jobs, "prepare", lambda *_: 1 // 0)
    assert "unexpected ZeroDivisionError" in (settled(jobs, jobs.fetch("mnist")).error or "")


@pytest.mark.parametrize(("file", "make", "kind"), [("r.csv", reviews, "text"), ("p.zip", pictures, "image")])
def test_checked_data_is_used_and_leaves_nothing_else(
    jobs: DatasetJobs, settings: Settings, file: str, make: Callable[[], io.BytesIO], kind: str
) -> None:
    content = make()
    content.seek(0)
    checked = settled(jobs, jobs.check(jobs.spool(file, content), ImportOptions(name="mine")))
    assert checked.state == "checked" and checked.source == file
    assert checked.report is not None and checked.report.usable and "mine" not in DATASETS
    assert jobs.imports() == (checked,)
    assert settled(jobs, jobs.use(checked.id)).state == "done"
    assert DATASETS["mine"].kind == kind and is_cached("mine", settings)
    assert jobs.imports() == () and left_over(settings) == []
    with pytest.raises(RunStateError, match="cannot be used"):
        jobs.use(checked.id)


def test_data_with_errors_cannot_be_used_and_is_discarded(jobs: DatasetJobs, settings: Settings) -> None:
    checked = settled(jobs, jobs.check(jobs.spool("r.csv", reviews(6)), ImportOptions(name="small")))
    assert checked.report is not None and checked.report.errors
    with pytest.raises(RunStateError, match="cannot be used"):
        jobs.use(checked.id)
    jobs.discard(checked.id)
    assert jobs.imports() == () and left_over(settings) == []
    taken = settled(jobs, jobs.check(jobs.spool("r.csv", reviews()), ImportOptions(name="digits")))
    assert taken.state == "failed" and "built-in" in (taken.error or "")
    assert left_over(settings) == [] and jobs.imports() == (taken,)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "..\\..\\x.csv", "/abs/x.csv", "...", "a b\0ü.csv", "x" * 300]
)
def test_an_upload_stays_in_its_folder_whatever_its_name(jobs: DatasetJobs, settings: Settings, name: str) -> None:
    path = jobs.spool(name, io.BytesIO(b"abc"))
    assert path.resolve().is_relative_to(settings.data_dir / ".uploads")
    assert path.read_bytes() == b"abc" and len(path.name) <= 80 and not path.name.startswith(".")


def test_closing_ends_the_work_and_removes_what_nobody_took(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = DatasetJobs(settings)
    checked = settled(jobs, jobs.check(jobs.spool("r.csv", reviews()), ImportOptions(name="mine")))
    assert checked.state == "checked" and len(left_over(settings)) == 2  # the upload and the staged rows
    gate = Gate(monkeypatch)
    running, waiting = jobs.fetch("mnist"), jobs.check(jobs.spool("s.csv", reviews()), ImportOptions(name="other"))
    assert gate.reached.wait(_PATIENCE)
    began = time.monotonic()
    jobs.close()
    assert time.monotonic() - began < 5
    assert settled(jobs, running).state == "cancelled" and settled(jobs, waiting).state == "cancelled"
    assert left_over(settings) == []
    with pytest.raises(RunStateError, match="shutting down"):
        jobs.fetch("imdb")


def test_uploads_of_a_killed_server_are_swept(settings: Settings) -> None:
    import os

    old, fresh = (settings.data_dir / ".uploads" / name for name in ("old", "fresh"))
    for folder in (old, fresh):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    DatasetJobs(settings).close()
    assert not old.exists() and fresh.exists()


def test_the_jobs_load_nothing_heavy() -> None:
    heavy = ("tensorflow", "keras", "sklearn", "PIL", "pandas", "pyarrow", "core.importing.importer")
    code = f"import core.dataset_jobs, sys, json; print(json.dumps([m for m in {heavy!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_a_custom_entry_is_an_ordinary_entry(jobs: DatasetJobs) -> None:
    checked = settled(jobs, jobs.check(jobs.spool("r.csv", reviews()), ImportOptions(name="mine", label="My reviews")))
    settled(jobs, jobs.use(checked.id))
    entry = DATASETS["mine"]
    assert isinstance(entry, DatasetEntry) and entry.label == "My reviews" and entry.class_names == ("bad", "good")
