"""What becomes of a trial when RunPod cannot be used, for each of the three policies."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import pytest

from core.errors import RunStateError, WorkerError
from core.executors.fallback import FallbackExecutor
from core.executors.inline import InlineExecutor
from core.executors.jobs import OnEpoch, TrainJob
from core.executors.runpod_errors import EndpointError, RemoteUnavailableError, UnansweredError
from core.executors.runpod_notes import NoteBoard
from core.trial import TrialResult
from tests.executors.remote import InlinePool, epoch, make_result, make_spec

DOWN = RemoteUnavailableError("no GPU is free")


class Hands(InlineExecutor):
    """An executor whose trials end when the test says so."""

    def __init__(self) -> None:
        self.open: dict[int, tuple[Future[TrialResult], OnEpoch]] = {}
        self.taken: list[int] = []
        self.closed = 0

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        future: Future[TrialResult] = Future()
        self.taken.append(job.spec.number)
        self.open[job.spec.number] = (future, on_epoch)
        return future

    def cancel(self, number: int) -> None:
        if number in self.open:
            self.open.pop(number)[0].set_exception(CancelledError())

    def close(self) -> None:
        self.closed += 1

    def finish(self, number: int) -> None:
        self.open.pop(number)[0].set_result(make_result(number))

    def fail(self, number: int, error: Exception) -> None:
        self.open.pop(number)[0].set_exception(error)


class Clinic:
    """A health check that a test switches."""

    def __init__(self) -> None:
        self.well = False
        self.asked = 0

    def health(self) -> object:
        self.asked += 1
        if not self.well:
            raise UnansweredError("HTTP 503")
        return self


class Setting:
    def __init__(self, policy: Any, folder: Path) -> None:
        self.remote, self.local, self.clinic = Hands(), Hands(), Clinic()
        self.notes: list[str | None] = []
        self.now = 0.0
        self.timers: list[tuple[float, Any]] = []
        self.folder = folder
        self.executor = FallbackExecutor(
            self.remote, self.local, policy=policy, local_workers=2, api=self.clinic, on_note=self.notes.append,
            clock=lambda: self.now, pool=InlinePool(), later=lambda s, action: self.timers.append((s, action)),
        )  # fmt: skip

    def train(self, number: int) -> tuple[Future[TrialResult], list[int]]:
        epochs: list[int] = []
        job = TrainJob(spec=make_spec(number), parts_folder="p", out_dir=str(self.folder / str(number)))
        return self.executor.train(job, lambda record: epochs.append(record.epoch)), epochs


@pytest.fixture
def falling(tmp_path: Path) -> Setting:
    return Setting("fall_back", tmp_path)


def test_a_good_trial_stays_remote(falling: Setting) -> None:
    future, epochs = falling.train(0)
    falling.remote.open[0][1](epoch(1))
    falling.remote.finish(0)
    assert future.result(0) == make_result(0) and epochs == [1] and falling.local.taken == [] and not falling.notes


def test_the_same_trial_trains_here_when_runpod_is_unavailable(falling: Setting) -> None:
    future, epochs = falling.train(4)
    for number in (1, 2):
        falling.remote.open[4][1](epoch(number))
    falling.remote.fail(4, DOWN)
    assert falling.local.taken == [4] and not future.done()
    assert falling.executor.places() == {4: "on this machine"}
    for number in (1, 2, 3):
        falling.local.open[4][1](epoch(number))
    falling.local.finish(4)
    assert future.result(0).device == "cpu (RunPod unavailable: no GPU is free)"
    assert epochs == [1, 2, 3]  # none twice
    assert falling.notes == ["RunPod cannot be used (no GPU is free), so trials train on this machine."]


def test_this_machine_is_not_given_more_than_it_can_take(falling: Setting) -> None:
    futures = [falling.train(number)[0] for number in range(5)]
    for number in range(5):
        falling.remote.fail(number, DOWN)
    assert falling.local.taken == [0, 1]
    falling.executor.cancel(2)
    with pytest.raises(CancelledError):
        futures[2].result(0)
    falling.local.fail(0, WorkerError("killed", retry=True))
    with pytest.raises(WorkerError, match="killed"):
        futures[0].result(0)
    assert falling.local.taken == [0, 1, 3]
    falling.executor.cancel(1)
    with pytest.raises(CancelledError):
        futures[1].result(0)
    assert falling.local.taken == [0, 1, 3, 4]
    falling.local.finish(3)
    falling.local.finish(4)
    assert [future.result(0).number for future in futures[3:]] == [3, 4]


def test_health_is_asked_after_growing_pauses_before_the_next_remote_trial(falling: Setting) -> None:
    falling.train(0)
    falling.remote.fail(0, DOWN)
    falling.now = 29.0
    falling.train(1)
    assert falling.clinic.asked == 0 and falling.remote.taken == [0]
    falling.now = 31.0
    falling.train(2)
    assert falling.clinic.asked == 1 and falling.remote.taken == [0]
    falling.now = 90.0
    falling.train(3)
    assert falling.clinic.asked == 1  # the pause has doubled
    falling.now, falling.clinic.well = 92.0, True
    back, _ = falling.train(4)
    assert falling.clinic.asked == 2 and falling.remote.taken == [0, 4]
    falling.remote.finish(4)
    assert back.result(0).device == "cpu" and falling.notes[-1] is None
    falling.train(5)
    assert falling.clinic.asked == 2 and falling.remote.taken == [0, 4, 5]


def test_a_trials_own_failure_is_not_repeated_here(falling: Setting) -> None:
    future, _ = falling.train(0)
    falling.remote.fail(0, WorkerError("the job was refused"))
    with pytest.raises(WorkerError, match="refused"):
        future.result(0)
    assert falling.local.taken == []


def test_a_wrong_endpoint_falls_back_too(falling: Setting) -> None:
    falling.train(0)
    falling.remote.fail(0, EndpointError("no such endpoint"))
    assert falling.local.taken == [0]


def test_stop_ends_the_run(tmp_path: Path) -> None:
    setting = Setting("stop", tmp_path)
    future, _ = setting.train(0)
    setting.remote.fail(0, DOWN)
    with pytest.raises(RunStateError, match=r"no GPU is free.*can be resumed"):
        future.result(0)
    assert setting.local.taken == []


def test_wait_keeps_trying_and_says_so(tmp_path: Path) -> None:
    setting = Setting("wait", tmp_path)
    future, _ = setting.train(0)
    for attempt in range(3):
        setting.remote.fail(0, DOWN)
        [(pause, action)] = setting.timers
        setting.timers.clear()
        assert pause == 30.0 * 2**attempt and setting.notes[-1] is not None and f"{pause:.0f} s" in setting.notes[-1]
        action()
    setting.remote.finish(0)
    assert future.result(0).number == 0 and setting.remote.taken == [0] * 4 and setting.local.taken == []
    assert setting.notes[-1] is None
    other, _ = setting.train(1)
    setting.remote.fail(1, EndpointError("no such endpoint"))  # not a thing to wait for
    with pytest.raises(EndpointError):
        other.result(0)
    cancelled, _ = setting.train(2)
    setting.remote.fail(2, DOWN)
    setting.executor.cancel(2)
    setting.timers.pop()[1]()
    with pytest.raises(CancelledError):
        cancelled.result(0)
    assert setting.remote.taken == [0] * 4 + [1, 2]


@pytest.mark.parametrize("where", ["remote", "local"])
def test_a_trial_cancelled_while_it_is_handed_over_is_cancelled_there_too(falling: Setting, where: str) -> None:
    hands: Hands = getattr(falling, where)
    plain = hands.train
    if where == "local":
        falling.train(1)
        falling.remote.fail(1, DOWN)  # so that the next goes here

    def train(job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        falling.executor.cancel(job.spec.number)
        return plain(job, on_epoch)

    hands.train = train  # type: ignore[method-assign]
    future, _ = falling.train(0)
    with pytest.raises(CancelledError):
        future.result(0)
    assert hands.taken[-1] == 0 and 0 not in hands.open


def test_close_ends_everything(falling: Setting) -> None:
    futures = [falling.train(number)[0] for number in range(5)]
    for number in range(1, 5):
        falling.remote.fail(number, DOWN)
    falling.executor.close()
    assert falling.remote.closed == 1 and falling.local.closed == 1
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(0)
    with pytest.raises(WorkerError, match="closed"):
        falling.train(9)


def test_two_sources_share_one_sentence() -> None:
    told: list[str | None] = []
    board = NoteBoard(told.append)
    first, second = board.source(), board.source()
    second("B.")
    first("A.")
    second(None)
    first(None)
    assert told == ["B.", "A. B.", "A.", None]
