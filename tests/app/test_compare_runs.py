"""Comparing whole runs: what differs, what came out, and when numbers do not compare."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from app.components.run_differences import obstacles, result_rows, setting_rows
from core.config import ScoringWeights
from core.service import RunService
from tests.app.conftest import add_run

FACTS: dict[str, Any] = {
    "data_hash": "d",
    "split_hash": "s",
    "split_seed": 42,
    "sizes": {"validation": 100, "test": 200},
    "metric_versions": {"gradient_health": 1},
}


def add(service: RunService, name: str, facts: dict[str, Any] | None = None, **config: Any) -> None:
    add_run(service.store, name, **config)
    service.store.update_run(name, facts=FACTS | (facts or {}))


def draw(shown: str, *compared: str) -> AppTest:
    """Draw the comparison of `shown` with the runs that the address names."""

    def body(shown: str) -> None:
        from app.components.compare_runs import compare_runs
        from app.state import run_service

        service = run_service()
        compare_runs(service, service.store.runs(), service.store.run(shown))

    page = AppTest.from_function(body, args=(shown,), default_timeout=30)
    if compared:
        page.query_params["with"] = list(compared)
    return page.run()


def test_the_address_names_the_runs_and_the_choice_goes_back_into_it(service: RunService) -> None:
    for name in ("a", "b", "c"):
        add(service, name)
    page = draw("a", "b", "gone", "a")
    assert not page.exception
    assert page.multiselect[0].value == ["b"] and page.multiselect[0].options == ["c", "b"]
    assert len(page.get("plotly_chart")) == 3
    page.multiselect[0].set_value(["b", "c"]).run()
    assert page.query_params["with"] == ["b", "c"]
    page.multiselect[0].set_value([]).run()
    assert "with" not in page.query_params and not page.get("plotly_chart")


def test_one_run_alone_is_told_what_to_do(service: RunService) -> None:
    add(service, "a")
    assert "Start a second one" in draw("a").info[0].value


def test_results_carry_their_interval_and_number_of_rows(service: RunService) -> None:
    add(service, "a")
    rows = {row["result"]: row["a"] for row in result_rows([service.view("a")])}
    assert rows["Validation accuracy"] == "90.0 % (82.6–94.5 %, n = 100)"
    assert rows["Test accuracy"].startswith("87.5 % (") and rows["Test accuracy"].endswith("n = 200)")
    assert rows["Trials"] == "1 completed, 1 pruned, 1 failed" and rows["Parameters"] == "12,345"


def test_a_run_without_a_result_has_dashes_not_zeros(service: RunService) -> None:
    add(service, "a")
    service.store.create_run("new", service.store.run("a").config)
    rows = {row["result"]: row["new"] for row in result_rows([service.view("a"), service.view("new")])}
    assert rows["Validation accuracy"] == rows["Total score"] == rows["Best trial"] == "–"
    assert not draw("a", "new").exception


def test_only_settings_that_differ_are_listed(service: RunService) -> None:
    add(service, "a", search_space={"dropout": 0.1})
    add(service, "b", optimization_mode="simple")
    rows = setting_rows([service.store.run("a"), service.store.run("b")])
    assert rows == [
        {"setting": "optimization mode", "a": "Health-aware", "b": "Accuracy only"},
        {"setting": "range of dropout", "a": "0.1", "b": "as usual"},
    ]
    add(service, "c", optimization_mode="simple")
    assert setting_rows([service.store.run("b"), service.store.run("c")]) == []


def reasons(service: RunService, *names: str) -> str:
    return " ".join(obstacles([service.store.run(name) for name in names]))


def test_numbers_that_do_not_compare_are_announced(service: RunService) -> None:
    add(service, "a")
    add(service, "same")
    add(service, "imdb", dataset_name="imdb")
    add(service, "seed", {"split_hash": "t", "split_seed": 7})
    add(service, "old", {"metric_versions": {"gradient_health": 2}})
    add(service, "simple", optimization_mode="simple")
    add(service, "early", {"split_hash": None})
    assert reasons(service, "a", "same") == ""
    assert "different data sets" in reasons(service, "a", "imdb")
    assert "seeds 42, 7" in reasons(service, "a", "seed")
    assert "different versions of gradient health" in reasons(service, "a", "old")
    assert "total scores mean different things" in reasons(service, "a", "simple")
    assert "early recorded no split" in reasons(service, "a", "early")
    assert "different data sets" in draw("a", "imdb").warning[0].value


def test_shares_within_health_do_not_matter_where_health_has_no_weight(service: RunService) -> None:
    other = ScoringWeights(neuron_utilization=0.2, parameter_efficiency=0.2)
    add(service, "a", optimization_mode="simple")
    add(service, "b", optimization_mode="simple", weights=other)
    assert reasons(service, "a", "b") == ""
