"""The support bundle: what is in it, and what must never be."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from streamlit.testing.v1 import AppTest

from core.artifacts import RunFolder
from core.cli import main
from core.config import OptimizationConfig, Settings
from core.errors import LabError
from core.masking import MASK
from core.service import RunService
from core.store import Store
from core.study_config import StudyConfig
from core.study_store import StudyStore
from core.support_bundle import LOG_LINES, build_bundle, last_lines
from tests.app.conftest import add_run, page, service  # noqa: F401
from tests.test_logs import LOOKS, PLANTED, planted  # noqa: F401

REMAINS = ["planted", "ABCDEF123456", "abc.def", "hunter2", "AKIAABC", "c2Fs", "0f9a8b", "sesame"]


@pytest.fixture
def store(settings: Settings) -> Store:
    """Two runs, one of them with notes, files and logs, and a study."""
    store = Store(settings)
    add_run(store, "first")
    store.set_notes("first", "a private thought")
    add_run(store, "second", status="failed")
    StudyStore(store.engine).create("study_1", StudyConfig(study_name="study_1", runs=5, trials=5))
    return store


def opened(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_it_tells_how_the_lab_is_doing(settings: Settings, store: Store) -> None:
    log = RunFolder(settings, "first").log
    log.parent.mkdir(parents=True)
    log.write_text("what the worker said\n")
    (settings.results_dir / "lab.log").write_text("what the server said\n")
    files = opened(build_bundle(settings, store))
    assert set(files) == {
        *("README.txt", "versions.json", "settings.json", "database.json", "work.json", "machine.json"),
        *("logs/server.log", "logs/run_first_workers.log"),
    }
    documents = {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    assert not any("error" in document for document in documents.values())
    assert documents["versions.json"]["packages"]["optuna"] == optuna.__version__
    assert documents["settings.json"]["settings"]["results_dir"] == str(settings.results_dir)
    database = documents["database.json"]
    assert database["schema"] == database["schema_of_program"] and database["bytes"]["lab.sqlite3"] > 0
    assert (database["rows"]["mhl_runs"], database["rows"]["trials"], database["rows"]["mhl_studies"]) == (2, 6, 1)
    second, first = documents["work.json"]["runs"]
    assert (first["name"], first["status"], first["phase"]) == ("first", "completed", "finished")
    assert first["trials"] == {"completed": 1, "failed": 1, "pruned": 1} and second["status"] == "failed"
    assert [study["name"] for study in documents["work.json"]["studies"]] == ["study_1"]
    machine = documents["machine.json"]
    assert machine["memory"]["available"] > 0 and machine["disks"]["results"]["free"] > 0
    assert files["logs/server.log"] == "what the server said\n"
    assert "look through it" in files["README.txt"]


@pytest.mark.usefixtures("planted")
def test_no_secret_and_no_note_is_in_any_byte(settings: Settings, store: Store) -> None:
    everything = "\n".join(f"line with {text}" for text in PLANTED + LOOKS)
    trouble = f'Traceback (most recent call last):\n  File "x.py"\nValueError: {PLANTED[0]}, "password=\\"hunter2\\""\n'
    (settings.results_dir / "lab.log").write_text(everything + "\n" + trouble)
    log = RunFolder(settings, "first").log
    log.parent.mkdir(parents=True)
    log.write_text(everything)
    store.update_run("first", phase=f"the worker ended: {everything}\n{trouble}")
    secret = replace(settings, database_url="postgresql://lab:planted%2Fpassword@db/lab")
    data = build_bundle(secret, store)
    files = opened(data)
    for word in [*REMAINS, "private thought"]:
        assert word.encode() not in data, word
        assert [name for name, text in files.items() if word in text] == [], word
    for name, text in files.items():
        if name.endswith(".json"):
            json.loads(text)
    environment = json.loads(files["settings.json"])["environment"]
    assert environment["RUNPOD_API_KEY"] == environment["MHL_PASSWORD_HASH"] == MASK
    assert environment["MHL_DATABASE_URL"] == f"postgresql+psycopg://lab:{MASK}@db/lab"
    assert "Traceback" in files["logs/server.log"] and files["logs/server.log"].count(MASK) >= len(PLANTED + LOOKS)


def test_only_the_end_of_a_long_log_is_taken(tmp_path: Path) -> None:
    log = tmp_path / "lab.log"
    log.write_text("".join(f"{number:0{3000 if number % 7 else 10}d}\n" for number in range(5000)))
    lines = last_lines(log).splitlines()
    assert 0 < len(lines) <= LOG_LINES and [int(line) for line in lines] == list(range(5000 - len(lines), 5000))
    log.write_text("".join(f"{number}\n" for number in range(5000)))
    assert [int(line) for line in last_lines(log).splitlines()] == list(range(3000, 5000))
    assert last_lines(tmp_path) == "cannot be read: Is a directory"


def test_a_broken_database_is_said_and_the_rest_is_there(settings: Settings) -> None:
    files = opened(build_bundle(settings, LabError("the database is gone")))
    assert json.loads(files["database.json"]) == json.loads(files["work.json"]) == {"error": "the database is gone"}
    assert json.loads(files["machine.json"])["processors"]


def test_the_command_writes_it_also_without_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MHL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MHL_RESULTS_DIR", str(tmp_path / "results"))
    monkeypatch.delenv("MHL_DATABASE_URL", raising=False)
    Store(Settings.from_environment()).create_run("mine", OptimizationConfig(run_name="mine"))
    target = tmp_path / "support.zip"
    assert main(["support", "--output", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(target), "bytes": target.stat().st_size}
    assert "mine" in opened(target.read_bytes())["work.json"]
    monkeypatch.setenv("MHL_DATABASE_URL", f"sqlite:///{tmp_path}")  # a folder
    assert main(["support", "--output", str(target)]) == 0
    assert "look through it" in capsys.readouterr().out
    assert "cannot be used" in opened(target.read_bytes())["work.json"]
    assert main(["support", "--output", str(tmp_path)]) == 1
    assert "choose another file" in capsys.readouterr().err


def test_the_runs_page_offers_it(page: AppTest, service: RunService) -> None:  # noqa: F811
    page.run().switch_page("../pages/runs.py").run()
    assert not page.exception
    assert [button.label for button in page.get("download_button")] == ["Support bundle (.zip)"]
