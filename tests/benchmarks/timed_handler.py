"""The worker's own handler with a watch: what happens in it, and when, as JSON lines in the file BENCH_TIMES.

With BENCH_COLD=1 no child waits for the next job: every training starts its own.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])
sys.path[0] = ROOT

from runpod_handler import delivery, handler, training  # noqa: E402
from runpod_handler.trainee import Trainee  # noqa: E402

_job = ""  # the one that is done: a worker of this benchmark has one at a time


def note(event: str) -> None:
    """Write down that something has just happened. All processes of a machine share the monotonic clock."""
    with Path(os.environ["BENCH_TIMES"]).open("a") as file:
        file.write(json.dumps({"job": _job, "event": event, "at": time.monotonic()}) + "\n")


def watch() -> None:
    """Put the watch where the phases of a job meet."""
    fetch, hear = delivery.fetch_parts, Trainee.hear

    @functools.wraps(fetch)
    def timed_fetch(*arguments: Any) -> Path:
        folder = fetch(*arguments)
        note("fetched")
        return folder

    async def timed_hear(self: Trainee) -> bytes:
        line = await hear(self)
        if line.endswith(b"\n"):
            note(json.loads(line)["type"])
        return line

    delivery.fetch_parts = timed_fetch
    Trainee.hear = timed_hear  # type: ignore[method-assign]
    if os.environ.get("BENCH_COLD") == "1":
        handler.standby.train = training.train  # type: ignore[method-assign]
        handler.standby.keep = lambda concurrency: concurrency  # type: ignore[method-assign]
    do = handler.handler

    async def timed_handler(job: dict[str, Any]) -> dict[str, Any]:
        global _job
        _job = job["id"]
        note("begun")
        try:
            return await do(job)
        finally:
            note("answered")

    handler.handler = timed_handler


if __name__ == "__main__":
    watch()
    handler.main()
