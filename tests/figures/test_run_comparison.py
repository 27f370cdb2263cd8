"""Runs side by side: the best so far by trials and by time."""

from __future__ import annotations

from core.figures.run_comparison import compute, draw
from tests.figures.records import record

FIRST = [
    record(0, total=0.5, started=0.0, finished=10.0),
    record(1, total=0.7, started=0.0, finished=30.0),
    record(2, "pruned", started=10.0, finished=12.0),
    record(3, total=0.6, started=1000.0, finished=1010.0),  # after a pause
    record(4, total=0.9, feasible=False, started=1010.0, finished=1020.0),
]


def test_pruned_trials_cost_a_trial_and_trials_over_budget_never_lead() -> None:
    (progress,) = compute({"a": FIRST}, "trials").runs
    assert progress.at == (1.0, 3.0, 4.0, 5.0)  # trial 2 ended before trial 1
    assert progress.best == (0.5, 0.7, 0.7, 0.7)
    assert progress.numbers == (0, 1, 1, 1)


def test_pauses_are_no_time_of_work() -> None:
    (progress,) = compute({"a": FIRST}, "time").runs
    assert progress.at == (10.0, 30.0, 40.0, 50.0)


def test_runs_without_times_or_scores_have_no_curve() -> None:
    data = compute({"a": FIRST, "b": [record(0, total=0.4)], "c": []}, "time")
    assert [run.at for run in data.runs[1:]] == [(), ()]
    assert [trace.name for trace in draw(data).data] == ["a"]
    assert [trace.name for trace in draw(compute({"a": FIRST, "b": [record(0, total=0.4)]}, "trials")).data] == [
        "a",
        "b",
    ]
    assert not draw(compute({"c": []}, "trials")).data


def test_long_runs_are_drawn_in_minutes() -> None:
    figure = draw(compute({"a": [record(0, total=0.5, started=0.0, finished=600.0)]}, "time"))
    assert list(figure.data[0].x) == [10.0] and "Minutes" in figure.layout.xaxis.title.text
