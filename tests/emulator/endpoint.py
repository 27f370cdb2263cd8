"""Everything that the routes of one endpoint share."""

from __future__ import annotations

import asyncio
import hmac
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from core.errors import InvalidInputError
from tests.emulator.clock import Clock
from tests.emulator.faults import FaultQueue
from tests.emulator.jobs import JobTable
from tests.emulator.knobs import Knobs
from tests.emulator.limits import RateLimiter
from tests.emulator.workers import WorkerPool


class Bell:
    """Wakes all who wait for something to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait for the next ring, not longer than `seconds`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), max(0.0, seconds))


@dataclass(slots=True, kw_only=True)
class Endpoint:
    id: str
    api_key: str = field(repr=False)  # of those who submit
    worker_key: str = field(repr=False)
    clock: Clock
    knobs: Knobs
    jobs: JobTable
    pool: WorkerPool
    faults: FaultQueue
    limiter: RateLimiter
    bell: Bell = field(default_factory=Bell)
    closing: bool = False
    lost_webhooks: list[str] = field(default_factory=list)  # jobs whose webhook never answered 200

    def holds(self, request: Request, key: str) -> bool:
        """Whether the request carries the key, with or without the word Bearer."""
        sent = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(sent.encode(), key.encode())


def problem(status: int, text: str) -> JSONResponse:
    """An error answer. What RunPod writes into it is not known."""
    return JSONResponse({"error": text}, status_code=status)


def parse(body: bytes) -> Any:
    """Read a JSON document. Raises InvalidInputError."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInputError("the request is not a JSON document") from None
