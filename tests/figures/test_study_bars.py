"""A bar per run: what was trained, taken over, trains now and is to come."""

from __future__ import annotations

from core.executors.sharing import SHARED
from core.figures.study_bars import BarData, RunBar, compute, draw
from core.store import TrialProgress
from tests.figures.records import record


def training(epoch: int) -> TrialProgress:
    return TrialProgress(number=9, epoch=epoch, epochs=4, val_accuracy=None, started=0.0, updated=0.0)


def test_trials_count_by_what_became_of_them() -> None:
    trials = [record(0, device=SHARED), record(1, device="cpu"), record(2, "failed"), record(3, "running")]
    data = compute("health_aware", 5, [(trials, [training(2)]), ((), ())], active=True)
    assert data.bars == (
        RunBar(pair=0, trained=2, taken_over=1, training=0.5),
        RunBar(pair=1, trained=0, taken_over=0, training=0.0),
    )
    assert data.bars[0].ended == 3


def test_every_bar_is_as_long_as_the_planned_trials() -> None:
    data = compute("health_aware", 5, [([record(0, device=SHARED)], [training(1)]), ((), ())], active=True)
    parts = draw(data).data
    assert [part.name for part in parts] == ["trained", "taken over", "training now", "to come"]
    assert [sum(lengths) for lengths in zip(*(part.x for part in parts), strict=True)] == [5.0, 5.0]


def test_an_ended_study_shows_no_place_for_what_trains() -> None:
    data = compute("accuracy_only", 1, [([record(0, device="cpu")], ())])
    assert [part.name for part in draw(data).data] == ["trained"]


def test_twenty_runs_have_twenty_rows_and_half_of_the_numbers() -> None:
    bars = tuple(RunBar(pair=pair, trained=1, taken_over=0, training=0.0) for pair in range(20))
    figure = draw(BarData(mode="accuracy_only", planned=5, bars=bars))
    assert list(figure.data[0].y) == list(range(1, 21))
    assert list(figure.layout.yaxis.tickvals) == list(range(1, 21, 2))
    assert figure.layout.height < 450  # pixels, of a phone's 844
