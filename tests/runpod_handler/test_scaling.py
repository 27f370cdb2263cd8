"""How soon RunPod's own library asks for the next job, with its real loop and a service that is played."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from runpod_handler.scaling import ask_at_once

rp_scale = pytest.importorskip("runpod.serverless.modules.rp_scale")


async def gaps(jobs: int, concurrency: int = 1) -> list[float]:
    """Do jobs of 0.25 s and return how long after each end the next job was asked for."""
    scaler = rp_scale.JobScaler({"concurrency_modifier": lambda _: concurrency})
    ends: list[float] = []
    asks: list[float] = []
    running: list[int] = []

    async def fetch(_session: Any, wanted: int) -> list[dict[str, Any]] | None:
        assert 1 <= wanted <= concurrency - len(running)
        asks.append(time.monotonic())
        if len(asks) > jobs:
            scaler.kill_worker()
            return None
        return [{"id": f"j{len(asks)}", "input": {}}]

    async def handle(*_: Any) -> None:
        running.append(1)
        assert len(running) <= concurrency
        await asyncio.sleep(0.25)
        running.pop()
        ends.append(time.monotonic())

    async def no_stops(_session: Any) -> list[str]:
        await asyncio.sleep(0.05)
        return []

    scaler.jobs_fetcher, scaler.jobs_handler, scaler.stop_signals_fetcher = fetch, handle, no_stops
    await asyncio.wait_for(scaler.run(), 30)
    return [ask - end for end, ask in zip(ends, asks[concurrency:], strict=False)]


@pytest.fixture
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library be itself again after the test."""
    monkeypatch.setattr(rp_scale.JobScaler, "set_scale", rp_scale.JobScaler.set_scale)


@pytest.mark.usefixtures("as_it_was")
def test_the_next_job_is_asked_for_when_one_ends() -> None:
    before = asyncio.run(gaps(2))
    assert max(before) > 0.5  # the library looks once a second
    assert ask_at_once()
    after = asyncio.run(gaps(4))
    assert len(after) == 4 and min(after) >= 0.0 and max(after) < 0.4


@pytest.mark.usefixtures("as_it_was")
def test_a_worker_never_holds_more_jobs_than_it_may() -> None:
    assert ask_at_once()
    assert len(asyncio.run(gaps(5, concurrency=2))) >= 3


@pytest.mark.usefixtures("as_it_was")
def test_another_version_of_the_library_works_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rp_scale.JobScaler, "set_scale", lambda self: None)
    theirs = rp_scale.JobScaler.set_scale
    assert not ask_at_once() and rp_scale.JobScaler.set_scale is theirs
