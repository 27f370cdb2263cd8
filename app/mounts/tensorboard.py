"""TensorBoard of a run under /tensorboard/{run}/: requests are passed on to its process."""

from __future__ import annotations

import html
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from app.mounts.base_path import TENSORBOARD
from app.mounts.tensorboard_processes import TensorBoards
from core.errors import LabError

_METHODS = ["GET", "HEAD", "POST"]  # its pages read by POST as well; it has nothing to write
_BODY_LIMIT = 2**20
_CHUNK = 2**16
_TIMEOUT = 60.0
# Of one connection only, or none of TensorBoard's business
_NOT_PASSED_ON = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "cookie",
    "authorization",
    "content-length",
}
_NOT_PASSED_BACK = _NOT_PASSED_ON - {"content-length"} | {"server", "date", "set-cookie"}

boards = TensorBoards()


def routes() -> list[BaseRoute]:
    """Return the routes; a run's TensorBoard is started by the first request for it."""
    return [
        Route(TENSORBOARD, _which, methods=["GET"]),
        Route(f"{TENSORBOARD}/", _which, methods=["GET"]),
        Route(f"{TENSORBOARD}/{{run}}", _to_folder, methods=["GET"]),
        Route(f"{TENSORBOARD}/{{run}}/{{rest:path}}", _pass_on, methods=_METHODS),
    ]


def logs_of(run: str) -> Path:
    """Return the folder with the logs of a run. Raises LabError unless the store knows a run of this name."""
    from app.state import run_service
    from core.artifacts import RunFolder
    from core.config import check_run_name

    check_run_name(run)
    service = run_service()
    folder = RunFolder(service.settings, run).trials
    try:
        service.store.run(run)
    except LabError:
        boards.end(folder)  # it was deleted meanwhile
        raise
    return folder


async def _which(_request: Request) -> Response:
    return _message(404, "Which run?", "Open TensorBoard with the button beside a run.")


async def _to_folder(request: Request) -> Response:
    return RedirectResponse(f"{quote(request.scope['path'])}/")


async def _pass_on(request: Request) -> Response:
    run = request.path_params["run"]
    path = request.scope["path"]
    prefix = path.removesuffix("/" + request.path_params["rest"])
    try:
        logs = await run_in_threadpool(logs_of, run)
    except LabError as error:
        return _message(404, "There is no such run", str(error))
    body = await _body(request)
    if body is None:
        return _message(413, "Too much", f"A request may have {_BODY_LIMIT} bytes.")
    try:
        port = await run_in_threadpool(boards.port, logs, prefix)
        if port is None:
            return _starting()
        connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
        answer = await run_in_threadpool(_ask, connection, request, body)
    except LabError as error:
        return _message(502, "TensorBoard does not run", str(error))
    except (OSError, HTTPException):  # it ended at this moment
        return _starting()
    headers = {name: value for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_BACK}
    if path == f"{prefix}/":
        page = await run_in_threadpool(answer.read)
        return _page(page, answer.status, headers)
    return StreamingResponse(_chunks(connection, answer), answer.status, headers)


def _ask(connection: HTTPConnection, request: Request, body: bytes) -> HTTPResponse:
    query = request.url.query
    target = quote(request.scope["path"]) + (f"?{query}" if query else "")
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
    connection.request(request.method, target, body or None, headers)
    return connection.getresponse()


def _chunks(connection: HTTPConnection, answer: HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := answer.read(_CHUNK):
            yield chunk
    finally:
        connection.close()


def _page(page: bytes, status: int, headers: dict[str, str]) -> Response:
    """Return TensorBoard's page; it asks for its fonts at the root of the server, where they are not."""
    kept = {
        name: value for name, value in headers.items() if name.lower() not in ("content-length", "content-encoding")
    }
    return Response(page.replace(b"url(/font-roboto/", b"url(font-roboto/"), status, kept)


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            return None
    return bytes(body)


def _starting() -> Response:
    return _message(503, "TensorBoard is starting", "This takes a few seconds. The page reloads by itself.", refresh=2)


def _message(status: int, title: str, text: str, refresh: int | None = None) -> Response:
    """Return a plain page that is legible in light and dark."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(title)}</title>"
        '<body style="font-family: sans-serif; padding: 2rem; max-width: 40rem">'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></body></html>"
    )
    headers = {"Cache-Control": "no-store"} | ({"Refresh": str(refresh)} if refresh else {})
    return HTMLResponse(page, status, headers)
