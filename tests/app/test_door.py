"""The door: nobody comes in without the password, on whatever address, and no server stands open to the world."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import secrets
import stat
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import config as streamlit_config
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from app.door import middleware, oidc
from app.door.entrance import Entrance, safe_path
from app.door.headers import SecurityHeaders
from app.door.locks import Locks, locks
from app.door.middleware import Door
from app.door.oidc import Oidc
from app.door.password import configured_password
from app.door.rate_limit import TryLimit
from app.door.refusal import allowed_open, foreign_host, is_local, public_address
from app.door.session import SECONDS, Sessions
from app.mounts import optuna_dashboard, tensorboard
from app.mounts.base_path import BasePath
from core import passwords
from core.errors import InvalidInputError, LabError
from core.passwords import PasswordHash
from tests.conftest import REPOSITORY
from tests.e2e.harness import LabServer, lab_server

PASSWORD = "three loud old clocks"
CLOSED = (
    "/",
    "/runs",
    "/_stcore/health",
    "/_stcore/host-config",
    "/media/abc.png",
    "/component/streamlit_agraph.agraph/index.html",
    "/static/js/index.js",
    "/optuna",
    "/optuna/dashboard",
    "/optuna/api/studies",
    "/optuna/csv/1",
    "/tensorboard",
    "/tensorboard/digits/",
    "/healthz/",
    "//healthz",
    "/auth/login",
    "/login/x",
)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture(scope="module")
def hashed() -> PasswordHash:
    """A hash that is cheap to try; the real cost is that of the server below."""
    salt = b"0123456789abcdef"
    return PasswordHash(2**14, 8, 1, salt, passwords._scrypt(PASSWORD, salt, 2**14, 8, 1, 32))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def closed(tmp_path: Path, hashed: PasswordHash) -> Locks:
    return Locks(password=hashed, sessions=Sessions(tmp_path / "door", hashed))


@pytest.fixture
def base() -> Iterator[str]:
    """A lab that lives below /lab."""
    streamlit_config.set_option("server.baseUrlPath", "lab")
    yield "/lab"
    streamlit_config.set_option("server.baseUrlPath", "")


def house(found: Locks, clock: Callable[[], float]) -> Starlette:
    """Something to protect behind the door, as in `app.server`."""

    async def inside(request: Request) -> Response:
        return PlainTextResponse(f"inside {request.url.path}")

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.send_text(await socket.receive_text())

    routes = [
        Route("/healthz", inside),
        *optuna_dashboard.routes(),
        *tensorboard.routes(),
        WebSocketRoute("/_stcore/stream", echo),
        Route("/{rest:path}", inside, methods=["GET", "POST", "PUT", "DELETE"]),
    ]
    door = Middleware(Door, found=found, now=clock)
    return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders), door, Middleware(BasePath)])


def visitor(found: Locks, clock: Callable[[], float], **options: object) -> TestClient:
    return TestClient(house(found, clock), follow_redirects=False, **options)  # type: ignore[arg-type]


def enter(client: TestClient, password: str = PASSWORD, base: str = "", **headers: str) -> int:
    form = {"password": password, "next": f"{base}/runs?run=a"}
    return client.post(f"{base}/login", data=form, headers=headers).status_code


# The password


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_N", 2**14)
    monkeypatch.setattr(passwords, "_P", 1)


def test_a_hash_knows_its_password_only(cheap: None) -> None:
    stored = PasswordHash.of(PASSWORD)
    again = PasswordHash.parse(f" {stored}\n")
    assert again == stored and again.matches(PASSWORD)
    assert not any(again.matches(other) for other in ("", PASSWORD[:-1], PASSWORD + " ", "x" * 10_000))
    assert str(PasswordHash.of(PASSWORD)) != str(stored)  # another salt
    assert PASSWORD not in str(stored) and str(stored).split("$")[5] not in repr(stored)


def test_accents_may_be_composed_either_way(cheap: None) -> None:
    assert PasswordHash.of("caf\u00e9 caf\u00e9 caf\u00e9").matches("cafe\u0301 cafe\u0301 cafe\u0301")


@pytest.mark.parametrize("password", ["", "too short", "x" * 201])
def test_a_password_of_the_wrong_length_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError, match=f"{len(password)} characters; use 10 to 200"):
        PasswordHash.of(password)


@pytest.mark.parametrize(
    "text",
    ["", "secret", "md5$1$2$3$c2FsdHNhbHQ=$aGFzaA==", "scrypt$x$8$1$c2FsdHNhbHQ=$c2FsdHNhbHRzYWx0c2FsdA==",
     "scrypt$1024$8$1$c2FsdHNhbHQ=$c2FsdHNhbHRzYWx0c2FsdA==", "scrypt$16385$8$1$c2FsdHNhbHQ=$c2FsdHNhbHRzYWx0c2FsdA==",
     "scrypt$1048576$32$1$c2FsdHNhbHQ=$c2FsdHNhbHRzYWx0c2FsdA==", "scrypt$16384$8$1$$", "scrypt$16384$8$1$&$&"],
)  # fmt: skip
def test_another_hash_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidInputError, match="python -m core password") as caught:
        configured_password({"MHL_PASSWORD_HASH": text or "$"})
    assert "MHL_PASSWORD_HASH" in str(caught.value) and (not text or text not in str(caught.value))


def test_the_hash_may_lie_in_a_file(tmp_path: Path, hashed: PasswordHash) -> None:
    file = tmp_path / "hash"
    with pytest.raises(InvalidInputError, match="No such file"):
        configured_password({"MHL_PASSWORD_HASH_FILE": str(file)})
    file.write_text(f"{hashed}\n")
    assert configured_password({"MHL_PASSWORD_HASH_FILE": str(file)}) == hashed
    assert configured_password({}) is None
    with pytest.raises(InvalidInputError, match="both set"):
        configured_password({"MHL_PASSWORD_HASH_FILE": str(file), "MHL_PASSWORD_HASH": str(hashed)})


# Sessions


def test_a_session_ends_after_its_time_or_before(tmp_path: Path, hashed: PasswordHash) -> None:
    sessions = Sessions(tmp_path / "door", hashed)
    cookie = sessions.begin(1000.0)
    assert sessions.valid(cookie, 1000.0) and sessions.valid(cookie, 999.0 + SECONDS)
    assert not sessions.valid(cookie, 1000.0 + SECONDS)
    later = cookie.replace(str(int(1000 + SECONDS)), str(int(2000 + SECONDS)))
    for forged in (None, "", ".", "..", later, cookie[:-1], cookie + "0", cookie.upper(), "é.é.é"):
        assert not sessions.valid(forged, 1000.0)
    assert Sessions(tmp_path / "door", hashed).valid(cookie, 1000.0)  # after a restart
    other = sessions.begin(1000.0)
    sessions.end(cookie, 1000.0)
    sessions.end("nonsense", 1000.0)
    for restarted in (sessions, Sessions(tmp_path / "door", hashed)):
        assert not restarted.valid(cookie, 1000.0) and restarted.valid(other, 1000.0)


def test_another_password_or_another_lab_knows_no_session(tmp_path: Path, hashed: PasswordHash) -> None:
    sessions = Sessions(tmp_path / "door", hashed)
    changed = Sessions(tmp_path / "door", PasswordHash(2**14, 8, 1, hashed.salt, b"other" * 7))
    elsewhere = Sessions(tmp_path / "other", hashed)
    for other in (changed, elsewhere):
        assert not other.valid(sessions.begin(0.0), 0.0) and other.cookie != sessions.cookie


def test_the_key_is_for_this_user_only(tmp_path: Path, hashed: PasswordHash) -> None:
    Sessions(tmp_path / "door", hashed)
    key = tmp_path / "door" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert len(bytes.fromhex(key.read_text())) == 32
    key.write_text("00")
    with pytest.raises(LabError, match="1 bytes instead of 32"):
        Sessions(tmp_path / "door", hashed)
    key.write_text("no key")
    with pytest.raises(LabError, match="cannot be used"):
        Sessions(tmp_path / "door", hashed)


# Tries


def test_tries_are_counted_for_each_client_and_for_all() -> None:
    limit = TryLimit(each=2, all=5, seconds=60.0)
    assert [limit.wait("a", 0.0), limit.wait("a", 10.0)] == [0.0, 0.0]
    assert limit.wait("a", 20.0) == 40.0 and limit.wait("b", 20.0) == 0.0
    assert limit.wait("a", 60.0) == 0.0  # the first try is forgotten; a try that had to wait never counted
    assert [limit.wait("c", 60.0), limit.wait("d", 60.0)] == [0.0, 0.0]
    assert limit.wait("e", 61.0) > 0  # a, a, b, c, d
    limit.forgive("d")
    assert limit.wait("e", 61.0) == 0.0


def test_addresses_of_one_customer_count_together() -> None:
    limit = TryLimit(each=1)
    assert limit.wait("2001:db8::1", 0.0) == 0.0 and limit.wait("2001:db8::2", 0.0) > 0
    assert limit.wait("2001:db8:0:1::1", 0.0) == 0.0
    assert limit.wait("::ffff:192.0.2.1", 0.0) == 0.0 and limit.wait("::ffff:192.0.2.2", 0.0) == 0.0
    assert limit.wait("192.0.2.1", 0.0) > 0


def test_after_five_wrong_passwords_even_the_right_one_waits(
    closed: Locks, hashed: PasswordHash, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ticks, tried = Clock(), []
    monkeypatch.setattr(middleware, "Entrance", lambda found, now: Entrance(found, now, ticks))
    monkeypatch.setattr(PasswordHash, "matches", lambda _self, word: tried.append(word) or word == PASSWORD)
    client = visitor(closed, time.time)
    assert [enter(client, f"wrong {n}") for n in range(5)] == [401] * 5
    answer = client.post("/login", data={"password": PASSWORD})
    assert answer.status_code == 429 and answer.headers["retry-after"] == "60" and "Wait 60 seconds" in answer.text
    assert len(tried) == 5  # the sixth costs nothing
    ticks.time += 60.0
    assert enter(client) == 303
    assert "wrong password" in caplog.text and "wrong 1" not in caplog.text and PASSWORD not in caplog.text


# The door


@pytest.mark.parametrize("path", CLOSED)
def test_everything_is_closed(closed: Locks, clock: Clock, path: str) -> None:
    client = visitor(closed, clock)
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        scripted = client.request(method, f"http://testserver{path}")
        assert scripted.status_code == 401 and scripted.text == "Log in first."
    page = client.get(f"http://testserver{path}?a=1", headers={"Accept": "text/html,*/*"})
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(page.headers["location"]).query)
    assert page.status_code == 303 and page.headers["location"].startswith("/login?next=")
    assert query["next"] == [f"{path}?a=1"]


def test_only_health_is_open(closed: Locks, clock: Clock) -> None:
    client = visitor(closed, clock)
    assert client.get("/healthz").text == "inside /healthz"
    assert client.get("/healthz/%2e%2e/optuna").status_code == client.get("/%68ealthz%2f").status_code == 401
    page = client.get("/login?next=/runs")
    assert page.status_code == 200 and 'value="/runs"' in page.text and page.headers["cache-control"] == "no-store"
    assert client.request("DELETE", "/login").status_code == 405


def test_the_password_opens_and_logging_out_closes(closed: Locks, clock: Clock) -> None:
    client = visitor(closed, clock)
    assert enter(client, "wrong") == 401 and not client.cookies
    answer = client.post("/login", data={"password": PASSWORD, "next": "/runs?run=a"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs?run=a")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Max-Age=43200" in cookie and "Secure" not in cookie
    assert client.get("/runs").text == "inside /runs"
    assert client.get("/login?next=/data").headers["location"] == "/data"
    assert client.get("/tensorboard").status_code == 404  # its own answer
    kept = dict(client.cookies)
    assert client.get("/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get("/runs").status_code == 200
    out = client.get("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert (out.status_code, out.headers["location"]) == (303, "/login?out") and not client.cookies
    client.cookies.update(kept)
    assert client.get("/runs").status_code == 401  # a copy of the cookie is worth nothing


def test_expired_and_forged_cookies_open_nothing(closed: Locks, clock: Clock) -> None:
    client = visitor(closed, clock)
    enter(client)
    clock.time += SECONDS
    assert client.get("/runs").status_code == 401
    clock.time -= SECONDS
    ((name, value),) = client.cookies.items()
    assert client.get("/runs").status_code == 200
    client.cookies.clear()
    client.cookies.set(name, value[:-4] + ("0000" if value[-4:] != "0000" else "1111"))
    assert client.get("/runs").status_code == 401
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
        pass


def test_cookies_are_for_https_where_the_visitor_uses_it(closed: Locks, clock: Clock) -> None:
    for client, headers in (
        (visitor(closed, clock, base_url="https://testserver"), {}),
        (visitor(closed, clock), {"X-Forwarded-Proto": "https"}),
    ):
        answer = client.post("/login", data={"password": PASSWORD}, headers=headers)
        assert "Secure" in answer.headers["set-cookie"]


def test_forms_of_other_sites_are_refused(closed: Locks, clock: Clock) -> None:
    client = visitor(closed, clock)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}):
        assert enter(client, **headers) == 403
    assert not client.cookies
    assert enter(client, Origin="http://testserver") == 303
    assert enter(client, Origin="https://lab.example", **{"Sec-Fetch-Site": "same-origin"}) == 303  # behind a proxy


def test_a_form_that_is_too_long_or_odd(closed: Locks, clock: Clock) -> None:
    client = visitor(closed, clock)
    assert client.post("/login", content=b"password=" + b"x" * 5000).status_code == 413
    for body in (b"", b"\xff\xfe", b"&".join(b"a=1" for _ in range(50)), b"password"):
        assert client.post("/login", content=body).status_code in (401, 429)


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [("/runs?run=a%20b&view=x", "/runs?run=a%20b&view=x"), (None, "/"), ("//evil.example", "/"), ("/\\evil", "/"),
     ("https://evil.example", "/"), ("/a\r\nSet-Cookie: x", "/"), ("javascript:alert(1)", "/"), ("/login", "/"),
     ("/logout?x", "/"), ('/"><script>', "/%22%3E%3Cscript%3E")],
)  # fmt: skip
def test_where_a_log_in_leads(wanted: str | None, reached: str) -> None:
    assert safe_path(wanted) == reached


def test_below_a_base_path(closed: Locks, clock: Clock, base: str) -> None:
    client = visitor(closed, clock)
    for path in ("/", "/lab", "/lab/", "/lab/optuna/dashboard", "/optuna/dashboard", "/lab/tensorboard/a/", "/login"):
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 303 and page.headers["location"].startswith("/lab/login?next=")
    assert client.get("/lab/healthz").status_code == client.get("/healthz").status_code == 200
    assert 'action="/lab/login"' in client.get("/lab/login").text
    answer = client.post("/lab/login", data={"password": PASSWORD, "next": "/elsewhere"})
    assert answer.headers["location"] == "/lab/" and "Path=/lab;" in answer.headers["set-cookie"]
    assert client.get("/lab/optuna").headers["location"] == "/lab/optuna/dashboard"
    assert client.get("/lab/logout").headers["location"] == "/lab/login?out"


def test_a_websocket_hangs_up_when_its_session_ends(
    closed: Locks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "_LOOK", 0.05)
    assert closed.sessions is not None
    cookie = f"{closed.sessions.cookie}={closed.sessions.begin(clock())}".encode()
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"cookie", cookie)], "subprotocols": []}

    async def life(last_words: bool) -> list[str]:
        inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        sent: list[str] = []

        async def send(message: MutableMapping[str, object]) -> None:
            sent.append(f"{message['type']} {message.get('text') or message.get('code') or ''}")

        for message in ({"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}):
            inbox.put_nowait(message)
        serving = asyncio.create_task(house(closed, clock)(dict(scope), inbox.get, send))
        await asyncio.sleep(0.1)
        clock.time += SECONDS
        if last_words:  # what is said after the end is not heard
            inbox.put_nowait({"type": "websocket.receive", "text": "again"})
        await asyncio.wait_for(serving, 5)
        clock.time -= SECONDS
        return sent

    for last_words in (False, True):
        sent = asyncio.run(life(last_words))
        assert sent == ["websocket.accept ", "websocket.send hello", "websocket.close 1008"]


# Servers without a door


def test_which_addresses_are_local() -> None:
    assert all(map(is_local, ("localhost", "127.0.0.1", "127.8.8.8", "::1")))
    assert not any(map(is_local, ("", "0.0.0.0", "::", "192.168.1.2", "lab", "localhost.example", "::ffff:8.8.8.8")))
    for address in (None, "", "0.0.0.0", "::"):
        reason = public_address(address) or ""
        assert "--server.address localhost" in reason and "python -m core password" in reason
    assert "'0.0.0.0'" in (public_address("0.0.0.0") or "") and "not set" in (public_address(None) or "")
    assert public_address("localhost") is None


def test_an_open_server_answers_to_its_own_name_only(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "get_option", lambda _name: "localhost")
    client = visitor(Locks(), clock, base_url="http://localhost:8501")
    assert client.get("/runs").text == "inside /runs"
    for host in ("evil.example", "192.168.1.2:8501", "", "["):
        answer = client.get("/runs", headers={"Host": host})
        assert answer.status_code == 403 and "MHL_ALLOW_OPEN" in answer.text
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream", headers={"Host": host}):
            pass
    assert foreign_host("[::1]:8501") is None and foreign_host(None) is not None
    assert visitor(Locks(anybody=True), clock).get("/runs", headers={"Host": "lab.example"}).status_code == 200


@pytest.mark.parametrize(("environ", "starts"), [({}, False), ({"MHL_ALLOW_OPEN": "1"}, True)])
def test_who_listens_to_the_world_needs_a_door(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, environ: dict[str, str], starts: bool
) -> None:
    monkeypatch.setattr(st, "get_option", lambda name: "0.0.0.0" if name == "server.address" else "")
    client = visitor(Locks(anybody=allowed_open(environ)), clock)
    if starts:
        with client:
            assert client.get("/runs").status_code == 200
    else:
        assert client.get("/healthz").status_code == 503  # of a server that never asked whether it may start
    with pytest.raises(InvalidInputError, match="must be 1 or 0, got 'yes'"):
        allowed_open({"MHL_ALLOW_OPEN": "yes"})


def test_a_public_server_without_a_door_ends_at_once(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MHL_")}
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.port", "0"],
        cwd=REPOSITORY,
        env=clean | {"MHL_DATA_DIR": str(tmp_path / "data"), "MHL_RESULTS_DIR": str(tmp_path / "results")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "server.address is not set" in done.stderr and "MHL_ALLOW_OPEN=1" in done.stderr
    assert "Traceback" not in done.stderr


# OpenID Connect

SECRET = "a secret of forty characters, all random"
ORIGIN = "https://lab.example"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Oidc:
    monkeypatch.setattr(oidc, "generate_login_redirect_url", lambda name: f"/auth/login?provider={name}")
    return Oidc(cookie_secret=SECRET, origin=ORIGIN, providers=("default",), users=("anna@lab.example", "@uni.example"))


def streamlit_cookies(secret: str = SECRET, **claims: object) -> dict[str, str]:
    """The cookies that Streamlit's own code makes after a log-in."""
    made: dict[str, str] = {}

    def sign(name: str, value: str) -> bytes:
        return create_signed_value(secret, name, value)

    person = {"email": "anna@lab.example", "origin": ORIGIN, "is_logged_in": True, "provider": "default"} | claims
    set_cookie_with_chunks(
        lambda name, value: made.update({name: sign(name, value).decode()}),
        sign,
        USER_COOKIE_NAME,
        person,
        cookie_attr_size=80,
    )
    return made


def test_the_cookie_of_streamlit_opens_the_door(provider: Oidc) -> None:
    assert provider.admits(streamlit_cookies()) and provider.admits(streamlit_cookies(email="Bo@UNI.example"))
    long = streamlit_cookies(groups=[secrets.token_hex(20) for _ in range(200)])
    assert len(long) > 2 and provider.admits(long)
    long.popitem()
    assert not provider.admits(long)
    for wrong in (
        {},
        {USER_COOKIE_NAME: "nonsense"},
        {USER_COOKIE_NAME: "é"},
        streamlit_cookies(secret="another secret of forty characters, too"),
        streamlit_cookies(is_logged_in=False),
        streamlit_cookies(is_logged_in="yes"),
        streamlit_cookies(origin="https://other.example"),
        streamlit_cookies(email="eve@lab.example"),
        streamlit_cookies(email="eve@notuni.example"),
        streamlit_cookies(email_verified=False),
        streamlit_cookies(email=None),
        {"_streamlit_user_tokens": streamlit_cookies()[USER_COOKIE_NAME]},
    ):
        assert not provider.admits(wrong)


def test_the_cookie_of_streamlit_expires_after_twelve_hours(provider: Oidc, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies, now = streamlit_cookies(), time.time()
    monkeypatch.setattr(time, "time", lambda: now + SECONDS - 60)
    assert provider.admits(cookies)
    monkeypatch.setattr(time, "time", lambda: now + SECONDS + 60)
    assert not provider.admits(cookies)


def test_with_oidc_everything_is_closed_but_the_way_to_the_provider(provider: Oidc, clock: Clock) -> None:
    client = visitor(Locks(oidc=provider), clock)
    for path in set(CLOSED) - {"/auth/login"}:
        assert client.get(f"http://testserver{path}").status_code == 401
    for path in ("/auth/login", "/auth/logout", "/oauth2callback", "/healthz"):
        assert client.get(path).status_code == 200
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
        pass
    page = client.get("/login").text
    assert "password" not in page and "/login?with=default" in page
    assert client.get("/login?with=default").headers["location"] == "/auth/login?provider=default"
    assert client.get("/login?with=nobody").status_code == 200
    assert client.post("/login", data={"password": PASSWORD}).status_code == 405
    client.cookies.update(streamlit_cookies())
    assert client.get("/runs").text == "inside /runs"
    assert client.get("/logout").headers["location"] == "/auth/logout"
    client.cookies.update(streamlit_cookies(email="<eve>@evil.example"))
    refused = client.get("/login")
    assert refused.status_code == 403 and "&lt;eve&gt;@evil.example, who may not" in refused.text


def test_password_and_oidc_open_the_same_door(closed: Locks, provider: Oidc, clock: Clock) -> None:
    client = visitor(Locks(password=closed.password, sessions=closed.sessions, oidc=provider), clock)
    assert {"Password", "/login?with=default"} <= {
        x for x in ("Password", "/login?with=default") if x in client.get("/login").text
    }
    assert enter(client) == 303 and client.get("/optuna").status_code == 307


def test_what_cannot_be_safe_is_not_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"redirect_uri": f"{ORIGIN}/oauth2callback", "cookie_secret": SECRET, "client_id": "x"}
    auth: dict[str, object] = {}
    monkeypatch.setattr(oidc, "get_secrets_auth_section", lambda: auth)
    monkeypatch.setattr(oidc, "get_redirect_uri", lambda section: section.get("redirect_uri"))
    assert Oidc.configured({}) is None
    auth |= good
    monkeypatch.setattr(oidc, "is_authlib_installed", lambda: False)
    with pytest.raises(InvalidInputError, match="Authlib"):
        Oidc.configured({})
    monkeypatch.setattr(oidc, "is_authlib_installed", lambda: True)
    found = Oidc.configured({"MHL_OIDC_USERS": "Anna@lab.example, @uni.example"})
    assert found == Oidc(SECRET, ORIGIN, ("default",), ("anna@lab.example", "@uni.example"))
    assert SECRET not in repr(found)
    for change, rule in (
        ({"cookie_secret": "short"}, "5 characters; use 32"),
        ({"redirect_uri": f"{ORIGIN}/elsewhere"}, "/oauth2callback"),
        ({"client_id": ""}, "names no provider"),
    ):
        auth |= good | change
        with pytest.raises(InvalidInputError, match=rule):
            Oidc.configured({})
    auth |= {**good, "client_id": "", "google": {"client_id": "y"}}
    named = Oidc.configured({})
    assert named is not None and named.providers == ("google",)
    with pytest.raises(InvalidInputError, match="'anna'"):
        Oidc.configured({"MHL_OIDC_USERS": "anna"})


# From inside a page


def inside_script() -> None:
    import streamlit as st

    from app.door.inside import door

    door()
    st.write("the page")


def test_a_page_shows_the_way_out(closed: Locks, provider: Oidc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.door.inside.locks", lambda: Locks())
    page = AppTest.from_function(inside_script).run()
    assert [text.value for text in page.markdown] == ["the page"] and not page.get("html")
    monkeypatch.setattr("app.door.inside.locks", lambda: closed)
    page.run()
    assert 'href="/logout"' in page.get("html")[0].proto.body and page.markdown[0].value == "the page"
    monkeypatch.setattr("app.door.inside.locks", lambda: Locks(oidc=provider))
    monkeypatch.setattr("app.door.inside._known", lambda _: False)
    page.run()
    assert page.title[0].value == "Log in" and page.button[0].label == "Log in"
    assert not [text for text in page.markdown if text.value == "the page"]


# A real server, with a hash that the command made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    folder = tmp_path_factory.mktemp("door")
    made = subprocess.run(
        [sys.executable, "-m", "core", "password", "--file", str(folder / "hash")],
        cwd=REPOSITORY, input=f"{PASSWORD}\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made.stdout == f"MHL_PASSWORD_HASH_FILE={folder / 'hash'}\n" and PASSWORD not in made.stderr
    assert stat.S_IMODE((folder / "hash").stat().st_mode) == 0o600
    with lab_server(folder, {"MHL_PASSWORD_HASH_FILE": str(folder / "hash"), "MHL_PASSWORD_HASH": ""}) as running:
        yield running


def test_the_real_server_is_closed_until_the_password_opens_it(served: LabServer) -> None:
    def ask(method: str, path: str, body: str | None = None, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said.append(str(answer.getheaders()) + answer.read().decode("utf-8", "replace"))
        connection.close()
        return answer

    said: list[str] = []
    stream = f"ws://127.0.0.1:{served.port}/_stcore/stream"
    for path in ("/", "/_stcore/health", "/media/a", "/_stcore/upload_file/a/b", "/optuna/api/studies", "/static/js/a"):
        assert ask("GET", path).status == 401
    assert ask("PUT", "/_stcore/upload_file/a/b", "data").status == 401
    with pytest.raises(InvalidStatus) as refused:
        connect(stream, subprotocols=["streamlit"])  # type: ignore[list-item]
    assert refused.value.response.status_code == 403
    assert ask("POST", "/login", "password=wrong").status == 401
    form = urllib.parse.urlencode({"password": PASSWORD})
    cookie = (ask("POST", "/login", form).getheader("Set-Cookie") or "").split(";")[0]
    assert ask("GET", "/optuna/api/studies", Cookie=cookie).status == 200
    assert ask("GET", "/runs", Cookie=cookie).status == 200
    with connect(stream, subprotocols=["streamlit"], additional_headers={"Cookie": cookie}) as socket:  # type: ignore[list-item]
        assert ask("GET", "/logout", Cookie=cookie).status == 303
        assert ask("GET", "/optuna/api/studies", Cookie=cookie).status == 401
        with pytest.raises(ConnectionClosedError, match="1008"):
            while True:
                socket.recv(timeout=10)
    stored = (served.data_dir.parent / "hash").read_text().strip()
    key = (served.data_dir / ".door" / "key").read_text()
    log = served.log.read_text(errors="replace")
    for secret in (PASSWORD, stored, stored.split("$")[5], key, cookie.partition("=")[2]):
        assert secret not in log
    for secret in (PASSWORD, stored, stored.split("$")[5], key):
        assert not any(secret in text for text in said)
    assert "wrong password" in log


def test_the_command_asks_twice_without_showing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.cli import main

    answers = iter([PASSWORD, PASSWORD, PASSWORD, "something else", "short", "short"])
    monkeypatch.setattr("core.cli.password.getpass.getpass", lambda _prompt: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert main(["password"]) == 0
    name, _, value = capsys.readouterr().out.strip().partition("=")
    assert name == "MHL_PASSWORD_HASH" and PasswordHash.parse(value.strip("'")).matches(PASSWORD)
    assert main(["password"]) == 2 and "differ" in capsys.readouterr().err
    assert main(["password"]) == 2 and "5 characters" in capsys.readouterr().err


def test_the_locks_are_read_from_the_environment(
    tmp_path: Path, hashed: PasswordHash, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MHL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MHL_PASSWORD_HASH", str(hashed))
    locks.cache_clear()
    try:
        found = locks()
        assert found.closed and found.sessions is not None and found.password == hashed
        assert str(hashed) not in repr(found) and (tmp_path / ".door" / "key").is_file()
        assert not Locks.from_environment({"MHL_DATA_DIR": str(tmp_path)}).closed
    finally:
        locks.cache_clear()
