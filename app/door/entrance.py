"""Logging in and out: the two addresses that the door answers by itself."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.door.locks import Locks
from app.door.login_page import login_page
from app.door.rate_limit import TryLimit
from app.door.session import SECONDS
from app.mounts.base_path import base_path

LOGIN, LOGOUT = "/login", "/logout"
_MOST = 4096  # bytes of a form
_TOO_MANY = "Too many tries. Wait {seconds} seconds, then try again."
log = logging.getLogger(__name__)


class Entrance:
    """What somebody meets who is not inside. `now`: seconds since the epoch; `clock`: of the limit on tries."""

    def __init__(
        self,
        locks: Locks,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        limit: TryLimit | None = None,
    ) -> None:
        self._locks, self._now, self._clock = locks, now, clock
        self._limit = limit or TryLimit()
        self._one: CapacityLimiter | None = None  # a check takes 32 MB and a core for a while: one at a time

    def ask(self, request: Request) -> Response:
        """Send a visitor to the log-in, and tell a script that it is needed."""
        if request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", ""):
            query = f"?{request.url.query}" if request.url.query else ""
            after = quote(quote(request.scope["path"]) + query, safe="")
            return RedirectResponse(f"{base_path()}{LOGIN}?next={after}", 303, {"Cache-Control": "no-store"})
        return PlainTextResponse("Log in first.", 401, {"Cache-Control": "no-store"})

    async def login(self, request: Request) -> Response:
        """Show the page, begin a log-in at a provider, or check the password of the form."""
        if request.method == "POST" and self._locks.password is not None:
            return await self._try_password(request)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Method not allowed", 405, {"Allow": "GET, HEAD"})
        after = safe_path(request.query_params.get("next"))
        if self._locks.admits(request.cookies, self._now()):
            return RedirectResponse(after, 303)
        oidc, provider = self._locks.oidc, request.query_params.get("with")
        if oidc is not None and provider in oidc.providers:
            return RedirectResponse(oidc.address(provider), 303, {"Cache-Control": "no-store"})
        stranger = oidc.stranger(request.cookies) if oidc is not None else None
        if stranger is not None:
            text = f"You are known as {stranger}, who may not use this lab. Ask who runs it, or use another account."
            return self._page(after, text, status=403)
        if "out" in request.query_params:
            return self._page(after, "You are logged out.", bad=False)
        return self._page(after)

    def logout(self, request: Request) -> Response:
        """End the session and forget the cookie, unless a page of somebody else asks for it."""
        if from_elsewhere(request):
            return PlainTextResponse("Log out from within the lab.", 403)
        sessions, oidc = self._locks.sessions, self._locks.oidc
        by_oidc = oidc is not None and (oidc.admits(request.cookies) or oidc.stranger(request.cookies) is not None)
        target = "/auth/logout" if by_oidc else f"{LOGIN}?out"
        answer = RedirectResponse(base_path() + target, 303, {"Cache-Control": "no-store"})
        if sessions is not None:
            sessions.end(request.cookies.get(sessions.cookie), self._now())
            answer.delete_cookie(sessions.cookie, path=base_path() or "/", httponly=True, samesite="lax")
        return answer

    async def _try_password(self, request: Request) -> Response:
        if from_elsewhere(request):
            return self._page("/", "This form was sent from another site. Log in here.", status=403)
        form = await _form(request)
        if form is None:
            return self._page("/", f"The form has more than {_MOST} bytes. Use this one.", status=413)
        after, client = safe_path(form.get("next")), request.client.host if request.client else ""
        wait = math.ceil(self._limit.wait(client, self._clock()))
        if wait > 0:
            log.warning("a log-in of %.60r has to wait %d s: too many tries", client, wait)
            page = self._page(after, _TOO_MANY.format(seconds=wait), status=429)
            page.headers["Retry-After"] = str(wait)
            return page
        if not await self._matches(form.get("password", "")):
            log.warning("a log-in of %.60r failed: wrong password", client)
            return self._page(after, "This is not the password. Try again.", status=401)
        self._limit.forgive(client)
        return self._welcome(request, after)

    async def _matches(self, password: str) -> bool:
        assert self._locks.password is not None
        self._one = self._one or CapacityLimiter(1)
        return await to_thread.run_sync(self._locks.password.matches, password, limiter=self._one)

    def _welcome(self, request: Request, after: str) -> Response:
        assert self._locks.sessions is not None
        answer = RedirectResponse(after, 303, {"Cache-Control": "no-store"})
        answer.set_cookie(
            self._locks.sessions.cookie,
            self._locks.sessions.begin(self._now()),
            max_age=int(SECONDS),
            path=base_path() or "/",
            secure=came_by_https(request),
            httponly=True,
            samesite="lax",
        )
        return answer

    def _page(self, after: str, message: str | None = None, *, bad: bool = True, status: int = 200) -> Response:
        oidc = self._locks.oidc
        return login_page(
            base_path() + LOGIN,
            after=after,
            password=self._locks.password is not None,
            providers=oidc.providers if oidc is not None else (),
            message=message,
            bad=bad,
            status=status,
        )


def safe_path(text: str | None) -> str:
    """Return where to go after the log-in: a path of this app, or its first page when `text` is anything else."""
    home = f"{base_path()}/"
    path = text or ""
    plain = path.isprintable() and "\\" not in path and not path.startswith("//") and path.startswith(home)
    return quote(path, safe="/?&=%+,:;@~!$'()*-._") if plain and urlsplit(path).path not in _own(home) else home


def from_elsewhere(request: Request) -> bool:
    """Tell whether a page of another origin made the browser send this; programs that are no browsers say nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # by https or on this machine; right also behind a proxy that changes the host
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    hosts = (request.headers.get("host"), request.headers.get("x-forwarded-host"))
    return origin is not None and urlsplit(origin).netloc not in hosts


def came_by_https(request: Request) -> bool:
    """Tell whether the visitor's browser speaks https with us, or with a proxy that says so."""
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return "https" in (request.url.scheme, forwarded)


def _own(home: str) -> tuple[str, str]:
    return home.rstrip("/") + LOGIN, home.rstrip("/") + LOGOUT


async def _form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form, the first of each name, or None when it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST:
            return None
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
