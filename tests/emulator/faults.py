"""Faults on demand: the next matching requests are answered wrongly, late, or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import InvalidInputError
from core.records import STRICT_KEYS

PUBLIC = frozenset({"run", "runsync", "status", "stream", "cancel", "retry", "purge-queue", "health"})
WORKER = frozenset({"job-take", "job-take-batch", "job-done", "job-stream", "job-stop", "ping"})
HTML = "<!doctype html><html><body><h1>Please sign in</h1></body></html>"
Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of trouble for the requests that match.

    `http`, `html` and `drop` come instead of the service's act; with `after_accept` it acts first and its answer is
    lost. `slow` and `truncate` spoil the true answer. `delay`, alone or with any of them, makes the answer late.
    """

    match: str  # an operation, or * for all of the public API
    http: int | None = None  # answer with this status
    html: bool = False  # answer 200 with a page
    drop: bool = False  # close the connection without an answer
    slow: float | None = None  # seconds that the body takes, byte by byte
    truncate: bool = False  # half of the JSON text, correctly framed
    delay: float = 0.0  # seconds before the answer
    after_accept: bool = False
    times: int | None = 1  # None: until the faults are cleared
    skip: int = 0  # matching requests that pass first
    body: str | None = None  # of `http`
    headers: dict[str, str] = field(default_factory=dict)  # of `http` and `html`

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        if self.match not in PUBLIC | WORKER | {"*"}:
            raise InvalidInputError(f"match must be an operation or *, got {self.match!r}: {sorted(PUBLIC | WORKER)}")
        kinds = (self.http is not None) + self.html + self.drop + (self.slow is not None) + self.truncate
        if kinds > 1 or (kinds == 0 and self.delay <= 0):
            raise InvalidInputError("a fault needs exactly one of http, html, drop, slow, truncate, or a delay alone")
        if self.delay < 0 or self.skip < 0 or (self.times is not None and self.times < 1):
            raise InvalidInputError("delay and skip must be 0 or more, times 1 or more (null: until cleared)")

    @property
    def acts(self) -> bool:
        """Whether the service does what was asked."""
        return self.after_accept or not (self.http is not None or self.html or self.drop)


class FaultQueue:
    """Faults in the order they were added; the first that matches is used. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[list[Any]] = []  # [fault, skips left, times left]
        self.used = 0

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append([fault, fault.skip, fault.times])

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def left(self) -> int:
        """Return how many faults are not used up."""
        with self._lock:
            return len(self._waiting)

    def take(self, operation: str) -> Fault | None:
        """Return the fault that hits this request, if any."""
        with self._lock:
            for entry in self._waiting:
                fault: Fault = entry[0]
                if fault.match != operation and not (fault.match == "*" and operation in PUBLIC):
                    continue
                if entry[1] > 0:
                    entry[1] -= 1
                    continue
                if entry[2] is not None:
                    entry[2] -= 1
                    if entry[2] == 0:
                        self._waiting.remove(entry)
                self.used += 1
                return fault
        return None


class FaultGate:
    """ASGI middleware that lets faults happen; without one, requests pass untouched."""

    def __init__(self, app: Any, faults: FaultQueue) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        fault = self._faults.take(_operation(scope["path"])) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        status, headers, body = await self._act(scope, receive) if fault.acts else await _ignore(receive)
        await asyncio.sleep(fault.delay)
        extra = [(name.lower().encode(), value.encode()) for name, value in fault.headers.items()]
        if fault.drop:
            await _drop(send)
        elif fault.http is not None:
            text = f"emulated HTTP {fault.http}" if fault.body is None else fault.body
            await _answer(send, fault.http, [(b"content-type", b"text/plain"), *extra], text.encode())
        elif fault.html:
            await _answer(send, 200, [(b"content-type", b"text/html"), *extra], HTML.encode())
        elif fault.slow is not None:
            await _answer(send, status, headers, body, fault.slow)
        else:
            await _answer(send, status, headers, body[: len(body) // 2] if fault.truncate else body)

    async def _act(self, scope: Any, receive: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Let the service answer, and keep the answer."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        headers = [(name, value) for name, value in messages[0]["headers"] if name.lower() != b"content-length"]
        return messages[0]["status"], headers, b"".join(message.get("body", b"") for message in messages[1:])


def _operation(path: str) -> str:
    """/v2/<endpoint>/<operation>/... -> operation"""
    parts = path.split("/")
    return parts[3] if len(parts) > 3 and parts[1] == "v2" else ""


async def _ignore(receive: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Read the request to its end, so that the client is not disturbed while it sends."""
    while (await receive()).get("more_body", False):
        pass
    return 0, [], b""


async def _answer(
    send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes, seconds: float = 0.0
) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    pieces = [body[n : n + 1] for n in range(len(body))] if seconds else [body]
    for piece in pieces:
        await asyncio.sleep(seconds / len(pieces))
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _drop(send: Any) -> None:
    """Cut the connection: uvicorn's `send` is a method of the object that has it."""
    send.__self__.transport.abort()
    await asyncio.sleep(0.01)  # until uvicorn knows, else it tries to say that there was no answer
