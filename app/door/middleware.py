"""The door itself: nothing on the port is answered to somebody who has not logged in, pages and websockets alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import streamlit as st
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.door.entrance import LOGIN, LOGOUT, Entrance
from app.door.locks import Locks, locks
from app.door.oidc import open_paths
from app.door.refusal import foreign_host, public_address
from app.mounts.base_path import base_path
from core.errors import LabError

HEALTH = "/healthz"
_LOOK = 2.0  # seconds after which a websocket notices that its session has ended


class Door:
    """Middleware that lets in who has logged in, or everybody on this machine when no log-in is configured.

    It also refuses to start a server that everybody could use. `now`: seconds since the epoch.
    """

    def __init__(self, app: ASGIApp, found: Locks | None = None, now: Callable[[], float] = time.time) -> None:
        self.app, self._now = app, now
        self._fault: str | None = None
        try:
            self._locks = found or locks()
            if not self._locks.closed and not self._locks.anybody:
                self._fault = public_address(st.get_option("server.address"))
        except LabError as error:
            self._locks, self._fault = Locks(), str(error)
        self._entrance = Entrance(self._locks, now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may come in."""
        if scope["type"] == "lifespan":
            await self._start(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if self._passes(connection):
            if scope["type"] == "websocket" and self._locks.closed:
                receive = self._watched(connection.cookies, receive, send)
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            answer = await self._answer(Request(scope, receive))
            await answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser sees a 403

    async def _start(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._fault is None:
            await self.app(scope, receive, send)
            return
        await receive()
        message = f"Model Health Lab does not start: {self._fault}"
        await send({"type": "lifespan.startup.failed", "message": message})

    def _passes(self, connection: HTTPConnection) -> bool:
        base, path = base_path(), connection.scope["path"]
        if self._fault is not None:  # a server that did not ask us whether it may start
            return False
        if path in (HEALTH, base + HEALTH):
            return True
        if not self._locks.closed:
            return self._locks.anybody or foreign_host(connection.headers.get("host")) is None
        if path in (base + LOGIN, base + LOGOUT):
            return False
        if self._locks.oidc is not None and path in open_paths(base):
            return True
        return self._locks.admits(connection.cookies, self._now())

    async def _answer(self, request: Request) -> Response:
        base, path = base_path(), request.scope["path"]
        if self._fault is not None:
            return PlainTextResponse("This lab is not set up; its log says why.", 503)
        if not self._locks.closed:
            return PlainTextResponse(foreign_host(request.headers.get("host")) or "", 403)
        if path == base + LOGIN:
            return await self._entrance.login(request)
        if path == base + LOGOUT:
            return self._entrance.logout(request)
        return self._entrance.ask(request)

    def _watched(self, cookies: Mapping[str, str], receive: Receive, send: Send) -> Receive:
        """Return a `receive` that hangs up once the cookies no longer admit anybody."""

        async def watched() -> Message:
            coming = asyncio.ensure_future(receive())
            try:
                while True:
                    done, _ = await asyncio.wait({coming}, timeout=_LOOK)
                    if done and coming.result()["type"] == "websocket.disconnect":
                        return coming.result()
                    if not self._locks.admits(cookies, self._now()):
                        await send({"type": "websocket.close", "code": 1008})
                        return {"type": "websocket.disconnect", "code": 1008}
                    if done:
                        return coming.result()
            finally:
                coming.cancel()

        return watched
