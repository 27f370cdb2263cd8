"""The web server: `streamlit run app/server.py`. Pages and extra routes share one port."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.door.headers import SecurityHeaders, protect
from app.door.middleware import Door
from app.mounts import optuna_dashboard, tensorboard
from app.mounts.base_path import BasePath

log = logging.getLogger(__name__)
_M_ARENA_MAX = -8  # of glibc's malloc.h
_ARENAS = 2
_PATIENCE = 2  # seconds


async def healthz(_request: Request) -> Response:
    """Answer that the server is up. Check the body: Streamlit answers unknown paths with its page and status 200."""
    return JSONResponse({"status": "ok"})


async def broken(_request: Request, _error: Exception) -> Response:
    """Answer for an error that nobody caught; Starlette sends this one past every middleware."""
    answer = PlainTextResponse("Internal server error", 500)
    protect(MutableHeaders(raw=answer.raw_headers))
    return answer


def open_service() -> None:
    """Open the run service before the first visitor asks for it."""
    start_log()
    from app.state import run_service
    from core.errors import LabError

    try:
        run_service()
    except LabError as error:  # the page says the same and tries again, so the server comes up nevertheless
        log.error("%s", error)


def start_log() -> None:
    """Give the whole server one log, once the libraries have set up their own."""
    import optuna  # noqa: F401

    from core.config import Settings
    from core.errors import LabError
    from core.logs import log_file, set_up

    try:
        file = log_file(Settings.from_environment())
    except LabError:  # the page says it, and so does `open_service`
        file = None
    set_up("server", level="INFO", file=file)


def end_promptly() -> None:
    """Give answers under way two seconds when the server is stopped.

    uvicorn would wait for a stalled download for ever, and whoever runs the server would kill it before the run
    service has stored anything.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.config.timeout_graceful_shutdown = _PATIENCE


def share_heaps() -> None:
    """Let all threads share two heaps: glibc gives each its own, and a page's every refresh is a new thread.

    With five open tabs the server grew by 480 MB an hour without this, and by 80 with it.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Open the run service with the server, and close it on SIGTERM or SIGINT so that no worker outlives it.

    Opening imports Optuna and makes the tables, 0.8 s in which a visitor's browser can load the page's scripts.
    """
    share_heaps()
    end_promptly()
    opening = asyncio.create_task(run_in_threadpool(open_service))
    try:
        yield
    finally:
        await opening
        await run_in_threadpool(tensorboard.boards.close)
        await run_in_threadpool(close_service)


def close_service() -> None:
    """Stop what runs, leaving it resumable."""
    from app.state import run_service
    from core.errors import LabError

    with contextlib.suppress(LabError):
        run_service().close()


# `streamlit run` finds the application by reading this file: it has to be a plain assignment of a call.
app = st.App(
    Path(__file__).with_name("main.py"),
    lifespan=lifespan,
    middleware=[Middleware(SecurityHeaders), Middleware(Door), Middleware(BasePath)],
    exception_handlers={Exception: broken},
    routes=[Route("/healthz", healthz), *optuna_dashboard.routes(), *tensorboard.routes()],
)
