"""A real HTTP server that answers RunPod's routes with what a test wrote down, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DROP = "drop"  # read the request, then reset the connection


@dataclass
class Reply:
    """What is sent back; `cut` sends only so many bytes of a longer promised body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


Scripted = Reply | str | Callable[[], Reply]


@dataclass
class Asked:
    method: str
    route: str  # run, status, cancel, health
    job: str | None
    body: Any
    authorization: str


class ScriptedRunPod:
    """Answers come from `script[route]` in order, then from `default[route]`."""

    def __init__(self) -> None:
        self.script: dict[str, deque[Scripted]] = defaultdict(deque)
        self.default: dict[str, Scripted] = {}
        self.asked: list[Asked] = []
        self.keys: set[str] | None = None  # when set, other keys are answered by 401
        self.url = ""

    def add(self, route: str, *replies: Scripted) -> None:
        self.script[route].extend(replies)

    def count(self, route: str) -> int:
        return sum(asked.route == route for asked in self.asked)

    def answer(self, asked: Asked) -> Reply | str:
        self.asked.append(asked)
        if self.keys is not None and asked.authorization.removeprefix("Bearer ") not in self.keys:
            return Reply(401, {"error": "unauthorized"})
        queued = self.script[asked.route]
        found = queued.popleft() if queued else self.default.get(asked.route, Reply(500, "nothing is scripted"))
        return found() if callable(found) else found


def status(job: str, state: str, **fields: Any) -> Reply:
    """A status view."""
    return Reply(200, {"id": job, "status": state, **fields})


@contextmanager
def scripted_runpod() -> Iterator[ScriptedRunPod]:
    """Serve on a free port of this machine."""
    script = ScriptedRunPod()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # head and body in one packet, else the client's delayed acknowledgement costs 40 ms each

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            _, _, endpoint, route, *rest = self.path.split("/")
            assert endpoint == "ep1"
            asked = Asked(
                self.command, route, rest[0] if rest else None, json.loads(data) if data else None,
                self.headers.get("Authorization", ""),
            )  # fmt: skip
            reply = script.answer(asked)
            if isinstance(reply, str):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode()[: reply.cut])
            self.close_connection = reply.cut is not None

        def finish(self) -> None:
            with suppress(OSError, ValueError):
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign,assignment]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/v2"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
