"""The analyses of a study on its page: claims, what to run, how far it is, and a tab for every module."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.components.analysis_downloads import values_csv
from app.components.analysis_runner import overall, progress_text
from app.components.analysis_tab import run_rows
from core.analyses import MODULES
from core.analyses.documents import figures_page
from core.analyses.suite import module_names
from core.analysis_jobs import AnalysisState
from core.config import Settings
from core.datasets.cache import prepare
from core.errors import RunStateError
from core.service import RunService
from core.study_config import STUDY_MODES
from tests.analyses.worlds import context_of, mixed
from tests.app.studies import NOTHING, add_result, add_runs, add_study

STAMP = {"seconds": 3.0, "code": "0.1.0+abc", "fingerprint": "f00", "at": 1.8e9}
QUICK = ("calibration", "per_class", "failures")  # those that ask no network


@pytest.fixture(scope="module")
def measured(lab: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Real results of modules on a made-up study."""
    context = context_of(prepare("digits", lab), lab, tmp_path_factory.mktemp("networks"), mixed)
    return {name: MODULES[name].run(context) | STAMP for name in QUICK}


@pytest.fixture
def study(page: AppTest, service: RunService) -> AppTest:
    """The analyses of a study that was compared."""
    config = add_study(service, "mine")
    for mode in STUDY_MODES:
        add_runs(service, config, mode, 6)
    add_result(service, "mine", NOTHING)
    page.query_params["view"] = "analyses"
    return page.switch_page("../pages/study.py")


def words(page: AppTest) -> str:
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return "\n".join(str(element.value) for element in elements)


def boxes(page: AppTest) -> dict[str, bool]:
    return {box.label: box.value for box in page.checkbox}


def test_before_the_study_was_compared_it_says_what_comes_first(page: AppTest, service: RunService) -> None:
    add_study(service, "mine", status="stopped")
    page.query_params["view"] = "analyses"
    page.switch_page("../pages/study.py").run()
    assert not page.exception and "only then is the holdout opened" in page.info[0].value


def test_all_claims_stand_there_before_anything_was_run(study: AppTest) -> None:
    study.run()
    shown = words(study)
    assert not study.exception
    assert shown.count("Not measured yet: run this analysis.") == 4
    assert ":blue-badge[not shown] **New data.**" in shown
    assert "No recommendation for either mode" in shown and "6 pairs cannot show a single claim" in shown
    assert boxes(study) == {MODULES[name].label: True for name in module_names(["all"])}
    assert "Press **Run analysis**" in shown.replace("press", "Press")


def test_a_press_runs_what_is_ticked(study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(service.analyses, "ask", lambda name, modules: asked.append((name, modules)))
    study.run()
    for box in study.checkbox:
        if box.label not in ("Calibration", "Failures"):
            box.uncheck()
    study.button(key="analysis_run").click().run()
    assert asked == [("mine", ["calibration", "failures"])]
    for box in study.checkbox:
        box.uncheck()
    assert study.run().button(key="analysis_run").disabled

    def refuse(name: str, modules: list[str]) -> None:
        raise RunStateError("the program is shutting down; start it again first")

    monkeypatch.setattr(service.analyses, "ask", refuse)
    study.checkbox[0].check().run().button(key="analysis_run").click().run()
    assert "The analysis was not started: the program is shutting down" in study.error[0].value


def test_progress_and_time_left_are_told_and_it_can_be_stopped(
    study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = AnalysisState(modules=QUICK, module="per_class", share=0.25, done=1, since=100.0)
    assert state.seconds_left(110.0) == pytest.approx(30.0)
    assert progress_text(state, 110.0) == "**Per class** 25 % · about 30 s left for it · 1 of 3 done"
    assert overall(state) == pytest.approx(1.25 / 3)
    assert progress_text(AnalysisState(modules=QUICK), 0.0) == "Loading the networks …"
    stopped: list[str] = []
    monkeypatch.setattr(service.analyses, "state", lambda _: state)
    monkeypatch.setattr(service.analyses, "stop", stopped.append)
    study.run()
    assert not study.exception and not study.checkbox
    study.button(key="analysis_stop").click().run()
    assert stopped == ["mine"]


def test_how_an_analysis_ended_is_said(study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = AnalysisState(modules=QUICK, active=False, error="no space left on the disk")
    monkeypatch.setattr(service.analyses, "state", lambda _: ended)
    assert "The analysis ended early: no space left" in study.run().error[0].value
    monkeypatch.setattr(service.analyses, "state", lambda _: AnalysisState(modules=QUICK, active=False, stopping=True))
    assert "was stopped" in study.run().info[0].value


@pytest.mark.parametrize("name", QUICK)
def test_a_tab_shows_everything_that_was_measured(
    study: AppTest, service: RunService, measured: dict[str, dict[str, Any]], name: str
) -> None:
    result = measured[name]
    service.studies.set_result("mine", name, result)
    study.run()  # the only one with a result opens by itself
    assert not study.exception
    assert len(study.get("plotly_chart")) == len(MODULES[name].figures(result))
    assert MODULES[name].question in words(study) and "What this shows, and how sure it is" in words(study)
    titles = [expander.label for expander in study.expander]
    assert set(MODULES[name].tables(result)) <= set(titles)
    assert ("All comparisons of the two modes" in titles) == bool(result.get("runs"))
    assert boxes(study)[MODULES[name].label] is False  # it has a result, so it is not ticked again
    if name == "failures":
        assert len(study.get("html")) == len(result["categories"][1]["examples"])


def test_what_could_not_be_measured_says_why(study: AppTest, service: RunService) -> None:
    for name, result, text in (
        (
            "transfer",
            {"status": "skipped", "reason": "no foreign set is known for digits"},
            "**Skipped:** no foreign set",
        ),
        ("robustness", {"status": "failed", "reason": "the disk is full"}, "The analysis failed: the disk is full"),
    ):
        service.studies.set_result("mine", name, result | STAMP)
        study.query_params["module"] = name
        assert text in words(study.run()).replace("\\", "")
    service.studies.set_result(
        "mine", "failures", {"status": "skipped", "reason": "-"} | STAMP | {"fingerprint": "old"}
    )
    study.query_params["module"] = "failures"
    assert "networks that the study no longer has" in words(study.run())
    assert boxes(study)["Failures"] is True and boxes(study)["Transfer"] is False


def test_the_address_opens_a_tab_and_a_wrong_one_does_no_harm(study: AppTest) -> None:
    study.query_params["module"] = "nonsense"
    assert not study.run().exception
    study.segmented_control(key="analysis_module").set_value("per_class").run()
    assert study.query_params["module"] in ("per_class", ["per_class"])
    assert MODULES["per_class"].question in words(study)


def test_the_table_for_home_holds_every_value_of_every_pair(measured: dict[str, dict[str, Any]]) -> None:
    runs = measured["calibration"]["runs"]
    lines = list(csv.DictReader(io.StringIO(values_csv(runs).decode())))
    assert len(lines) == sum(len(one["values"]["accuracy_only"]) for one in runs)
    line, one = lines[0], runs[0]
    assert float(line["accuracy_only"]) == one["values"]["accuracy_only"]["0"] and line["pair"] == "1"
    assert float(line["difference"]) == pytest.approx(
        one["values"]["health_aware"]["0"] - one["values"]["accuracy_only"]["0"]
    )
    assert [row["Kind"] for row in run_rows(runs)].count("claim") == 1


def test_the_page_of_figures_needs_no_network(measured: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    module = MODULES["per_class"]
    page = figures_page("Per class: <mine>", module, module.figures(measured["per_class"]))
    assert "&lt;mine&gt;" in page and page.count("Plotly.newPlot(") == len(module.figures(measured["per_class"]))
    assert 'src="http' not in page
