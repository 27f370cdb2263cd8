"""The drawers beside a run: what they show, and where they point."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from app.components.side_panels import logs_zip
from core.artifacts import RunFolder
from core.config import OptimizationConfig
from core.service import RunService
from tests.app.conftest import add_run


def optuna_script() -> None:
    from app.components.side_panels import optuna_panel
    from app.state import run_service

    optuna_panel(run_service(), run_service().view("digits"))


def tensorboard_script() -> None:
    from app.components.side_panels import tensorboard_panel
    from app.state import run_service

    tensorboard_panel(run_service(), run_service().view("digits"))


def buttons_script() -> None:
    from app.components.side_panels import side_panels
    from app.state import run_service

    side_panels(run_service(), run_service().view("digits"))


@pytest.fixture
def lab_path() -> Iterator[str]:
    """The app below a base path."""
    _set_base_path("lab")
    yield "/lab"
    _set_base_path("")


def _set_base_path(path: str) -> None:
    config._set_option("server.baseUrlPath", path, "test")


def write_log(service: RunService) -> None:
    folder = RunFolder(service.settings, "digits").trials / "trial_0" / "tensorboard" / "train"
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1.host").write_bytes(b"events")


def shown(at: AppTest, kind: str) -> list[str]:
    assert not at.exception
    return [element.proto.src if kind == "iframe" else element.proto.url for element in at.get(kind)]


def test_optuna_opens_on_the_study_of_the_run(service: RunService) -> None:
    add_run(service.store, "other")
    add_run(service.store, "digits")
    study = service.store.optuna_storage.get_study_id_from_name("digits")
    at = AppTest.from_function(optuna_script).run()
    address = f"/optuna/dashboard/studies/{study}"
    assert shown(at, "iframe") == [address] and shown(at, "link_button") == [address]
    assert at.get("iframe")[0].proto.alt == "optuna-dashboard of the run digits"
    assert "total score" in at.expander[0].markdown[0].value


def test_tensorboard_opens_on_the_run_with_its_logs_to_take_away(service: RunService) -> None:
    add_run(service.store, "digits")
    write_log(service)
    at = AppTest.from_function(tensorboard_script).run()
    assert shown(at, "iframe") == ["/tensorboard/digits/"] == shown(at, "link_button")
    assert "overfitting" in at.expander[0].markdown[0].value
    assert len(at.get("download_button")) == 1
    with zipfile.ZipFile(logs_zip(RunFolder(service.settings, "digits").trials)) as archive:
        assert archive.read("trial_0/tensorboard/train/events.out.tfevents.1.host") == b"events"


def test_both_below_a_base_path(service: RunService, lab_path: str) -> None:
    add_run(service.store, "digits")
    write_log(service)
    (optuna,) = shown(AppTest.from_function(optuna_script).run(), "iframe")
    assert optuna.startswith(f"{lab_path}/optuna/dashboard/studies/")
    assert shown(AppTest.from_function(tensorboard_script).run(), "iframe") == [f"{lab_path}/tensorboard/digits/"]


def test_before_the_first_trial_there_is_a_message(service: RunService) -> None:
    service.store.create_run("digits", OptimizationConfig(trials=3, run_name="digits"))
    for script in (optuna_script, tensorboard_script):
        at = AppTest.from_function(script).run()
        assert shown(at, "iframe") == [] and "nothing to show yet" in at.info[0].value


@pytest.mark.parametrize("key", ["panel_optuna", "panel_tensorboard"])
def test_a_button_opens_its_drawer_and_a_redrawn_page_keeps_it(service: RunService, key: str) -> None:
    add_run(service.store, "digits")
    write_log(service)
    at = AppTest.from_function(buttons_script).run()
    assert shown(at, "iframe") == []
    at.button(key=key).click().run()
    (address,) = shown(at, "iframe")
    assert address.startswith(f"/{key.removeprefix('panel_')}/")
    at.run()  # as when a run ends
    assert shown(at, "iframe") == [address]


def test_the_drawer_of_another_run_does_not_open(service: RunService) -> None:
    add_run(service.store, "digits")
    at = AppTest.from_function(buttons_script)
    at.session_state["open_panel"] = ("optuna", "other")
    assert shown(at.run(), "iframe") == []
