"""Two trials in one figure: the data is asserted, the drawing only rendered."""

from __future__ import annotations

from core.figures.trial_pair import PairComponent, compute, draw_components, draw_curves
from tests.figures.records import record

A = record(3, accuracies={2: 0.6, 1: 0.5}, components={"neuron_utilization": 0.4, "gradient_health": None})
B = record(7, "pruned", accuracies={1: 0.2})


def test_curves_and_components_of_both() -> None:
    data = compute(A, B)
    assert data.names == ("A: trial 3", "B: trial 7")
    assert (data.curves[0].epochs, data.curves[0].accuracies) == ((1, 2), (0.5, 0.6))
    assert data.components == (PairComponent(label="Neuron utilization", a=0.4, b=None),)  # neither has the other


def test_both_look_different_without_colour() -> None:
    first, second = draw_curves(compute(A, B)).data
    assert first.line.dash != second.line.dash
    assert first.marker.symbol != second.marker.symbol


def test_a_line_joins_only_what_both_have() -> None:
    both = compute(A, record(8, components={"neuron_utilization": 0.9, "gradient_health": 0.3}))
    line, a, b = draw_components(both).data
    assert list(line.x) == [0.4, 0.9, None]
    assert (list(a.x), list(b.x)) == ([0.4], [0.9, 0.3])


def test_nothing_to_draw_says_so() -> None:
    nothing = compute(record(0, "failed"), record(1, "failed"))
    assert "finished an epoch" in draw_curves(nothing).layout.annotations[0].text
    assert "health measurements" in draw_components(nothing).layout.annotations[0].text
