"""The health view without a browser: a card per metric with value, meaning, weight and advice."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.artifacts import RunFolder
from core.config import OptimizationConfig
from core.health import METRICS
from core.records import to_json
from core.service import RunService
from core.trial import RESULT_FILE
from tests.app.conftest import REASON, add_run
from tests.figures.test_diagnostics import result
from tests.health.traces import make_layer


def page() -> AppTest:
    def script() -> None:
        from app.components.health_view import health_view
        from app.state import run_service

        health_view(run_service(), run_service().view("first"))

    return AppTest.from_function(script, default_timeout=30)


def said(at: AppTest) -> str:
    assert not at.exception, at.exception
    return "\n".join(str(each.value) for each in (*at.markdown, *at.caption, *at.info, *at.warning))


@pytest.fixture
def folder(service: RunService) -> RunFolder:
    add_run(service.store, "first")
    return RunFolder(service.settings, "first")


def write(folder: RunFolder) -> None:
    folder.trial(0).mkdir(parents=True)
    layers = (make_layer("conv_1", [1.0, 0.0], kind="conv"),)
    text = to_json(result(layers=layers, window_losses=(2.0, 1.0, 1.5, 0.5)))
    (folder.trial(0) / RESULT_FILE).write_text(text, encoding="utf-8")


def test_every_metric_has_a_card_with_meaning_method_and_weight(folder: RunFolder) -> None:
    write(folder)
    at = page().run()
    text = said(at)
    for metric in METRICS.values():
        assert f"#### {metric.label}" in text
        assert metric.meaning in text
        assert metric.method in text
    gauges, figures = len(METRICS) - 1, len(METRICS) - 1  # one is not measured, another has no figure of its own
    assert len(at.get("plotly_chart")) == gauges + figures
    assert "Health makes up 30 % of the score of this run, accuracy 70 %." in text


def test_what_was_not_measured_has_a_reason_and_its_weight_is_with_the_others(folder: RunFolder) -> None:
    write(folder)
    text = said(page().run())
    assert f"other metrics share its weight: {REASON}." in text
    assert "**Not measured** · n = 0 hidden units · 0.0 % of the score" in text
    assert "**0.500** · fair · n = 10 loss windows · 8.0 % of the score" in text  # 30 % · 0.20 / 0.75


def test_advice_names_what_is_concerned(folder: RunFolder) -> None:
    write(folder)
    assert "Epoch 1: the training loss rose by 0.500" in said(page().run())


def test_without_files_the_advice_is_general(folder: RunFolder) -> None:
    text = said(page().run())
    assert "so there are no figures and the advice is general" in text
    assert METRICS["training_stability"].advice in text


def test_a_run_for_accuracy_only_says_that_health_does_not_count(service: RunService) -> None:
    add_run(service.store, "first", optimization_mode="simple")
    assert "health is measured but has no weight" in said(page().run())


def test_trials_without_health(service: RunService, folder: RunFolder) -> None:
    at = page()
    at.query_params["trial"] = "1"
    assert "was pruned, so its files were not kept" in said(at.run())


def test_before_anything_is_trained(service: RunService) -> None:
    service.store.create_run("first", OptimizationConfig(run_name="first"))
    assert "appears here when the first trial has been completed" in said(page().run())
