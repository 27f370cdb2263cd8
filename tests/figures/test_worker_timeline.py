"""The timeline: as many rows as trials ran at once, pauses cut out, open ends honest."""

from __future__ import annotations

from core.figures.worker_timeline import compute, draw
from core.store import TrialProgress
from tests.figures.records import record


def test_a_trial_takes_the_lowest_row_that_is_free() -> None:
    trials = [
        record(0, total=0.5, started=0.0, finished=10.0),
        record(1, "pruned", started=1.0, finished=5.0),
        record(2, "failed", started=5.0, finished=8.0),  # the moment in which trial 1 ended
        record(3, total=0.6, started=6.0, finished=12.0),
        record(4, total=0.4, feasible=False, started=10.5, finished=12.0),
    ]
    data = compute(trials, (), now=99.0, active=False)
    assert [(bar.number, bar.lane, bar.role) for bar in data.bars] == [
        (0, 0, "completed"),
        (1, 1, "pruned"),
        (2, 1, "failed"),
        (3, 2, "best"),
        (4, 0, "over budget"),
    ]
    assert data.lanes == 3
    for one in data.bars:
        for other in data.bars:
            if one is not other and one.lane == other.lane:
                assert one.start + one.seconds <= other.start or other.start + other.seconds <= one.start


def test_the_hours_between_a_stop_and_a_resume_are_cut_out() -> None:
    trials = [record(0, total=0.5, started=100.0, finished=110.0), record(1, started=7300.0, finished=7320.0)]
    data = compute(trials, (), now=9000.0, active=False)
    assert [(bar.start, bar.seconds) for bar in data.bars] == [(0.0, 10.0), (10.0, 20.0)]
    assert data.pauses == ((10.0, 7190.0),) and data.busy == 1.0
    assert any("paused 2.0 h" in (note.text or "") for note in draw(data).layout.annotations)


def test_a_running_trial_grows_until_now() -> None:
    progress = TrialProgress(number=1, epoch=2, epochs=5, val_accuracy=0.5, started=4.0, updated=9.0)
    trials = [record(0, total=0.5, started=0.0, finished=3.0), record(1, "running"), record(2, "waiting")]
    (_, bar) = compute(trials, [progress], now=12.0, active=True).bars
    assert (bar.role, bar.start, bar.seconds, bar.words) == ("running", 4.0, 8.0, "epoch 2 of 5, 8.0 s so far")


def test_the_end_of_an_interrupted_trial_is_not_invented() -> None:
    trials = [record(0, total=0.5, started=0.0, finished=9.0), record(1, "running", started=2.0)]
    data = compute(trials, (), now=1e6, active=False)
    bar = data.bars[1]
    assert (bar.role, bar.certain, bar.seconds) == ("interrupted", False, 7.0)  # until the run's last sign of life
    assert "not recorded" in bar.words


def test_trials_without_times_are_counted() -> None:
    data = compute([record(0, total=0.5), record(1, "failed"), record(2, "running")], (), now=1.0, active=True)
    assert (data.bars, data.untimed, data.busy) == ((), 3, None)
    assert draw(data).layout.annotations[0].text == "No trial has started yet"


def test_bars_tell_the_endings_apart_by_pattern_and_carry_their_trial() -> None:
    trials = [
        record(0, total=0.5, started=0.0, finished=9.0),
        record(1, "pruned", started=2.0, finished=3.0),
        record(2, total=0.4, started=3.0, finished=4.0),
    ]
    figure = draw(compute(trials, (), now=10.0, active=False))
    patterns = {trace.name: trace.marker.pattern.shape for trace in figure.data}
    assert len(set(patterns.values())) == len(patterns) == 3
    assert {trial for trace in figure.data for trial in trace.customdata} == {0, 1, 2}
