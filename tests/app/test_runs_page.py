"""The runs page: filters, notes, and a deletion that has to be confirmed."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.components.runs_table import matching, row
from core.artifacts import RunFolder
from core.service import RunService
from tests.app.conftest import add_run


@pytest.fixture
def runs(page: AppTest, service: RunService) -> AppTest:
    """The runs page with three runs, not yet drawn."""
    add_run(service.store, "first")
    add_run(service.store, "broken", status="failed", dataset_name="mnist")
    add_run(service.store, "working", status="running")
    service.store.set_notes("first", "the BASELINE of the course")
    return page.run().switch_page("../pages/runs.py")


def test_lists_all_runs_with_the_newest_first(runs: AppTest) -> None:
    runs.run()
    assert not runs.exception
    table = runs.dataframe[0].value
    assert list(table["Run"]) == ["working", "broken", "first"]
    assert list(table["Status"]) == ["running", "failed", "completed"]
    assert "3 of 3 runs" in [caption.value for caption in runs.caption]


def test_filters_by_text_status_and_data_set(runs: AppTest, service: RunService) -> None:
    everything = service.store.runs()

    def names(text: str = "", statuses: tuple[str, ...] = (), datasets: tuple[str, ...] = ()) -> list[str]:
        return [run.name for run in matching(everything, text, list(statuses), list(datasets))]

    assert names() == ["working", "broken", "first"]
    assert names("baseline") == ["first"]
    assert names("", ("failed", "completed")) == ["broken", "first"]
    assert names("", (), ("mnist",)) == ["broken"]
    assert names("first", ("failed",)) == []
    runs.run().text_input(key="filter_text").set_value("nothing like this").run()
    assert "No run fits the filters." in [info.value for info in runs.info]


def test_notes_are_kept(runs: AppTest, service: RunService) -> None:
    runs.run().selectbox[0].set_value("broken").run()
    runs.text_area(key="notes_broken").set_value("disk was full").run()
    assert service.store.run("broken").notes == "disk was full"
    assert row(service.store.run("broken"))["Notes"] == "disk was full"
    assert runs.button(key="resume_broken").label == "Resume"
    assert not runs.button(key="delete_broken").disabled


def test_an_active_run_can_be_stopped_but_not_deleted(runs: AppTest, service: RunService) -> None:
    runs.run()
    assert runs.button(key="delete_working").disabled
    runs.button(key="stop_working").click().run()
    assert service.store.wishes("working").stop


def _confirmation() -> None:
    """What the dialog draws; AppTest cannot open a dialog."""
    from app.components.runs_table import confirm_delete
    from app.state import run_service

    confirm_delete(run_service(), run_service().store.run("first"))


def test_deleting_needs_the_name_and_removes_rows_and_files(service: RunService) -> None:
    add_run(service.store, "first")
    add_run(service.store, "other")
    folder = RunFolder(service.settings, "first").path
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    dialog = AppTest.from_function(_confirmation, default_timeout=30).run()
    assert "3 trials" in dialog.markdown[0].value
    assert dialog.button(key="delete_for_good").disabled
    dialog.text_input(key="delete_name").set_value("other").run()
    assert dialog.button(key="delete_for_good").disabled
    dialog.text_input(key="delete_name").set_value("first").run()
    dialog.button(key="delete_for_good").click().run()
    assert [run.name for run in service.store.runs()] == ["other"]
    assert not folder.exists()
    assert len(service.store.trials("other")) == 3


def test_an_empty_lab_says_where_to_start(page: AppTest, service: RunService) -> None:
    page.run().switch_page("../pages/runs.py").run()
    assert "There is no run yet" in page.info[0].value
