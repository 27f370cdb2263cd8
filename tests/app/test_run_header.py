"""The buttons that steer a run: a press counts once, though the browser may send it twice."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.service import RunService
from tests.app.conftest import add_run


@pytest.fixture
def running(service: RunService, page: AppTest) -> AppTest:
    add_run(service.store, "run", status="running")
    page.query_params["view"] = "weights"
    return page.run()


def twice(page: AppTest, key: str) -> AppTest:
    """Press a button and press it again on the page of before: a refresh that is due then sends the press once more."""
    drawn = page.button(key=key)
    drawn.click().run()
    return drawn.click().run()


def test_a_run_is_paused_and_goes_on(running: AppTest, service: RunService) -> None:
    page = twice(running, "pause")
    assert not page.exception
    assert service.store.run("run").pause_requested
    assert [button.key for button in page.button if button.label in ("Pause", "Continue")] == ["continue"]
    page = twice(page, "continue")
    assert not service.store.run("run").pause_requested
    assert page.button(key="pause").label == "Pause"


def test_trials_are_added_once(running: AppTest, service: RunService) -> None:
    running.number_input(key="add_count_run").set_value(5).run()
    page = twice(running, "add_to_3")
    assert not page.exception
    assert service.store.run("run").config.trials == 8
    page.button(key="add_to_8").click().run()
    assert service.store.run("run").config.trials == 13


def test_a_stop_is_asked_for_once(running: AppTest, service: RunService) -> None:
    page = twice(running, "stop")
    assert not page.exception and not page.toast
    assert service.store.run("run").stop_requested
    assert page.button(key="stop").disabled
