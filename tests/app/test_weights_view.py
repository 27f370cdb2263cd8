"""What if: new weights, new order, at once and without training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import optuna
import pytest
from streamlit.testing.v1 import AppTest

from app.components.weights_view import effect_text, ranking_rows, winner_rows
from core.config import OptimizationConfig, ScoringWeights
from core.health import METRICS
from core.service import RunService
from core.whatif import measurements, rank
from tests.app.conftest import add_run
from tests.figures.records import record

NAMES = list(ScoringWeights().components())


def script() -> None:
    """The view alone, in a fragment as on the page; and the form once it is asked for."""
    import streamlit as st

    from app.components.setup_view import setup_view
    from app.components.weights_view import weights_view
    from app.state import run_service, wanted_view

    service = run_service()

    @st.fragment
    def body() -> None:
        weights_view(service, service.view("run"))

    if wanted_view() == "setup":
        setup_view(service, busy=False)
    else:
        body()


@pytest.fixture
def page(service: RunService) -> AppTest:
    """The view, not yet drawn."""
    return AppTest.from_function(script, default_timeout=30)


def completed(accuracy: float, health: float, **attributes: Any) -> optuna.trial.FrozenTrial:
    """A completed trial, all of whose components have the value `health`."""
    reading = {"n": 10, "status": "ok", "reason": None, "components": {}, "cost_s": None, "version": 1}
    return optuna.trial.create_trial(
        value=0.7 * accuracy + 0.3 * health,
        user_attrs={
            "metrics": {"val_accuracy": accuracy, "test_accuracy": accuracy - 0.01},
            "health": {name: reading | {"name": name, "value": health} for name in METRICS},
            "health_score": health,
            "parameters": 1234,
        }
        | attributes,
    )


def add_three(service: RunService, **config: Any) -> None:
    """A run won by trial 1, the healthy one; trial 0 is the most accurate; the third is between."""
    service.store.create_run("run", OptimizationConfig(run_name="run", trials=3, **config))
    for accuracy, health in ((0.96, 0.3), (0.90, 0.8), (0.93, 0.4)):
        service.store.study("run").add_trial(completed(accuracy, health))
    service.store.update_run("run", status="completed", facts={"sizes": {"validation": 100, "test": 200}})


def texts(page: AppTest, *kinds: str) -> str:
    """What is written in elements of these kinds."""
    return "\n".join(str(element.value) for kind in kinds for element in getattr(page, kind))


def test_opens_on_the_weights_of_the_run_with_its_winner(page: AppTest, service: RunService) -> None:
    weights = ScoringWeights(accuracy=0.6, neuron_utilization=0.4, accuracy_consistency=0.0, gradient_health=0.1)
    add_three(service, weights=weights)
    page.run()
    assert not page.exception
    assert [slider.value for slider in page.slider] == [60, 40, 15, 20, 10, 15, 0]
    assert "trial 1 wins, as it did in the run" in page.success[0].value
    assert page.metric[0].value == "60 %"


def test_moving_the_accuracy_to_100_changes_the_winner_at_once(page: AppTest, service: RunService) -> None:
    add_three(service)
    page.run().slider(key="whatif_run_accuracy").set_value(100).run()
    assert not page.exception
    assert "trial 0 would have won instead of trial 1" in page.info[0].value
    table = page.table[0].value
    assert table["Winner of the run"].tolist()[:3] == ["1", "90.0 % (82.6–94.5 %)", "89.0 % (83.9–92.6 %)"]
    assert table["Winner with these weights"].tolist()[0] == "0"
    assert page.dataframe[0].value["Change"].tolist() == ["▲ 2", "=", "▼ 2"]
    assert page.metric[1].value == "100 %"  # nothing but accuracy makes a difference now
    assert service.view("run").best.number == 1  # type: ignore[union-attr]  # and nothing is stored


def test_back_leads_to_the_weights_of_the_run_and_reset_to_the_defaults(page: AppTest, service: RunService) -> None:
    add_three(service, weights=ScoringWeights(accuracy=0.2))
    page.run().slider(key="whatif_run_gradient_health").set_value(100).run()
    page.button(key="whatif_run_reset").click().run()
    assert [slider.value for slider in page.slider] == [70, 25, 15, 20, 15, 15, 10]
    page.button(key="whatif_run_back").click().run()
    assert page.slider(key="whatif_run_accuracy").value == 20


def test_weights_that_are_no_whole_percent_rank_exactly_until_they_are_moved(
    page: AppTest, service: RunService
) -> None:
    add_three(service, weights=ScoringWeights(accuracy=0.725))
    page.run()
    assert page.metric[0].value == "72.5 %"
    assert page.slider(key="whatif_run_accuracy").value == 72


def test_a_run_by_accuracy_only_can_ask_what_health_would_have_changed(page: AppTest, service: RunService) -> None:
    add_three(service, optimization_mode="simple")
    page.run()
    slider = page.slider(key="whatif_run_accuracy")
    assert (slider.value, slider.disabled) == (100, False)
    slider.set_value(50).run()
    assert "trial 1 would have won instead of trial 0" in page.info[0].value


def test_the_weights_can_be_used_for_a_new_run_with_the_settings_of_this_one(
    page: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[OptimizationConfig] = []
    monkeypatch.setattr(service, "start", lambda config: started.append(config) or "run")
    own = {"dataset_name": "mnist", "optimization_mode": "simple", "random_seed": 5, "search_space": {"dropout": 0.0}}
    add_three(service, **own)
    page.run().slider(key="whatif_run_accuracy").set_value(45).run()
    page.button(key="use_weights").click().run()
    assert not page.exception
    assert page.radio(key="mode").value == "health_aware"
    page.button(key="start").click().run()
    wanted = OptimizationConfig(
        dataset_name="mnist",
        trials=3,
        random_seed=5,
        search_space={"dropout": 0.0},
        weights=ScoringWeights(accuracy=0.45),
    )
    assert started == [wanted]


def test_what_was_in_the_form_before_gives_way_to_the_offer(page: AppTest, service: RunService) -> None:
    add_three(service)
    page.query_params["view"] = "setup"
    page.run().number_input(key="trials").set_value(77).run()
    page.query_params["view"] = "weights"
    page.run()
    page.button(key="use_weights").click().run()
    assert page.number_input(key="trials").value == 3


@pytest.mark.parametrize(("status", "remedy"), [("running", "Wait for the first one"), ("stopped", "Resume the run")])
def test_without_a_completed_trial_it_says_what_to_do(
    page: AppTest, service: RunService, status: str, remedy: str
) -> None:
    service.store.create_run("run", OptimizationConfig(run_name="run"))
    service.store.update_run("run", status=status)
    assert remedy in page.run().info[0].value
    assert not page.slider


def test_one_completed_trial_among_others_is_enough(page: AppTest, service: RunService) -> None:
    add_run(service.store, "run")
    page.run()
    assert not page.exception
    assert "2 more cannot win" in texts(page, "caption")
    assert "two trials or more" in texts(page, "caption")


def test_the_effect_of_the_weight_is_explained() -> None:
    def explained(pairs: list[tuple[float, float]]) -> str:
        trials = [
            record(number, accuracy=accuracy, components=dict.fromkeys(NAMES, health))
            for number, (accuracy, health) in enumerate(pairs)
        ]
        return effect_text(rank(measurements(trials), ScoringWeights()), ScoringWeights())

    assert "Health decides more" in explained([(0.98, 0.4), (0.99, 0.9)])
    assert "Accuracy decides more" in explained([(0.5, 0.5), (0.99, 0.51)])
    assert "agree" in explained([(0.5, 0.5), (0.6, 0.6)])
    assert "opposite directions" in explained([(0.5, 0.9), (0.99, 0.1)])
    assert "same total" in explained([(0.5, 0.5), (0.5, 0.5)])


def test_unmeasured_numbers_are_dashes() -> None:
    trials = {0: record(0, accuracy=0.5, components=dict.fromkeys(NAMES))}
    measured = measurements(trials.values())
    ranking = rank(measured, ScoringWeights())
    rows = {row[""]: row["Winner of the run"] for row in winner_rows(trials, measured, ranking, ranking, {})}
    assert (rows["Health with these weights"], rows["Test accuracy"], rows["Parameters"]) == ("–", "–", "–")
    (row,) = ranking_rows(trials, ranking, ranking)
    assert (row["Change"], row["Health"], row["Parameters"]) == ("=", "–", None)


def test_of_a_thousand_trials_the_first_twenty_are_listed(
    page: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long a move takes among so many is measured by the benchmark `page_speed`."""
    add_three(service)
    few = service.view("run")
    many = tuple(replace(few.trials[number % 3], number=number) for number in range(1000))
    view = replace(few, trials=many)
    monkeypatch.setattr(service, "view", lambda _: view)
    page.run()
    page.slider(key="whatif_run_accuracy").set_value(60).run()
    assert not page.exception
    assert len(page.dataframe[0].value) == 20
