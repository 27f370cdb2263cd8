"""Two trials side by side."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from app.components.compare_trials import layer_rows, score_lines, setting_rows
from core.architecture_diff import compare_networks
from core.config import OptimizationConfig
from core.model_config import CnnConfig
from core.service import RunService
from tests.app.conftest import add_run
from tests.app.many_trials import fill
from tests.figures.records import record


def script(run: str) -> None:
    from app.components.compare_trials import compare_trials
    from app.state import run_service

    service = run_service()
    compare_trials(service, service.view(run))


def view_of(run: str, **address: str) -> AppTest:
    page = AppTest.from_function(script, kwargs={"run": run}, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def words(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*page.markdown, *page.caption, *page.info])


def picked(page: AppTest) -> tuple[int, int]:
    return page.selectbox(key="compare_a").value, page.selectbox(key="compare_b").value


def test_the_best_and_the_next_are_compared_at_first(service: RunService) -> None:
    fill(service.store, "many", 20)
    view = service.view("many")
    ranked = sorted((t for t in view.trials if t.total_score), key=lambda trial: -(trial.total_score or 0))
    page = view_of("many")
    assert not page.exception
    assert picked(page) == (ranked[0].number, ranked[1].number)
    assert len(page.table) == 2  # settings that differ, and those that are the same


def test_selected_trials_come_first_and_the_address_before_all(service: RunService) -> None:
    fill(service.store, "many", 20)
    assert picked(view_of("many", trials="5,9")) == (5, 9)
    assert picked(view_of("many", trials="5,9", a="3")) == (3, 9)
    assert picked(view_of("many", a="3", b="999"))[0] == 3
    page = view_of("many", a="3", b="4")
    page.selectbox(key="compare_b").set_value(7).run()
    assert page.query_params["b"] == "7"
    assert picked(page) == (3, 7)


def test_a_completed_trial_beside_a_failed_one_shows_what_is_known(service: RunService) -> None:
    add_run(service.store, "done")
    page = view_of("done", a="0", b="2")
    assert not page.exception
    text = words(page)
    assert "Validation accuracy **90.0 %** (95 %: 82.6–94.5 %, n = 100)" in text
    assert "Test accuracy **87.5 %** (95 %: 82.2–91.4 %, n = 200)" in text
    assert "Validation accuracy **–**" in text
    assert "The layers cannot be compared" in text


def test_the_same_trial_twice_and_a_single_trial_are_said(service: RunService) -> None:
    add_run(service.store, "done")
    assert "A and B are the same trial" in view_of("done", a="1", b="1").info[0].value
    service.store.create_run("empty", OptimizationConfig(run_name="empty"))
    assert "Two trials are needed" in view_of("empty").info[0].value


def test_only_settings_that_a_network_uses_count(service: RunService) -> None:
    a = record(0, params={"dense_layers": 1, "dense_units_1": 16, "dense_units_2": 99, "dropout": 0.1})
    b = record(1, params={"dense_layers": 2, "dense_units_1": 16, "dense_units_2": 32, "dropout": 0.25})
    differing, same = setting_rows(a, b)
    assert [(row["Setting"], row["A"], row["B"]) for row in differing] == [
        ("dense layers", "1", "2"),
        ("dense units 2", "–", "32"),
        ("dropout", "0.1", "0.25"),
    ]
    assert same == [{"Setting": "dense units 1", "A": "16", "B": "16"}]


def test_layers_are_told_apart_by_words_and_symbols() -> None:
    rows = layer_rows(compare_networks(CnnConfig(filters=(8,)), CnnConfig(filters=(16, 16))))
    assert [row["Difference"] for row in rows][:2] == ["≠ changed", "◨ only in B"]
    assert (rows[0]["What differs"], rows[1]["A"]) == ("filters 8 → 16", "–")


def test_an_accuracy_of_a_trial_that_did_not_finish_says_so() -> None:
    lines = score_lines(record(0, "pruned", accuracies={1: 0.5}), {"validation": 100})
    assert lines[1].startswith("Validation accuracy of its last epoch **50.0 %** (95 %: ")
