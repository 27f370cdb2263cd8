from __future__ import annotations

from core.config import ScoringWeights
from core.figures.rerank import Slope, compute, draw
from core.whatif import Ranking, measurements, rank
from tests.figures.records import record

NAMES = list(ScoringWeights().components())


def ranking(accuracy: float, trials: int = 3) -> Ranking:
    """The higher its number, the more accurate and the less healthy a trial is."""
    made = [
        record(number, accuracy=number / 1000, components=dict.fromkeys(NAMES, 1 - number / 1000))
        for number in range(trials)
    ]
    return rank(measurements(made), ScoringWeights(accuracy=accuracy))


def test_every_trial_has_its_place_before_and_after() -> None:
    data = compute(ranking(1.0), ranking(0.0))
    assert data.slopes == (
        Slope(number=0, before=3, after=1),
        Slope(number=1, before=2, after=2),
        Slope(number=2, before=1, after=3),
    )
    assert (data.shown, data.ranked) == (3, 3)


def test_of_many_trials_the_first_of_either_order_are_kept() -> None:
    data = compute(ranking(1.0, trials=1000), ranking(0.0, trials=1000), shown=2)
    assert [slope.number for slope in data.slopes] == [0, 1, 998, 999]
    assert data.slopes[0] == Slope(number=0, before=1000, after=1)


def test_the_winners_stand_out_not_by_colour_alone() -> None:
    figure = draw(compute(ranking(1.0), ranking(0.0)))
    looks = {line.hovertemplate[:7]: (line.line.width, line.line.dash) for line in figure.data}
    assert looks == {"trial 0": (4, "solid"), "trial 1": (1.5, "dot"), "trial 2": (4, "dash")}


def test_a_place_far_behind_is_drawn_on_the_lowest_row() -> None:
    figure = draw(compute(ranking(1.0, trials=1000), ranking(0.0, trials=1000), shown=2))
    assert {max(line.y) for line in figure.data} == {3}
    assert list(figure.layout.yaxis.ticktext) == ["1", "2", "lower"]
    assert any("place 1000 → 1" in line.hovertemplate for line in figure.data)


def test_without_trials_the_figure_says_why_it_is_empty() -> None:
    figure = draw(compute(ranking(0.5, trials=0), ranking(0.5, trials=0)))
    assert figure.layout.annotations[0].text == "No trial has completed yet"
