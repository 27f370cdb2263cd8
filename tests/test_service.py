"""The background thread: a queue of runs, stopping each at any point, and closing down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.config import OptimizationConfig, Settings
from core.errors import InvalidInputError, RunStateError
from core.service import RunService
from core.study_config import STUDY_MODES, StudyConfig
from tests.test_optimizer import QUICK

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("service")]


@pytest.fixture
def service(lab: Settings, tmp_path: Path) -> Iterator[RunService]:
    url = f"sqlite:///{tmp_path / 'lab.sqlite3'}"
    with RunService(replace(lab, results_dir=tmp_path, database_url=url)) as made:
        yield made


def make_config(name: str, trials: int) -> OptimizationConfig:
    return OptimizationConfig(run_name=name, trials=trials, max_epochs_per_trial=1, search_space=QUICK)


def wait_for(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def test_runs_are_worked_on_one_after_the_other(service: RunService) -> None:
    service.start(make_config("long", 200))
    service.start(make_config("dropped", 1))
    service.start(make_config("last", 1))
    wait_for(lambda: service.view("long").count("completed"))
    view = service.view("long")
    assert view.active and view.best is not None and view.seconds_left is not None and view.seconds > 0
    assert [service.view(name).run.status for name in ("dropped", "last")] == ["queued", "queued"]
    service.stop("dropped")
    assert service.view("dropped").run.status == "stopped"
    service.stop("long")
    wait_for(lambda: service.view("last").run.status == "completed")
    assert service.view("long").run.status == "stopped" and not service.view("long").running
    service.resume("dropped")
    wait_for(lambda: service.view("dropped").run.status == "completed")
    assert service.view("dropped").count("completed") == 1
    assert set(service.health("dropped", 0)) == set(service.view("dropped").trials[0].components)


def test_closing_leaves_resumable_runs(service: RunService) -> None:
    service.start(make_config("working", 200))
    service.start(make_config("waiting", 1))
    wait_for(lambda: service.view("working").running)
    started = time.monotonic()
    service.close()
    assert time.monotonic() - started < 10
    assert [service.view(name).run.status for name in ("working", "waiting")] == ["stopped", "stopped"]
    assert all(service.view(name).run.resumable for name in ("working", "waiting"))
    with pytest.raises(RunStateError, match="shutting down"):
        service.start(make_config("late", 1))


def test_wrong_requests_change_nothing(service: RunService) -> None:
    with pytest.raises(InvalidInputError, match="Did you mean 'digits'"):
        service.start(OptimizationConfig(dataset_name="digts"))
    with pytest.raises(RunStateError, match="no run 'nobody'"):
        service.view("nobody")
    assert service.store.runs() == []


def test_a_run_that_cannot_get_its_data_is_stored_as_failed(lab: Settings, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lab.sqlite3'}"
    empty = Settings(
        data_dir=tmp_path / "data",
        studies_dir=tmp_path / "studies",
        results_dir=tmp_path / "results",
        database_url=url,
        dataset_mirror=tmp_path,
        worker_memory_mb=None,
    )
    blocker = tmp_path / "data"
    blocker.write_text("a file where the folder should be")
    with RunService(empty) as service:
        service.start(make_config("broken", 1))
        wait_for(lambda: service.view("broken").run.status == "failed", 60)
        assert str(blocker) in service.view("broken").run.phase
        blocker.unlink()
        service.resume("broken")
        wait_for(lambda: service.view("broken").run.status == "completed")


def test_a_paused_run_finishes_what_trains_and_goes_on_when_asked(service: RunService) -> None:
    service.start(make_config("paused", 200))
    wait_for(lambda: service.view("paused").count("completed"))
    service.pause("paused")
    wait_for(lambda: service.view("paused").run.paused_since)
    view = service.view("paused")
    assert view.paused and view.run.status == "running" and not view.running
    assert view.count("running", "waiting") == 0, "what trained was finished, nothing was given back"
    time.sleep(1.2)
    later = service.view("paused")
    assert (later.seconds, len(later.trials)) == (view.seconds, len(view.trials)), "a pause is no work"
    service.unpause("paused")
    wait_for(lambda: service.view("paused").count("completed") > view.count("completed"))
    assert not service.view("paused").paused
    service.pause("paused")
    service.stop("paused")
    wait_for(lambda: service.view("paused").run.status == "stopped")
    ended = service.view("paused").run
    assert not ended.pause_requested and ended.paused_since is None
    with pytest.raises(RunStateError, match="only a run that is being worked on can be paused"):
        service.pause("paused")


def test_a_finished_run_goes_on_with_added_and_with_copied_trials(service: RunService) -> None:
    service.start(make_config("grown", 2))
    wait_for(lambda: service.view("grown").run.status == "completed")
    service.add_trials("grown", 1)
    wait_for(lambda: service.view("grown").run.status == "completed" and service.view("grown").count("completed") == 3)
    copied = service.view("grown").trials[1].params | {"filters_1": 9}
    service.enqueue_trial("grown", copied, origin="copy of trial 1")
    wait_for(lambda: service.view("grown").run.status == "completed" and service.view("grown").count("completed") == 4)
    trial = service.view("grown").trials[3]
    assert (trial.params, trial.origin) == (copied, "copy of trial 1")
    assert trial.started is not None and trial.finished is not None and trial.finished > trial.started
    for wrong, message in (
        ({"filters_1": 5000}, "filters_1 must be from 8 to 16, got 5000"),
        ({"optimizer": "adma"}, "Did you mean 'adam'"),
        ({"filter_1": 9}, "Did you mean 'filters_1'"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            service.enqueue_trial("grown", copied | wrong, origin="copy")
    with pytest.raises(InvalidInputError, match="learning_rate is missing"):
        service.enqueue_trial("grown", {k: v for k, v in copied.items() if k != "learning_rate"}, origin="copy")
    assert service.view("grown").run.config.trials == 4


def test_deleting_removes_rows_and_files_of_that_run_only(service: RunService) -> None:
    for name in ("kept", "gone"):
        service.start(make_config(name, 1))
    with pytest.raises(RunStateError, match="stop it before deleting it"):
        service.delete("gone")
    wait_for(lambda: service.view("gone").run.status == "completed")
    folder = service.settings.results_dir / "gone"
    assert folder.is_dir() and service.disk_bytes("gone") > 1000
    service.delete("gone")
    assert [run.name for run in service.store.runs()] == ["kept"]
    assert service.store.trials("gone") == [] and len(service.store.trials("kept")) == 1
    assert sorted(p.name for p in service.settings.results_dir.iterdir() if p.is_dir()) == ["kept"]
    service.start(make_config("gone", 1))  # the name is free again, and nothing of the old run is left
    wait_for(lambda: service.view("gone").run.status == "completed")
    assert len(service.view("gone").trials) == 1


def test_a_run_of_a_study_is_deleted_with_its_study_only(service: RunService) -> None:
    config = StudyConfig(study_name="both", runs=5, trials=5, epochs=3)
    service.studies.create("both", config)
    service.studies.update("both", status="stopped")
    for mode in STUDY_MODES:
        run = config.run_config(mode, 0)
        service.store.create_run(run.run_name or "", run)
        service.store.update_run(run.run_name or "", status="stopped")
    arm = replace(config.run_config("health_aware", 0), run_name="both.arm_gradient_health.0")
    service.store.create_run("both.arm_gradient_health.0", arm)
    with pytest.raises(RunStateError, match="is active; stop it before deleting the study"):
        service.delete_study("both")
    service.store.update_run("both.arm_gradient_health.0", status="stopped")
    with pytest.raises(RunStateError, match="belongs to the study 'both', which would lose a pair; delete the study"):
        service.delete("both.accuracy_only.0")
    service.delete_study("both")
    assert service.store.runs() == [] and service.studies.studies() == []
