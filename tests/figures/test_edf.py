"""How scores are spread: exact shares, and a count of who has none."""

from __future__ import annotations

from core.figures.edf import compute, draw
from tests.figures.records import record


def test_shares_rise_with_the_scores_of_trials_that_count() -> None:
    trials = [record(n, total=score) for n, score in enumerate((0.4, 0.2, 0.3, 0.4))]
    others = [record(4, "pruned"), record(5, "failed"), record(6, total=0.9, feasible=False), record(7, "running")]
    (found,) = compute({"a": [*trials, *others]})
    assert found.scores == (0.2, 0.3, 0.4, 0.4) and found.shares == (0.25, 0.5, 0.75, 1.0)
    assert found.left_out == 3 and found.median == 0.3


def test_each_run_has_its_own_dash_and_n() -> None:
    figure = draw(compute({"a": [record(0, total=0.4)], "b": [record(0, total=0.5)], "c": []}))
    assert [trace.name for trace in figure.data] == ["a (n = 1)", "b (n = 1)"]
    assert len({trace.line.dash for trace in figure.data}) == 2
    assert list(figure.data[0].y) == [0.0, 1.0]


def test_nothing_to_draw_says_so() -> None:
    assert not draw(compute({"a": [record(0, "failed")]})).data
