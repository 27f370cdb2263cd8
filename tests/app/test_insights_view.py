"""The insights view without a browser: its figures, its choices and what it says when there is little to show."""

from __future__ import annotations

import optuna
import pytest
from optuna.trial import TrialState, create_trial
from streamlit.testing.v1 import AppTest

from app.components.insights_view import ranked_settings, run_space
from core.config import OptimizationConfig
from core.figures.parameter_importance import compute
from core.search_space import search_space
from core.service import RunService
from tests.app.conftest import add_run

TITLES = [
    "Score of every trial",
    "Which settings mattered",
    "One setting at a time",
    "Two settings together",
    "All settings of each trial",
    "Accuracy against health",
    "How the scores are spread",
]


def draw(name: str) -> AppTest:
    """Draw the view of a run alone."""

    def body(name: str) -> None:
        from app.components.insights_view import insights_view
        from app.state import run_service

        insights_view(run_service(), run_service().view(name))

    return AppTest.from_function(body, args=(name,), default_timeout=30)


def charts(page: AppTest) -> list[object]:
    return page.get("plotly_chart")


def words(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in (*page.caption, *page.info))


@pytest.fixture
def searched(service: RunService) -> RunService:
    """A run `deep` of 30 completed trials, one pruned and one that a dead process left behind."""
    service.store.create_run("deep", OptimizationConfig(trials=32, run_name="deep"))
    service.store.update_run("deep", status="completed")
    space = search_space("image", (8, 8, 1))
    study, sampler = service.store.study("deep"), optuna.samplers.RandomSampler(seed=0)
    for number in range(32):
        params = {name: sampler.sample_independent(study, None, name, space[name]) for name in space}  # type: ignore[arg-type]
        score = 0.9 - 2 * abs(params["dropout"] - 0.25)
        state = {30: TrialState.PRUNED, 31: TrialState.RUNNING}.get(number, TrialState.COMPLETE)
        value = score if state == TrialState.COMPLETE else None
        attributes = {"metrics": {"val_accuracy": score}, "health_score": 1 - number / 40}
        study.add_trial(
            create_trial(
                state=state, params=params, distributions=space, value=value, user_attrs=attributes,
                intermediate_values={1: 0.4},
            )
        )  # fmt: skip
    return service


def test_all_figures_stand_in_a_readable_order_each_with_how_to_read_it(searched: RunService) -> None:
    page = draw("deep").run()
    assert not page.exception
    assert [title.value for title in page.subheader] == TITLES
    assert words(page).count("How to read this.") == len(TITLES)
    assert "from 30 completed trials" in words(page)
    assert "1 pruned" in words(page) and "1 interrupted" in words(page)


def test_the_choices_begin_with_what_mattered_most(searched: RunService) -> None:
    page = draw("deep").run()
    slices, axes = page.multiselect
    assert slices.value[0] == "dropout" and len(slices.value) == 3
    assert axes.value[:3] == slices.value and len(axes.value) == 5
    assert page.selectbox[0].value == "dropout" != page.selectbox[1].value


def test_other_settings_can_be_chosen(searched: RunService) -> None:
    page = draw("deep").run()
    before = len(charts(page))
    page.multiselect[0].set_value(["optimizer", "filters_3"]).run()
    assert not page.exception and len(charts(page)) == before - 1
    assert "filters 3 (" in words(page)  # how many networks have no third layer
    page.multiselect[0].set_value([]).run()
    page.multiselect[1].set_value([]).run()
    assert not page.exception
    page.selectbox[1].set_value("dropout").run()  # twice the same
    assert not page.exception


def test_few_trials_are_shown_with_what_is_missing(service: RunService) -> None:
    add_run(service.store, "small")
    page = draw("small").run()
    assert not page.exception
    assert [title.value for title in page.subheader] == TITLES
    assert "1 completed, 1 pruned, 1 failed" in words(page)
    assert "An estimate (PED-ANOVA)" not in words(page)


def test_no_trial_is_a_message_with_the_remedy(service: RunService) -> None:
    service.store.create_run("empty", OptimizationConfig(trials=3, run_name="empty"))
    assert "appear with the first one" in words(draw("empty").run())
    service.store.update_run("empty", status="stopped")
    page = draw("empty").run()
    assert "Start a new run" in words(page) and not charts(page)


def test_a_data_set_that_is_gone_leaves_the_figures_that_need_no_space(service: RunService) -> None:
    add_run(service.store, "lost", dataset_name="my_own_pictures")
    assert run_space(service.store.run("lost")) == {}
    page = draw("lost").run()
    assert not page.exception and len(charts(page)) == 3
    assert "search space of this run is not known" in words(page)


def test_equal_moments_share_their_figures(searched: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    draw("deep").run()
    monkeypatch.setattr("core.figures.contour.draw", lambda data: pytest.fail("drawn twice"))
    monkeypatch.setattr("core.figures.parameter_importance.compute", lambda *_: pytest.fail("computed twice"))
    assert not draw("deep").run().exception


def test_settings_are_ranked_by_use_while_too_few_trials_can_tell() -> None:
    space = search_space("text", (), 20_000, {"dropout": 0.1})
    ranked = ranked_settings(space, compute([], space))
    assert ranked[:3] == ["learning_rate", "optimizer", "batch_size"]
    assert "dropout" not in ranked and len(ranked) == len(set(ranked)) == len(space) - 1
