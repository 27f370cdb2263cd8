"""The path that the whole app may live under (`--server.baseUrlPath lab`), also for routes of our own.

Streamlit puts it before its own routes only, and matches those that are given to `st.App` without it.
"""

from __future__ import annotations

import streamlit as st
from starlette.types import ASGIApp, Receive, Scope, Send

OPTUNA = "/optuna"
TENSORBOARD = "/tensorboard"
OWN_ROUTES = ("/healthz", OPTUNA, TENSORBOARD)


def base_path() -> str:
    """Return what stands before every path: nothing, or something like `/lab`."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


class BasePath:
    """Middleware that makes our own routes match below the base path; Streamlit's are left alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Declare the base path as the place where the app is mounted, which routes then look beyond."""
        base = base_path()
        if base and scope["type"] == "http" and _own(scope["path"].removeprefix(base), scope["path"]):
            scope = dict(scope, root_path=base)
        await self.app(scope, receive, send)


def _own(rest: str, path: str) -> bool:
    return rest != path and any(rest == route or rest.startswith(f"{route}/") for route in OWN_ROUTES)
