"""A visitor without a browser: opens a page over Streamlit's websocket, reads its widgets and presses a button."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


class Visitor:
    """One tab. `texts`: all text elements that the page has drawn; `buttons`: id by label."""

    def __init__(self, connection: ClientConnection, query: str) -> None:
        self._connection, self._query = connection, query
        self.texts: list[str] = []
        self.buttons: dict[str, str] = {}

    def draw(self, timeout: float = 30.0, **states: bool) -> None:
        """Let the script run once and read what it draws. `states`: buttons pressed, by id."""
        message = BackMsg()
        message.rerun_script.query_string = self._query
        for name, value in states.items():
            message.rerun_script.widget_states.widgets.add(id=name, trigger_value=value)
        self._connection.send(message.SerializeToString())
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            answer = ForwardMsg.FromString(self._connection.recv(timeout=max(0.0, end - time.monotonic())))
            self._read(answer)
            if answer.WhichOneof("type") == "script_finished":
                return
        raise TimeoutError(f"the page was not drawn in {timeout:g} s")

    def press(self, label: str) -> None:
        """Press a button that was drawn."""
        self.draw(**{self.buttons[label]: True})

    def _read(self, message: Any) -> None:
        element = message.delta.new_element if message.WhichOneof("type") == "delta" else None
        kind = element.WhichOneof("type") if element is not None else None
        if kind == "button":
            self.buttons[element.button.label] = element.button.id
        elif kind in ("markdown", "heading", "text", "alert", "exception"):
            inner = getattr(element, kind)
            self.texts.append(getattr(inner, "body", "") or getattr(inner, "message", ""))


@contextlib.contextmanager
def visit(address: str, query: str = "", **options: Any) -> Iterator[Visitor]:
    """Open a tab at `address`, such as http://127.0.0.1:8501/lab, as a page of that very server."""
    socket = address.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
    origin = "/".join(address.split("/")[:3])
    with connect(socket, origin=origin, subprotocols=["streamlit"], max_size=None, **options) as connection:
        yield Visitor(connection, query)
