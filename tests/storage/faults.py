"""What stands between a client and an S3 server, or in its place, and fails on purpose."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.storage.rclone import free_port


class CuttingProxy:
    """Passes connections on to a port of this machine and cuts the first answers short.

    `cuts` holds, for each answer with a body of more than `smallest` bytes, after how many bytes its connection is
    cut; later ones pass. `requests` keeps the head of every request.
    """

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._target, self._cuts = port, cuts
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Serve one request per connection, so that cuts are counted by requests."""
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            head = b""
            while b"\r\n\r\n" not in head:
                chunk = client.recv(65536)
                if not chunk:
                    return
                head += chunk
            self.requests.append(head.split(b"\r\n\r\n")[0].decode())
            server.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            room = self._cuts.pop(0) if self._cuts else None
            while (room is None or room > 0) and (chunk := server.recv(65536 if room is None else min(room, 65536))):
                client.sendall(chunk)
                room = None if room is None else room - len(chunk)


class AnsweringServer:
    """Answers every request as `answer(method, path)` says: status, code of the S3 error, and whether to hang up."""

    def __init__(self, answer: Callable[[str, str], tuple[int, str]]) -> None:
        self.count = count = [0]

        class Handler(BaseHTTPRequestHandler):
            def _reply(self) -> None:
                count[0] += 1
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, code = answer(self.command, self.path)
                body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _reply

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()


def dead_url() -> str:
    """Return an address where nobody listens."""
    return f"http://127.0.0.1:{free_port()}"
