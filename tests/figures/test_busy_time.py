"""The time in which a run worked."""

from __future__ import annotations

from core.figures.busy_time import PAUSE, BusyTime, busy_time, span
from tests.figures.records import record


def test_short_waits_are_work_and_long_ones_are_pauses() -> None:
    work = BusyTime.of([(1000.0, 1010.0), (0.0, 10.0), (5.0, 20.0), (20.0 + PAUSE, 90.0)])
    assert work.sessions == ((0.0, 90.0), (1000.0, 1010.0))
    assert work.pauses == [(90.0, 910.0)]
    assert [work.at(moment) for moment in (-5.0, 45.0, 500.0, 1004.0, 2000.0)] == [0.0, 45.0, 90.0, 94.0, 100.0]


def test_one_known_time_and_the_seconds_give_the_other() -> None:
    assert span(record(0, started=10.0, finished=14.0)) == (10.0, 14.0)
    assert span(record(0, finished=14.0, seconds=4.0)) == (10.0, 14.0)
    assert span(record(0, started=10.0, seconds=4.0)) == (10.0, 14.0)
    assert span(record(0, started=10.0)) is None
    assert span(record(0, started=10.0, finished=4.0)) is None  # a clock that was set back


def test_no_times_are_no_work() -> None:
    assert busy_time([record(0)]) == BusyTime(sessions=()) and busy_time([]).pauses == []
