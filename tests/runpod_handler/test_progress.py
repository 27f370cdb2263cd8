"""Progress messages: in order, never too many, none after the end."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import Any

import pytest

from core.remote_job import SENT_EPOCHS
from core.trial import EpochRecord
from runpod_handler.progress import ProgressSender, sdk_post


def epoch(number: int) -> EpochRecord:
    return EpochRecord(
        epoch=number, loss=1.0, accuracy=0.5, val_loss=1.0, val_accuracy=0.5, learning_rate=0.1, seconds=1.0,
        probe_seconds=0.1, churn_kappa=None, gradients={},
    )  # fmt: skip


def test_the_newest_state_is_sent_in_order_with_pauses() -> None:
    sent: list[tuple[float, dict[str, Any]]] = []
    sender = ProgressSender(lambda m: sent.append((time.monotonic(), m)), "w1", interval=0.1)
    started = time.monotonic()
    for number in range(1, 201):
        sender.tell("training", epoch(number))
        time.sleep(0.002)
    sender.close()
    most = (time.monotonic() - started) / 0.1 + 2  # the first and the last one go at once
    sequences = [message["sequence"] for _, message in sent]
    assert sequences == sorted(sequences) and sequences[-1] == 200 and 3 <= len(sent) <= most
    gaps = [after - before for (before, _), (after, _) in pairwise(sent)]
    assert min(gaps[:-1]) >= 0.099  # the last one goes at once: the answer waits for it
    assert [e["epoch"] for e in sent[-1][1]["epochs"]] == list(range(201 - SENT_EPOCHS, 201))
    time.sleep(0.15)
    assert len(sent) == len(sequences), "nothing comes after the end"


def test_the_end_waits_for_a_message_under_way() -> None:
    entered, leave, done = threading.Event(), threading.Event(), threading.Event()

    def slow(_: dict[str, Any]) -> None:
        entered.set()
        leave.wait(5)
        done.set()

    sender = ProgressSender(slow, "w1", interval=0.0)
    sender.tell("training")
    entered.wait(5)
    threading.Timer(0.2, leave.set).start()
    sender.close()
    assert done.is_set()


def test_dropping_sends_no_more() -> None:
    sent: list[int] = []
    sender = ProgressSender(lambda m: sent.append(m["sequence"]), "w1", interval=10.0)
    sender.tell("fetching data")
    while not sent:
        time.sleep(0.01)
    sender.tell("training")
    started = time.monotonic()
    sender.close(drop=True)
    assert sent == [1] and time.monotonic() - started < 1


def test_a_message_that_fails_is_not_the_end() -> None:
    sent: list[int] = []

    def post(message: dict[str, Any]) -> None:
        sent.append(message["sequence"])
        raise RuntimeError("no network")

    sender = ProgressSender(post, "w1", interval=0.0)
    sender.tell("starting")
    while not sent:
        time.sleep(0.01)
    sender.tell("training")
    sender.close()
    assert sent == [1, 2]


def test_the_sdk_is_asked_to_send_here_and_now(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = pytest.importorskip("runpod.serverless.modules.rp_progress")
    calls: list[Any] = []

    async def send(_session: Any, data: Any, job: Any) -> None:
        calls.append((threading.current_thread(), data, job))

    monkeypatch.setattr(progress, "send_result", send)
    sdk_post({"id": "j"})({"sequence": 1})
    assert calls == [(threading.current_thread(), {"status": "IN_PROGRESS", "output": {"sequence": 1}}, {"id": "j"})]
    monkeypatch.delattr(progress, "_thread_target")
    monkeypatch.setattr(progress, "progress_update", lambda job, message: calls.append((job, message)))
    sdk_post({"id": "j"})({"sequence": 2})
    assert calls[-1] == ({"id": "j"}, {"sequence": 2})
