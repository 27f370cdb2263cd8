"""A door to a server of this machine that counts the bytes which pass."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bytes:
    """What passed so far: of the client's requests, and of the server's answers, heads included."""

    sent: int
    received: int

    def __sub__(self, other: Bytes) -> Bytes:
        return Bytes(self.sent - other.sent, self.received - other.received)


class CountingDoor:
    """Passes connections on to a port. TLS, which a real service adds, would cost about 2 % and 5 kB a connection."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._counts = [0, 0]
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def count(self) -> Bytes:
        with self._lock:
            return Bytes(*self._counts)

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # nobody listens there yet
                    client.close()
                    continue
                for way, (source, sink) in enumerate(((client, server), (server, client))):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=self._pass, args=(source, sink, way), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, way: int) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
                with self._lock:
                    self._counts[way] += len(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
