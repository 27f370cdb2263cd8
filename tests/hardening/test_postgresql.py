"""The lab of a team: everything that SQLite does, PostgreSQL does too, and a server that goes away loses nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from app.mounts import optuna_dashboard
from app.state import run_service
from core.config import Settings
from core.database import owner_alive
from core.errors import DatabaseUnavailableError, RunStateError
from core.executors.crew import Crew
from core.optimizer import ModelOptimizer
from core.service import RunService
from core.store import Store
from core.study_config import StudyConfig
from core.study_store import StudyStore
from tests.conftest import REPOSITORY
from tests.hardening.postgres import Cluster
from tests.hardening.scripted import ScriptedExecutor, own_results, quick, wait_for

pytestmark = [pytest.mark.xdist_group("postgresql")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def team(cluster: Cluster, lab: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    return own_results(lab, tmp_path, cluster.create(f"lab_{abs(hash(request.node.name))}"))


def lab_command(settings: Settings, *words: str) -> list[str]:
    return [sys.executable, "-m", "core", *words]


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | settings.environment()


STORES = (
    "from core.store import Store; from core.config import Settings; "
    "s = Settings.from_environment(); [Store(s) for _ in range(2)]"
)


def test_runs_and_studies_are_stored_as_in_a_file(team: Settings) -> None:
    """Tables are made by programs that begin at the same time; text that PostgreSQL cannot hold is no error."""
    begin = [sys.executable, "-c", STORES]
    programs = [subprocess.Popen(begin, env=environment(team), stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [program.communicate()[1] for program in programs]
    assert [program.returncode for program in programs] == [0] * 3, errors
    store, other = Store(team), Store(team)
    config = quick("a", 3, max_run_seconds=60.5)
    store.create_run("a", config)
    with pytest.raises(RunStateError, match="exists already"):
        other.create_run("a", config)
    assert other.run("a").config == config and other.run("a").status == "queued"
    store.claim("a")
    with pytest.raises(RunStateError, match="already being worked on"):
        other.claim("a")
    store.set_notes("a", "zero \0 byte, half \ud800 character, 🩺")
    store.update_run("a", phase="bad \0 path", paused_since=1.25, facts={"sizes": {"train": 1}}, summary={"x": [1.5]})
    run = other.run("a")
    assert (run.notes, run.phase) == ("zero \ufffd byte, half ? character, 🩺", "bad \ufffd path")
    assert (run.paused_since, run.facts, run.summary) == (1.25, {"sizes": {"train": 1}}, {"x": [1.5]})
    other.request_pause("a", True)
    other.request_stop("a")
    assert store.wishes("a").pause and store.wishes("a").stop and store.add_trials("a", 2).config.trials == 5
    study = store.study("a")
    study.tell(study.ask(), 0.5)
    assert [trial.total_score for trial in other.trials("a")] == [0.5]
    studies = StudyStore(store.engine)
    wanted = StudyConfig(study_name="both", runs=5, trials=5)
    studies.create("both", wanted)
    studies.claim("both")
    studies.set_result("both", "robustness", {"value": 0.25, "text": "zero \0"})
    studies.note_opening("both", {"time": 1.0})
    stored = StudyStore(other.engine).study("both")
    assert (stored.config, stored.status, stored.openings) == (wanted, "running", ({"time": 1.0},))
    assert stored.results == {"robustness": {"value": 0.25, "text": "zero \0"}}
    studies.update("both", status="stopped")
    studies.delete("both")
    store.update_run("a", status="stopped")
    store.delete_run("a")
    assert other.runs() == [] and other.trials("a") == []


def test_hosts_whose_clocks_differ_judge_alike(team: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat of another host is compared by the server's clock, not by this computer's."""
    store = Store(team)
    store.create_run("away", quick("away", 1))
    store.update_run("away", status="running", owner="elsewhere|1|1.00")
    monkeypatch.setattr("core.steady_clock._OFFSET", 0.0)
    assert Store(team).run("away").status == "running"
    assert abs(Store(team).now() - store.now()) < 5
    beat = store.now()
    assert owner_alive("elsewhere|1|1", beat, store.now()) and not owner_alive("elsewhere|1|1", beat - 61, store.now())


def test_a_wrong_password_is_told_without_it(cluster: Cluster, team: Settings) -> None:
    for address in (cluster.address(password="not-the-password"), cluster.address("nowhere")):
        with pytest.raises(
            DatabaseUnavailableError, match=r"MHL_DATABASE_URL names its host, user, password"
        ) as caught:
            Store(replace(team, database_url=address))
        assert "not-the-password" not in str(caught.value) and cluster.password not in str(caught.value)
        assert "lab:***@127.0.0.1" in str(caught.value) and "file" not in str(caught.value)
    wrong = environment(replace(team, database_url=cluster.address(password="not-the-password")))
    done = subprocess.run(lab_command(team, "runs"), env=wrong, capture_output=True, text=True, check=False)
    assert done.returncode in (1, 2) and "not-the-password" not in done.stdout + done.stderr
    assert "password authentication failed" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.training
def test_a_real_run_killed_and_resumed_by_another_process(team: Settings) -> None:
    words = ["optimize", "--trials", "3", "--epochs", "2", "--workers", "1", "--no-pruning", "--name", "team"]
    for name, value in quick("x", 1).search_space.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    program = subprocess.Popen(lab_command(team, *words), env=environment(team), stderr=subprocess.DEVNULL)
    with RunService(team) as service:
        wait_for(lambda: any(r.name == "team" for r in service.store.runs()) and service.view("team").running)
        with pytest.raises(RunStateError, match="only stopped, failed or interrupted"):
            service.resume("team")
        below = psutil.Process(program.pid).children(recursive=True)
        program.send_signal(signal.SIGKILL)
        program.wait()
        psutil.wait_procs(below, timeout=20)
        assert service.view("team").run.status == "interrupted"
        service.resume("team")
        wait_for(lambda: service.view("team").run.status == "completed")
        view = service.view("team")
        assert view.count("completed") == 3 and view.best is not None
        assert list((team.results_dir / "team" / "optimized_model").glob("*.keras"))
        assert service.health("team", 0)


def test_a_server_that_goes_away_in_mid_run(cluster: Cluster, team: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app stays up and says so; the run ends resumable, the next one waits, and all goes on when it is back."""
    for name, value in team.environment().items():
        monkeypatch.setenv(name, value)
    run_service.clear()
    gone: list[int] = []

    def leave(number: int) -> None:
        if number == 2 and not gone:
            cluster.stop()
            gone.append(number)

    executor = ScriptedExecutor(before=leave)
    monkeypatch.setattr(ModelOptimizer, "_own_crew", lambda *_: Crew(executor=executor))
    service = run_service()
    page = AppTest.from_file(str(REPOSITORY / "app" / "main.py"), default_timeout=60)
    panels = TestClient(Starlette(routes=optuna_dashboard.routes()), raise_server_exceptions=False)
    try:
        service.start(quick("held", 4))
        service.start(quick("waits", 1))
        wait_for(lambda: gone, 60)
        page.run()
        for name in ("exploration", "study", "runs"):
            page.switch_page(str(REPOSITORY / "pages" / f"{name}.py")).run()
            assert not page.exception and "Check that the server runs" in page.error[0].value, name
            assert cluster.password not in page.error[0].value
        assert panels.get("/optuna/api/studies").status_code >= 500
        cluster.start()
        wait_for(lambda: service.view("held").run.status == "failed", 30)
        assert "cannot be used" in service.view("held").run.phase
        wait_for(lambda: service.view("waits").run.status == "completed", 30)
        service.resume("held")
        wait_for(lambda: service.view("held").run.status == "completed", 30)
        assert service.view("held").count("completed") == 4 and executor.trained.count(1) == 1
        page.button("try_again").click().run()
        assert not page.exception and not page.error
        names = [study["study_name"] for study in panels.get("/optuna/api/studies").json()["study_summaries"]]
        assert sorted(names) == ["held", "waits"]
        assert panels.delete("/optuna/api/studies/1").status_code == 403
    finally:
        service.close()
        run_service.clear()
