"""Runs in the database: names, owners, and files that cannot be used."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.config import OptimizationConfig, ScoringWeights, Settings
from core.database import SCHEMA_VERSION, owner_alive, process_owner
from core.errors import InvalidInputError, LabError, RunStateError
from core.store import Store, TrialProgress

CONFIG = OptimizationConfig(weights=ScoringWeights(accuracy=0.4), search_space={"filters_1": {"low": 4, "high": 8}})


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings)


def die(store: Store, name: str) -> None:
    """Make the run look like one whose process was killed."""
    node, pid, created = process_owner().split("|")
    store.update_run(name, owner=f"{node}|{pid}|{created}0")


def test_a_run_comes_back_as_it_was_stored(store: Store) -> None:
    store.create_run("a", CONFIG)
    run = store.run("a")
    assert run.config == CONFIG and run.status == "queued" and not run.resumable
    assert [r.name for r in store.runs()] == ["a"]
    with pytest.raises(RunStateError, match="exists already"):
        store.create_run("a", CONFIG)
    with pytest.raises(RunStateError, match="Did you mean 'a'"):
        store.run("aa")


def test_a_run_of_a_dead_process_is_interrupted_and_can_be_claimed(store: Store) -> None:
    store.create_run("a", CONFIG)
    store.claim("a")
    with pytest.raises(RunStateError, match="already being worked on"):
        store.claim("a")
    progress = TrialProgress(number=3, epoch=1, epochs=4, val_accuracy=0.5, started=1.0, updated=2.0)
    store.set_progress("a", progress)
    assert store.progress("a") == [progress]
    die(store, "a")
    assert store.run("a").status == "interrupted" and store.run("a").resumable
    assert store.claim("a").status == "running" and store.progress("a") == []


def test_another_hosts_run_lives_as_long_as_its_heartbeat() -> None:
    assert owner_alive("elsewhere|1|1.00", heartbeat=100.0, now=130.0)
    assert not owner_alive("elsewhere|1|1.00", heartbeat=100.0, now=200.0)
    assert owner_alive(process_owner(), heartbeat=None, now=0.0)
    assert not owner_alive(None, heartbeat=100.0, now=100.0)


def test_stop_needs_an_active_run(store: Store) -> None:
    store.create_run("a", CONFIG)
    store.request_stop("a")
    assert store.wishes("a").stop
    store.update_run("a", status="completed")
    with pytest.raises(RunStateError, match="completed; there is nothing to stop"):
        store.request_stop("a")
    with pytest.raises(RunStateError, match="start a new run"):
        store.claim("a")


def test_progress_is_replaced_not_piled_up(store: Store) -> None:
    for epoch in (1, 2):
        store.set_progress("a", TrialProgress(
            number=0, epoch=epoch, epochs=2, val_accuracy=None, started=0.0, updated=float(epoch)
        ))  # fmt: skip
    [progress] = store.progress("a")
    assert progress.epoch == 2
    store.clear_progress("a", 0)
    assert store.progress("a") == []


def test_two_stores_on_one_file_see_each_other(store: Store, settings: Settings) -> None:
    store.create_run("a", CONFIG)
    assert Store(settings).run("a").config == CONFIG
    with sqlite3.connect(settings.results_dir / "lab.sqlite3") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_corrupt_file_is_named_and_left_alone(settings: Settings) -> None:
    settings.results_dir.mkdir(parents=True)
    file = settings.results_dir / "lab.sqlite3"
    file.write_bytes(b"this is no database " * 100)
    with pytest.raises(LabError, match=r"lab\.sqlite3 cannot be used: .*left as it is.*MHL_DATABASE_URL"):
        Store(settings)
    assert file.read_bytes() == b"this is no database " * 100


def test_a_newer_schema_is_refused(store: Store, settings: Settings) -> None:
    with sqlite3.connect(settings.results_dir / "lab.sqlite3") as connection:
        connection.execute("UPDATE mhl_lab SET schema_version = ?", (SCHEMA_VERSION + 1,))
    with pytest.raises(LabError, match="use a newer version"):
        Store(settings)


def test_a_wrong_address_is_invalid_input(settings: Settings, tmp_path: Path) -> None:
    broken = Settings.from_environment({"MHL_RESULTS_DIR": str(tmp_path), "MHL_DATABASE_URL": "nonsense"})
    with pytest.raises(InvalidInputError, match="MHL_DATABASE_URL"):
        Store(broken)


def test_a_stop_asked_for_in_the_queue_still_holds_when_the_run_begins(store: Store) -> None:
    store.create_run("a", CONFIG)
    store.request_stop("a")
    store.claim("a")
    assert store.wishes("a").stop
    store.update_run("a", status="stopped")
    store.adopt("a")  # resumed on purpose: the old wish is over
    assert not store.wishes("a").stop
    with pytest.raises(RunStateError, match="waiting for it"):
        store.adopt("a")


def test_only_one_of_two_takers_gets_a_run(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one has read the run's state before the quicker one took it."""
    store.create_run("a", CONFIG)
    store.update_run("a", status="stopped")
    slow = Store(settings)
    read = slow._record

    def read_then_be_overtaken(row: object) -> object:
        monkeypatch.setattr(slow, "_record", read)
        store.claim("a")
        return read(row)

    monkeypatch.setattr(slow, "_record", read_then_be_overtaken)
    with pytest.raises(RunStateError):
        slow.adopt("a")
    assert store.run("a").status == "running"


def test_processes_that_start_together_share_a_new_database(settings: Settings) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from core.store import Store; from core.config import Settings; Store(Settings.from_environment())"
    )
    environment = {"MHL_RESULTS_DIR": str(settings.results_dir), "PATH": "/usr/bin:/bin"}
    programs = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE) for _ in range(4)
    ]
    errors = [program.communicate()[1] for program in programs]
    assert [program.returncode for program in programs] == [0] * 4, errors


def test_a_database_of_the_first_version_is_brought_up_to_date(settings: Settings) -> None:
    Store(settings).create_run("old", CONFIG)
    file = settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection:
        for column in ("pause_requested", "paused_since", "notes"):
            connection.execute(f"ALTER TABLE mhl_runs DROP COLUMN {column}")
        connection.execute("ALTER TABLE mhl_progress DROP COLUMN place")
        connection.execute("UPDATE mhl_lab SET schema_version = 1")
    connection.close()
    store = Store(settings)
    run = store.run("old")
    assert (run.config, run.pause_requested, run.paused_since, run.notes) == (CONFIG, False, None, "")
    store.set_notes("old", "first light")
    store.request_pause("old", True)
    again = Store(settings).run("old")
    assert (again.notes, again.pause_requested) == ("first light", True)
    away = TrialProgress(
        number=0, epoch=0, epochs=3, val_accuracy=None, started=1.0, updated=1.0, place="in RunPod's queue"
    )
    store.set_progress("old", away)
    assert Store(settings).progress("old") == [away]
    with pytest.raises(InvalidInputError, match="10,000 characters, got 10,001"):
        store.set_notes("old", "x" * 10_001)


def test_ended_trials_are_read_once_and_unended_ones_anew(store: Store) -> None:
    store.create_run("a", CONFIG)
    study = store.study("a")
    trial = study.ask()
    study.tell(trial, 0.5)
    running = study.ask()
    first = store.trials("a")
    running.report(0.25, 1)
    second = store.trials("a")
    assert first[0] is second[0] and first[0].total_score == 0.5
    assert (first[1].accuracies, second[1].accuracies) == ({}, {1: 0.25})
    study.tell(running, 0.75)
    assert store.trials("a")[1].total_score == 0.75
    store.update_run("a", status="stopped")
    store.delete_run("a")
    assert store.trials("a") == []
