"""Learning curves: the data is asserted, the drawing only rendered."""

from __future__ import annotations

from core.figures.learning_curves import Curve, compute, draw
from tests.figures.records import record


def test_curves_are_sorted_and_carry_the_role_of_their_trial() -> None:
    trials = [
        record(2, "running", accuracies={2: 0.4, 1: 0.3}),
        record(0, accuracies={1: 0.5, 2: 0.6}),
        record(1, accuracies={1: 0.7}),
        record(3, "pruned", accuracies={1: 0.1}),
        record(4, "failed", accuracies={1: 0.2}),
        record(5, "failed"),
        record(6, "waiting", accuracies={1: 0.2}),
    ]
    curves = compute(trials, best=1)
    assert [(curve.number, curve.role) for curve in curves] == [
        (0, "completed"),
        (1, "best"),
        (2, "running"),
        (3, "pruned"),
        (4, "failed"),
    ]
    assert curves[2] == Curve(number=2, role="running", epochs=(1, 2), accuracies=(0.3, 0.4))


def test_many_trials_share_a_trace_with_gaps_between_them() -> None:
    trials = [record(number, accuracies={1: 0.1 * number, 2: 0.2}) for number in range(3)]
    figure = draw(compute(trials, best=2))
    completed, best = figure.data
    assert (completed.name, best.name) == ("Completed", "Best")
    assert list(completed.x) == [1, 2, None, 1, 2, None]
    assert list(completed.customdata) == [0, 0, 0, 1, 1, 1]
    assert completed.connectgaps is False


def test_nothing_to_draw_says_so() -> None:
    figure = draw(compute([record(0, "running")], best=None))
    assert not figure.data
    assert figure.layout.annotations[0].text == "No epoch has ended yet"


def test_over_budget_and_interrupted_trials_have_a_look_of_their_own() -> None:
    trials = [record(0, accuracies={1: 0.5}, feasible=False), record(1, "running", accuracies={1: 0.3})]
    assert [curve.role for curve in compute(trials, best=None, active=False)] == ["over budget", "interrupted"]
    dashes = {trace.name: trace.line.dash for trace in draw(compute(trials, best=None, active=False)).data}
    assert len(set(dashes.values())) == 2


def test_selected_curves_lie_on_top_and_the_others_step_back() -> None:
    trials = [record(number, accuracies={1: 0.1 * number, 2: 0.2}) for number in range(3)]
    dim, bright = draw(compute(trials, best=None, selected=frozenset({1}))).data
    assert (set(dim.customdata), set(bright.customdata)) == ({0, 2}, {1})
    assert dim.opacity < bright.opacity == 1.0 and bright.line.width > dim.line.width
    assert (dim.showlegend, bright.showlegend) == (False, True)


def test_thousands_of_points_are_left_to_the_graphics_card() -> None:
    trials = [record(number, accuracies=dict.fromkeys(range(1, 11), 0.5)) for number in range(300)]
    assert {trace.type for trace in draw(compute(trials, best=None)).data} == {"scattergl"}
