"""Copying a trial with changes: the body of the dialog, tested without the dialog."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.components.insights_view import run_space
from core.errors import RunStateError
from core.search_space import check_params
from core.service import RunService
from tests.app.conftest import add_run
from tests.app.many_trials import fill


def script(run: str, number: int) -> None:
    from app.components.clone_trial import clone_form
    from app.state import run_service

    service = run_service()
    clone_form(service, service.view(run), number)


def form_of(run: str, number: int) -> AppTest:
    return AppTest.from_function(script, kwargs={"run": run, "number": number}, default_timeout=60).run()


def field(page: AppTest, name: str, number: int = 0) -> Any:
    key = f"clone_run_{number}_{name}"
    return next(widget for widget in [*page.selectbox, *page.number_input] if widget.key == key)


def shown(page: AppTest) -> set[str]:
    return {str(w.key).removeprefix("clone_run_0_") for w in [*page.selectbox, *page.number_input]}


@pytest.fixture
def queued(service: RunService, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any], str]]:
    """What is put into the queue, which nobody works on here."""
    calls: list[tuple[str, dict[str, Any], str]] = []

    def enqueue(name: str, params: dict[str, Any], origin: str) -> None:
        calls.append((name, dict(params), origin))

    monkeypatch.setattr(service, "enqueue_trial", enqueue)
    return calls


def test_every_setting_that_the_network_has_stands_there_with_its_value(service: RunService) -> None:
    fill(service.store, "run", 3)
    params = service.view("run").trials[0].params
    page = form_of("run", 0)
    assert not page.exception
    for name in ("optimizer", "learning_rate", "conv_layers", "dropout", "batch_size"):
        assert field(page, name).value == params[name]
    widths = {name for name in shown(page) if name.startswith("filters_")}
    assert widths == {f"filters_{layer}" for layer in range(1, params["conv_layers"] + 1)}


def test_another_depth_asks_for_the_widths_that_it_needs(service: RunService) -> None:
    fill(service.store, "run", 3)
    page = form_of("run", 0)
    field(page, "dense_layers").set_value(1)
    page.run()
    assert "dense_units_2" not in shown(page)
    field(page, "dense_layers").set_value(3)
    page.run()
    assert {"dense_units_1", "dense_units_2", "dense_units_3"} <= shown(page)
    assert "dense_units_4" not in shown(page)


def test_the_changed_copy_is_queued_whole_and_says_where_it_comes_from(
    service: RunService, queued: list[tuple[str, dict[str, Any], str]]
) -> None:
    fill(service.store, "run", 3)
    trial = service.view("run").trials[1]
    page = form_of("run", 1)
    field(page, "dropout", 1).set_value(0.35)
    page.run()
    assert any("Changed: dropout" in caption.value for caption in page.caption)
    page.button(key="clone_start").click().run()
    ((name, params, origin),) = queued
    assert (name, origin) == ("run", "copy of trial 1")
    assert params == trial.params | {"dropout": 0.35}
    assert check_params(dict(run_space(service.view("run").run)), params)


def test_a_value_between_the_steps_is_refused_with_the_rule(
    service: RunService, queued: list[tuple[str, dict[str, Any], str]]
) -> None:
    fill(service.store, "run", 1)
    page = form_of("run", 0)
    field(page, "dropout").set_value(0.33)
    page.run()
    assert "dropout must be from 0 to 0.5 in steps of 0.05, got 0.33" in page.error[0].value
    assert page.button(key="clone_start").disabled
    assert queued == []


def test_what_the_service_refuses_is_shown(service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(service.store, "run", 1)

    def refuse(*_: Any, **__: Any) -> None:
        raise RunStateError("run 'run' has not started yet; wait for its first trial")

    monkeypatch.setattr(service, "enqueue_trial", refuse)
    page = form_of("run", 0)
    assert any("Nothing changed yet" in caption.value for caption in page.caption)
    page.button(key="clone_start").click().run()
    assert "Not added: run 'run' has not started yet" in page.error[0].value


def test_settings_that_a_trial_lacks_get_their_usual_values(
    service: RunService, queued: list[tuple[str, dict[str, Any], str]]
) -> None:
    add_run(service.store, "run")  # its trials know the number of filters alone
    page = form_of("run", 0)
    assert not page.exception
    assert field(page, "filters_1").value == 11
    page.button(key="clone_start").click().run()
    assert check_params(dict(run_space(service.view("run").run)), queued[0][1])


def test_fixed_settings_are_named_not_offered(service: RunService) -> None:
    add_run(service.store, "run", search_space={"optimizer": "sgd"})
    page = form_of("run", 0)
    assert "optimizer" not in shown(page)
    assert any("Fixed in this run: optimizer sgd" in caption.value for caption in page.caption)


def test_a_text_run_has_its_own_settings(service: RunService) -> None:
    add_run(service.store, "run", dataset_name="imdb")
    assert {"vocabulary", "lstm_layers", "bidirectional"} <= shown(form_of("run", 0))
