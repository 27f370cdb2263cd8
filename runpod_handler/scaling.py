"""How soon a worker asks for its next job.

RunPod's library looks once a second whether its job has ended, so half a second passes on average, at full price,
before it asks for the next one.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import Any

_log = logging.getLogger(__name__)
_LOOK = 0.05  # seconds; the program needs longer to learn of an end and to send another job


def ask_at_once() -> bool:
    """Let this process's worker ask for a job as soon as it can take one; False when the library is another one.

    The library's loop calls `set_scale` before it counts how many jobs it can take. It is let in only when that is
    one at least, so it never comes to its pause. `set_scale` is not of the library's documented interface, hence the
    care; without it all works as before, only later.
    """
    try:
        from runpod.serverless.modules import rp_scale

        scaler: Any = rp_scale.JobScaler
        set_scale = scaler.set_scale
        if not inspect.iscoroutinefunction(set_scale) or not callable(scaler.current_occupancy):
            raise AttributeError("set_scale")
    except (ImportError, AttributeError) as error:
        _log.warning("this version of RunPod's library is not known, so jobs are asked for a little later: %s", error)
        return False

    async def set_scale_when_free(self: Any) -> None:
        await set_scale(self)
        while self.is_alive() and self.current_concurrency <= _occupancy(self):
            await asyncio.sleep(_LOOK)

    scaler.set_scale = set_scale_when_free
    return True


def _occupancy(scaler: Any) -> int:
    """As `current_occupancy`, which writes a line to the log each time."""
    return int(scaler.jobs_queue.qsize() + scaler.job_progress.get_job_count())
