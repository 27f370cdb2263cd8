"""The table of studies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.config import Settings
from core.errors import RunStateError
from core.store import Store
from core.study import create_study
from core.study_config import StudyConfig
from core.study_store import StudyStore

CONFIG = StudyConfig(study_name="s", runs=5, trials=5, epochs=3)


@pytest.fixture
def studies(settings: Settings) -> StudyStore:
    return StudyStore(Store(settings).engine, now=iter(range(1000, 9000)).__next__)


def test_a_study_is_found_again_as_it_was_asked_for(studies: StudyStore) -> None:
    created = create_study(CONFIG, studies)
    assert (created.name, created.status, created.config) == ("s", "queued", CONFIG)
    assert studies.study("s") == created and studies.studies() == [created]
    with pytest.raises(RunStateError, match="a study named 's' exists already"):
        create_study(CONFIG, studies)
    with pytest.raises(RunStateError, match="Did you mean 's'"):
        studies.study("ss")
    named = create_study(replace(CONFIG, study_name=None), studies)
    assert named.name.startswith("study_digits_") and named.config.study_name == named.name


def test_only_one_works_on_a_study(studies: StudyStore, settings: Settings) -> None:
    create_study(CONFIG, studies)
    assert studies.claim("s").status == "running"
    for take in (studies.claim, studies.adopt):
        with pytest.raises(RunStateError, match="already being worked on"):
            take("s")
    with pytest.raises(RunStateError, match="stop it before deleting it"):
        studies.delete("s")
    studies.request_stop("s")
    assert studies.study("s").stop_requested
    studies.update("s", status="stopped", stop_requested=False)
    assert studies.study("s").resumable
    studies.adopt("s")
    assert studies.claim("s").status == "running"


def test_a_stop_that_was_asked_for_while_it_waited_still_holds(studies: StudyStore) -> None:
    create_study(CONFIG, studies)
    studies.request_stop("s")
    assert studies.claim("s").stop_requested


def test_a_study_of_a_dead_process_is_interrupted(studies: StudyStore) -> None:
    create_study(CONFIG, studies)
    studies.update("s", status="running", owner="elsewhere|1|0")
    assert studies.study("s").status == "running"  # its heartbeat is fresh
    studies._now = lambda: 1e9
    found = studies.study("s")
    assert (found.status, found.resumable) == ("interrupted", True) and "can be resumed" in found.phase


def test_results_replace_their_own_module_and_openings_are_never_forgotten(studies: StudyStore) -> None:
    create_study(CONFIG, studies)
    studies.set_result("s", "one", {"a": 1})
    studies.set_result("s", "two", {"b": 2})
    studies.set_result("s", "one", {"a": 3})
    assert studies.study("s").results == {"one": {"a": 3}, "two": {"b": 2}}
    studies.note_opening("s", {"at": 1})
    studies.note_opening("s", {"at": 2})
    assert studies.study("s").openings == ({"at": 1}, {"at": 2})
    studies.update("s", status="completed")
    studies.delete("s")
    assert studies.studies() == []
