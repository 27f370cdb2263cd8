"""Slices: the score of each trial over one setting."""

from __future__ import annotations

from core.figures.slice_plot import compute, draw
from core.search_space import search_space
from tests.figures.records import record

SPACE = search_space("image", (28, 28, 1))
TRIALS = [
    record(0, total=0.5, params={"conv_layers": 1, "filters_2": 8, "optimizer": "adam"}),
    record(1, total=0.9, params={"conv_layers": 2, "filters_2": 16, "optimizer": "sgd"}),
    record(2, "pruned", params={"conv_layers": 3, "filters_2": 32, "optimizer": "sgd"}),
    record(3, "waiting", params={"conv_layers": 3, "filters_2": 32, "optimizer": "sgd"}),
]


def test_networks_without_the_layer_are_counted_and_not_drawn() -> None:
    data = compute(TRIALS, SPACE, "filters_2")
    assert [(point.number, point.role, point.value, point.score) for point in data.points] == [
        (1, "best", 16, 0.9),
        (2, "pruned", 32, None),
    ]
    assert data.unused == 1 and data.axis.log


def test_trials_without_a_score_stand_along_the_bottom_in_their_own_shape() -> None:
    data = compute(TRIALS, SPACE, "filters_2")
    figure = draw(data)
    pruned = next(trace for trace in figure.data if trace.name == "Pruned (no score)")
    assert list(pruned.y) == [data.floor] and data.floor < 0.9
    assert list(pruned.customdata) == [2] and pruned.marker.symbol == "circle-open"
    assert figure.layout.xaxis.type == "log"


def test_choices_stand_in_columns_of_their_own() -> None:
    figure = draw(compute(TRIALS, SPACE, "optimizer"))
    assert figure.layout.xaxis.ticktext == ("adam", "adamw", "rmsprop", "sgd")
    places = {trial: x for trace in figure.data for trial, x in zip(trace.customdata, trace.x, strict=True)}
    assert {trial: round(x) for trial, x in places.items()} == {0: 0, 1: 3, 2: 3}


def test_nothing_to_draw_says_so() -> None:
    assert not draw(compute([record(0, "failed")], SPACE, "dropout")).data
