"""An ASGI application on a socket, served by a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import uvicorn

_T = TypeVar("_T")
_GRACE = 1.0  # seconds that requests which are being answered get at the end


class ServerThread:
    """Serves from the moment it is made until `stop`. `beside` runs in the same loop meanwhile."""

    def __init__(self, app: Any, listening: socket.socket, beside: Callable[[], Coroutine[Any, Any, None]]) -> None:
        config = uvicorn.Config(
            app,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="error",
            proxy_headers=False,
        )
        self._server = _Server(config, beside)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="emulator", daemon=True
        )
        self._thread.start()
        if not self._server.serving.wait(timeout=30):
            raise RuntimeError("the emulator's server did not start in 30 s")

    def call(self, work: Callable[[], _T]) -> _T:
        """Do something where all requests are answered, and return its result."""

        async def do() -> _T:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self._server.loop).result(timeout=30)

    def stop(self) -> None:
        """Let requests end, shortly, and close all connections."""
        with suppress(RuntimeError):  # the loop has ended already
            self._server.loop.call_soon_threadsafe(self._server.over.set)
        self._thread.join(timeout=10)


class _Server(uvicorn.Server):
    """Ends at once when told: uvicorn's own loop looks ten times a second, and a test has no time for that."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config, beside: Callable[[], Coroutine[Any, Any, None]]) -> None:
        super().__init__(config)
        self.serving = threading.Event()
        self._beside = beside

    async def main_loop(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        await self.on_tick(0)
        beside = asyncio.create_task(self._beside())
        self.serving.set()
        await self.over.wait()
        beside.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_GRACE)
        for task in self.server_state.tasks:
            task.cancel()
