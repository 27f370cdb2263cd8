"""Cards, table and plots of a run's trials, and the one selection that they share."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.components.trial_selection import chosen_in_plot, selection_words
from app.components.trial_table import after_ticking
from core.config import OptimizationConfig
from core.service import RunService
from core.store import ACTIVE
from tests.app.conftest import add_run
from tests.app.many_trials import fill


def script(run: str) -> None:
    from app.components.trials_view import trials_view
    from app.state import run_service

    service = run_service()
    trials_view(service, service.view(run))


def view_of(run: str, **address: str) -> AppTest:
    page = AppTest.from_function(script, kwargs={"run": run}, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def words(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*page.markdown, *page.caption, *page.info])


def heads(page: AppTest) -> list[str]:
    """The first lines of the cards."""
    return [element.value for element in page.markdown if element.value.startswith("**Trial ")]


class TestCards:
    """The gallery."""

    def test_every_trial_has_a_card_also_those_that_gave_no_network(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done")
        assert not page.exception
        best, pruned, failed = heads(page)
        assert best.startswith("**Trial 0** :primary-badge[★ Best] :green-badge[✔ completed]")
        assert pruned == "**Trial 1** :gray-badge[✂ pruned]"
        assert failed == "**Trial 2** :red-badge[✖ failed]"
        text = words(page)
        assert "Accuracy **90.0 %** (95 %: 82.6–94.5 %, n = 100)" in text
        assert "Accuracy **25.0 %** after epoch 1 (95 %: " in text
        assert "Health **0.512** · total score **0.784**" in text
        assert "12,345 parameters · 4.2 seconds" in text
        assert "below the median of earlier trials" in text
        assert [page.button(key=f"look_{number}").disabled for number in range(3)] == [False, True, True]
        assert [code.value for code in page.code] == ["Traceback (most recent call last):\n  MemoryError"]

    def test_a_card_draws_the_network_and_says_it_in_words(self, service: RunService) -> None:
        add_run(service.store, "done")
        (drawing,) = view_of("done").get("image")  # the others have no settings
        assert drawing.proto.imgs[0].alt == "Network: convolution 11, convolution 22, dense 64, output 10"

    def test_a_page_holds_twelve_and_the_best_stands_first(self, service: RunService) -> None:
        fill(service.store, "big", 30)
        page = view_of("big")
        assert len(heads(page)) == 12
        assert "★ Best" in heads(page)[0]
        assert "Showing 30 of 30 trials" in words(page)

    def test_look_inside_opens_the_network_of_the_trial(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done")
        page.button(key="look_0").click().run()
        assert (page.query_params["trial"], page.query_params["view"]) == ("0", "network")

    def test_a_run_without_trials_says_so(self, service: RunService) -> None:
        service.store.create_run("empty", OptimizationConfig(run_name="empty"))
        assert service.view("empty").run.status in ACTIVE
        assert "No trial has started yet" in view_of("empty").info[0].value


class TestFilters:
    """What narrows the trials down."""

    def test_states_and_conditions_leave_out_the_others(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done")
        page.button_group(key="trials_states_False").set_value(["pruned", "failed"]).run()
        assert [head[:11] for head in heads(page)] == ["**Trial 1**", "**Trial 2**"]
        page.number_input(key="trials_accuracy").set_value(20.0).run()
        assert [head[:11] for head in heads(page)] == ["**Trial 1**"]
        assert "Showing 1 of 3 trials (1 completed, 1 pruned, 1 failed). 1 condition" in words(page)

    def test_no_match_says_how_to_get_back_and_the_button_does(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done")
        page.number_input(key="trials_size").set_value(1)
        page.multiselect(key="trials_choice_optimizer").set_value(["sgd"]).run()
        assert heads(page) == []
        assert "Loosen one of them" in page.info[0].value
        page.button(key="trials_reset").click().run()
        assert len(heads(page)) == 3

    def test_the_order_can_be_turned(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done")
        page.selectbox(key="trials_sort").set_value("number")
        page.button_group(key="trials_order").set_value("lowest first").run()
        assert [head[8] for head in heads(page)] == ["0", "1", "2"]
        page.button_group(key="trials_order").set_value("highest first").run()
        assert [head[8] for head in heads(page)] == ["2", "1", "0"]


class TestSelection:
    """One selection for cards, table and plots."""

    def test_a_card_adds_its_trial_to_the_address_and_takes_it_out_again(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done")
        page.button(key="select_2").click().run()
        page.button(key="select_1").click().run()
        assert page.query_params["trials"] == "1-2"
        assert "**2 selected:** #1, #2" in words(page)
        assert page.button(key="compare_selected").label == "Compare #1 and #2"
        page.button(key="unselect_2").click().run()
        assert page.query_params["trials"] == "1"
        page.button(key="clear_selection").click().run()
        assert "trials" not in page.query_params
        assert "None selected" in words(page)

    def test_a_press_that_comes_twice_selects(self, service: RunService) -> None:
        """Streamlit sends a press once more with a refresh that is due in the same moment."""
        add_run(service.store, "done")
        drawn = view_of("done").button(key="select_2")
        drawn.click().run()
        page = drawn.click().run()
        assert page.query_params["trials"] == "2"

    def test_compare_carries_the_first_two_into_the_address(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done", trials="0,2")
        page.button(key="compare_selected").click().run()
        assert [page.query_params[name] for name in ("view", "a", "b")] == ["compare", "0", "2"]

    def test_the_table_is_made_anew_when_something_else_selects_and_only_then(self, service: RunService) -> None:
        add_run(service.store, "done")
        page = view_of("done", trials="1")
        page.button_group(key="trials_form").set_value("Table").run()
        assert list(page.dataframe[0].value["State"]) == ["✔ completed", "✂ pruned", "✖ failed"]
        first = page.dataframe[0].proto.id
        assert page.run().dataframe[0].proto.id == first
        page.button(key="clear_selection").click().run()
        assert page.dataframe[0].proto.id != first

    def test_ticking_keeps_selected_trials_that_the_table_does_not_show(self) -> None:
        assert after_ticking((0, 2), shown=(5, 4, 1), selected=(4, 9)) == {5, 1, 9}
        assert after_ticking((), shown=(5, 4), selected=(4,)) == frozenset()
        assert after_ticking((7,), shown=(5,), selected=()) == frozenset()  # a row that is gone

    @pytest.mark.parametrize(
        ("points", "box", "before", "after"),
        [
            ([3], [], (), {3}),
            ([3], [], (3, 4), {4}),  # a click takes out what was in
            ([3, 5, 3], ["a box"], (4,), {3, 5}),  # a box replaces
            ([3, 5], ["a box"], (3, 5), None),  # an echo changes nothing
            ([], [], (4,), None),
        ],
    )
    def test_a_click_toggles_a_box_replaces_and_an_echo_does_nothing(
        self, points: list[int], box: list[str], before: tuple[int, ...], after: set[int] | None
    ) -> None:
        event = {"selection": {"points": [{"customdata": number} for number in points], "box": box, "lasso": []}}
        assert chosen_in_plot(event, before) == after

    def test_points_without_a_trial_and_empty_events_are_left_alone(self) -> None:
        assert chosen_in_plot({}, (1,)) is None
        event = {"selection": {"points": [{"x": 1}, {"customdata": [7]}], "box": []}}
        assert chosen_in_plot(event, ()) == {7}

    def test_a_large_selection_is_counted_not_listed(self) -> None:
        assert selection_words(tuple(range(20))).endswith("#11 and 8 more")


def test_a_large_run_draws_one_page_of_cards_and_each_plot_once(
    service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.figures import parallel_coordinates

    made: list[int] = []
    draw = parallel_coordinates.draw

    def counted(data: Any) -> Any:
        made.append(len(data.lines))
        return draw(data)

    monkeypatch.setattr(parallel_coordinates, "draw", counted)
    fill(service.store, "large", 200)
    page = view_of("large")
    page.run().run()
    assert not page.exception
    assert len(heads(page)) == 12
    assert made == [200]
    page.button(key=f"select_{heads(page)[0].split()[1].strip('*')}").click().run()
    assert made == [200, 200]  # another selection is another plot
