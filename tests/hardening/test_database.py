"""A SQLite file that is old, too new, damaged, locked or read-only: it is kept, and people are told what to do."""

from __future__ import annotations

import gc
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import core.database
from app.state import run_service
from core.config import Settings
from core.database import SCHEMA_VERSION
from core.errors import DatabaseUnavailableError, LabError
from core.executors.crew import Crew
from core.optimizer import ModelOptimizer
from core.service import RunService
from core.store import Store
from core.study_config import StudyConfig
from core.study_store import StudyStore
from tests.conftest import REPOSITORY
from tests.hardening.disks import SmallDisk
from tests.hardening.scripted import ScriptedExecutor, own_results, quick, wait_for

OLDER = Path(__file__).parent / "databases"


def database(settings: Settings) -> Path:
    return settings.results_dir / "lab.sqlite3"


def settled(settings: Settings) -> Path:
    """A database with a run, a study and a trial, all of it in the one file."""
    store = Store(settings)
    store.create_run("kept", quick("kept", 3))
    StudyStore(store.engine).create("both", StudyConfig(study_name="both", runs=5, trials=5))
    study = store.study("kept")
    for value in range(30):
        study.tell(study.ask(), float(value))
    store.engine.dispose()
    store.optuna_storage._backend.engine.dispose()  # type: ignore[attr-defined]
    with sqlite3.connect(database(settings)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return database(settings)


def read_all(settings: Settings) -> list[str]:
    """Read what pages read."""
    store = Store(settings)
    for run in store.runs():
        store.trials(run.name)
        store.progress(run.name)
    StudyStore(store.engine).studies()
    return [run.name for run in store.runs()]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_an_older_program_goes_on(settings: Settings, version: int) -> None:
    settings.results_dir.mkdir(parents=True)
    with sqlite3.connect(database(settings)) as connection:
        connection.executescript((OLDER / f"schema_{version}.sql").read_text())
        assert connection.execute("SELECT schema_version FROM mhl_lab").fetchone() == (version,)
    connection.close()
    for _ in range(2):  # the second time there is nothing left to change
        store = Store(settings)
        run = store.run("old")
        assert (run.config.trials, run.status, run.seconds) == (7, "stopped", 12.5)
        assert run.notes == ("" if version == 1 else "first light") and not run.pause_requested
        first, second = store.trials("old")
        assert (first.total_score, first.accuracy, first.accuracies) == (0.5125, 0.625, {1: 0.5, 2: 0.625})
        assert second.state == "running"
    assert StudyStore(store.engine).studies() == []
    store.claim("old")
    store.set_notes("old", "goes on")
    assert Store(settings).run("old").notes == "goes on" and store.run("old").status == "running"
    with sqlite3.connect(database(settings)) as connection:
        assert connection.execute("SELECT schema_version FROM mhl_lab").fetchone() == (SCHEMA_VERSION,)


def test_a_file_of_a_newer_program_is_kept_as_it_is(settings: Settings) -> None:
    file = settled(settings)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE mhl_lab SET schema_version = ?", (SCHEMA_VERSION + 1,))
        connection.execute("DROP TABLE mhl_progress")  # the newer one may do without it
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(LabError, match=r"lab\.sqlite3 has schema 4, .*up to 3; it was left as it is: use a newer"):
        Store(settings)
    assert file.read_bytes() == before


def test_a_damaged_file_is_told_and_kept_bit_for_bit(settings: Settings) -> None:
    """Wherever the damage lies, nothing but LabError comes, and nobody writes to the file."""
    file = settled(settings)
    whole, draw, told = file.read_bytes(), random.Random(0), 0
    damages = [whole[: len(whole) * share // 8] for share in range(1, 8)]
    for _ in range(12):
        at, length = draw.randrange(100, len(whole) - 5000), draw.choice((16, 300, 5000))
        damages.append(whole[:at] + draw.randbytes(length) + whole[at + length :])
    for content in damages:
        for leftover in file.parent.glob("lab.sqlite3*"):
            leftover.unlink()
        file.write_bytes(content)
        try:
            read_all(settings)
        except LabError as error:
            told += 1
            assert "lab.sqlite3" in str(error), error
        assert file.read_bytes() == content
    assert told >= 10


@pytest.fixture
def page(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    run_service.clear()
    yield AppTest.from_file(str(REPOSITORY / "app" / "main.py"), default_timeout=60)
    run_service.clear()


def test_every_page_tells_of_a_damaged_file_and_works_when_a_copy_is_back(settings: Settings, page: AppTest) -> None:
    whole = settled(settings).read_bytes()
    root = next(at for at in range(0, len(whole), 4096) if b"waiting for its turn" in whole[at : at + 4096])
    database(settings).write_bytes(whole[:root] + b"\xff" * 4096 + whole[root + 4096 :])
    page.run()
    for name in ("exploration", "study", "runs"):
        page.switch_page(str(REPOSITORY / "pages" / f"{name}.py")).run()
        assert not page.exception and "put back a copy" in page.error[0].value, name
    database(settings).write_bytes(whole)
    page.button("try_again").click().run()
    assert not page.exception and not page.error
    run_service().close()


HOLD = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN EXCLUSIVE'); "
    "print('held', flush=True); sys.stdin.read()"
)


def hold(file: Path) -> subprocess.Popen[str]:
    """Lock the file from another process, until its input is closed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    return holder


def test_a_file_that_another_program_holds_for_long(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that works fails resumable, the one that waits begins afterwards, and pages go on reading."""
    settings = own_results(lab, tmp_path)
    holders: list[subprocess.Popen[str]] = []
    monkeypatch.setattr(core.database, "BUSY_SECONDS", 0.3)

    def hold_once(number: int) -> None:
        if number == 2 and not holders:
            holders.append(hold(tmp_path / "lab.sqlite3"))

    executor = ScriptedExecutor(before=hold_once)
    monkeypatch.setattr(ModelOptimizer, "_own_crew", lambda *_: Crew(executor=executor))
    with RunService(settings) as service:
        service.start(quick("held", 4))
        service.start(quick("waits", 2))
        wait_for(lambda: holders, 90)
        with pytest.raises(DatabaseUnavailableError, match=r"database is locked. Another program holds it"):
            service.store.set_notes("held", "not now")
        assert service.view("held").count("completed") == 2 and service.view("waits").run.status == "queued"
        wait_for(lambda: executor.closed, 90, "the run to give up")
        time.sleep(2)  # it cannot even say so now
        holders[0].communicate("")
        wait_for(lambda: service.view("held").run.status == "failed", 90)
        assert "locked" in service.view("held").run.phase and not service.view("held").running
        wait_for(lambda: service.view("waits").run.status == "completed", 90)
        service.resume("held")
        wait_for(lambda: service.view("held").run.status == "completed", 90)
        assert [trial.state for trial in service.view("held").trials] == ["completed"] * 4
        assert executor.trained.count(0) == executor.trained.count(1) == 2  # once in either run


def test_a_read_only_disk_is_told(tmp_path: Path, lab: Settings) -> None:
    with SmallDisk(tmp_path / "disk", megabytes=8) as disk:
        settings = own_results(lab, disk.folder)
        before = settled(settings).read_bytes()
        disk.remount("ro")
        with pytest.raises(DatabaseUnavailableError, match=r"Read-only file system.* check its folder's rights"):
            Store(settings)
        disk.remount("rw")
        assert read_all(settings) == ["kept"] and database(settings).read_bytes() == before
        gc.collect()  # closes what is open on the disk
