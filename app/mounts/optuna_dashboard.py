"""optuna-dashboard under /optuna on the storage of the run service, read-only unless MHL_OPTUNA_WRITE is 1.

It knows no base path: its page and its script name absolute addresses. Both are rewritten when they are served, and
each rewriting insists on what it replaces, so that a new version of optuna-dashboard fails a test and not a visitor.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.mounts.base_path import OPTUNA

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

WRITE = "MHL_OPTUNA_WRITE"
_READING = ("GET", "HEAD", "OPTIONS")
_READ_ONLY = (
    "This panel only shows the studies. Start, change and delete runs on the pages of Model Health Lab, which keep the "
    "trained files in step with the study."
)
# As upstream, and only pages of this app may show it in a frame. The parallel coordinates (WebGL) need unsafe-eval.
_CONTENT_POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "style-src 'self' data: 'unsafe-inline'",
        "script-src 'self' 'unsafe-eval'",
        "frame-ancestors 'self'",
    ]
)


class BundleChangedError(RuntimeError):
    """optuna-dashboard no longer contains what has to be rewritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The rewritten script, compressed. `etag`: changes with its content."""

    compressed: bytes
    etag: str


def routes() -> list[BaseRoute]:
    """Return the routes of the dashboard; nothing of it is imported before the first request."""
    inside = [
        Route("/", _to_dashboard),
        Route("/bundle.js", _script),
        Route("/dashboard", _page),
        Route("/dashboard/{rest:path}", _page),
        Mount("/", app=Api()),
    ]
    guarded = Mount(OPTUNA, routes=inside)
    guarded.app = ReadOnly(guarded.app)
    return [Route(OPTUNA, _to_dashboard), guarded]


class ReadOnly:
    """Refuse every request that would change something, unless MHL_OPTUNA_WRITE is 1: whoever sets it looks after
    the files of what is deleted.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 with the reason, in the form in which the dashboard shows it."""
        if scope["type"] == "http" and scope["method"] not in _READING and os.environ.get(WRITE) != "1":
            await JSONResponse({"reason": _READ_ONLY}, status_code=403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class Api:
    """The dashboard's own /api and /csv, made on the first request and anew for another storage."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[BaseStorage, Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its other pages are of no use here."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or not path.startswith(("/api/", "/csv/")):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
            return
        app = await run_in_threadpool(self._app)
        await app(scope, receive, send)

    def _app(self) -> Any:
        from a2wsgi import WSGIMiddleware

        from app.state import run_service

        storage = run_service().store.optuna_storage
        with self._lock:
            if self._made is None or self._made[0] is not storage:
                with without_scikit_learn():
                    from optuna_dashboard import wsgi  # type: ignore[import-untyped]
                self._made = (storage, WSGIMiddleware(wsgi(storage), workers=4))
            return self._made[1]


@contextmanager
def without_scikit_learn() -> Iterator[None]:
    """Keep an import of Optuna's importances from loading scikit-learn, which only those not used here need."""
    if "sklearn" in sys.modules:
        yield
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]  # Python's way to say "there is none"
    try:
        yield
    finally:
        del sys.modules["sklearn"]


@lru_cache(maxsize=2)
def bundle(prefix: str) -> Bundle:
    """Return the dashboard's script with `prefix` before its addresses. Raises BundleChangedError."""
    text = (_folder() / "public" / "bundle.js").read_text(encoding="utf-8")
    text = _replace(text, 'url_prefix:"/dashboard"', f'url_prefix:"{prefix}/dashboard"', 1)
    text = _replace(text, '(null!=e?e:"")}handleResponse(', f'("{prefix}")}}handleResponse(', 1)  # the API's base
    text = _replace(text, "`/csv/", f"`{prefix}/csv/", 2)
    data = text.encode()
    return Bundle(compressed=gzip.compress(data, 6, mtime=0), etag=f'"{hashlib.sha256(data).hexdigest()[:32]}"')


@lru_cache(maxsize=2)
def page(prefix: str) -> str:
    """Return the dashboard's page with the script's address below `prefix`. Raises BundleChangedError."""
    text = (_folder() / "index.html").read_text(encoding="utf-8")
    return _replace(text, 'src="/static/bundle.js"', f'src="{prefix}/bundle.js"', 1)


def _replace(text: str, old: str, new: str, times: int) -> str:
    if text.count(old) != times:
        raise BundleChangedError(
            f"optuna-dashboard has {old!r} {text.count(old)} times instead of {times}; install the version named in "
            "requirements.txt, or adapt app/mounts/optuna_dashboard.py"
        )
    return text.replace(old, new)


def _folder() -> Path:
    spec = find_spec("optuna_dashboard")  # finds the package without importing it
    if spec is None or spec.origin is None:
        raise BundleChangedError("optuna-dashboard is not installed; install requirements.txt")
    return Path(spec.origin).parent


async def _to_dashboard(request: Request) -> Response:
    return RedirectResponse(f"{_prefix(request)}/dashboard")


async def _page(request: Request) -> Response:
    headers = {"Content-Security-Policy": _CONTENT_POLICY, "Cache-Control": "no-cache"}
    return Response(page(_prefix(request)), media_type="text/html", headers=headers)


async def _script(request: Request) -> Response:
    script = await run_in_threadpool(bundle, _prefix(request))
    headers: dict[str, Any] = {"ETag": script.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == script.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(script.compressed), media_type="text/javascript", headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(script.compressed, media_type="text/javascript", headers=headers)


def _prefix(request: Request) -> str:
    """Return the path at which the dashboard hangs, also behind a base path."""
    return str(request.scope.get("root_path", "")).removesuffix(OPTUNA) + OPTUNA
