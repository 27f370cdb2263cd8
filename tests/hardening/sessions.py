"""Tabs of a browser without the browser: they speak Streamlit's protocol and place what comes as its front end does."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


@dataclass
class Node:
    """An element, or a block with its children."""

    run: int
    fragment: str
    children: list[Node] | None = None


@dataclass
class Tab:
    """One tab at `query`. `troubles`: exceptions in the page and elements that have no place in it.

    A frame that does not fit raises "Bad delta path" in a browser: an index beyond the block's end, or into an element.
    """

    address: str
    query: str = ""
    texts: list[str] = field(default_factory=list)
    buttons: dict[str, str] = field(default_factory=dict)  # id by label
    troubles: list[str] = field(default_factory=list)
    fragments: dict[str, float] = field(default_factory=dict)  # seconds between refreshes

    def __post_init__(self) -> None:
        socket = self.address.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
        options = {"origin": self.address, "subprotocols": ["streamlit"], "max_size": None, "open_timeout": 60}
        self._stack = ExitStack()
        self._connection: ClientConnection = self._stack.enter_context(connect(socket, **options))
        self._run = 0
        self._roots: list[Node] = [Node(0, "", []) for _ in range(4)]
        self._page = ""

    def close(self) -> None:
        """Close the tab."""
        self._stack.close()

    def draw(self, timeout: float = 60.0, **pressed: bool) -> Tab:
        """Let the page run once. `pressed`: buttons, by id."""
        self.texts, self.buttons, self.fragments = [], {}, {}
        return self._ask(timeout, "", pressed)

    def press(self, label: str) -> Tab:
        """Press a button that was drawn."""
        assert label in self.buttons, f"there is no button {label!r}: {sorted(self.buttons)}"
        return self.draw(**{self.buttons[label]: True})

    def refresh(self, timeout: float = 60.0) -> Tab:
        """Let every fragment that refreshes itself do so once, as the front end's timers would."""
        for fragment in list(self.fragments):
            self._ask(timeout, fragment, {})
        return self

    def _ask(self, timeout: float, fragment: str, pressed: dict[str, bool]) -> Tab:
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self._page
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
        for name, value in pressed.items():
            message.rerun_script.widget_states.widgets.add(id=name, trigger_value=value)
        self._run += 1
        self._connection.send(message.SerializeToString())
        end = time.monotonic() + timeout
        while True:
            answer = ForwardMsg.FromString(self._connection.recv(timeout=max(0.0, end - time.monotonic())))
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._place(answer, fragment)
            elif kind == "new_session":
                self._page = answer.new_session.page_script_hash
            elif kind == "auto_rerun":
                self.fragments[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
            elif kind == "page_info_changed":
                self.query = answer.page_info_changed.query_string
            elif kind == "session_event" and answer.session_event.WhichOneof("type") == "script_compilation_exception":
                self.troubles.append("the page does not compile")
            elif kind == "script_finished":
                # FINISHED_EARLY_FOR_RERUN: the page runs once more by itself
                if answer.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    self._run += 1
                    fragment = ""
                    continue
                for root in self._roots:
                    self._forget(root, fragment)
                return self

    def _place(self, message: Any, fragment: str) -> None:
        delta, path = message.delta, list(message.metadata.delta_path)
        if delta.WhichOneof("type") == "new_element":
            self._read(delta.new_element)
        node = self._roots[path[0]]
        for depth, at in enumerate(path[1:], start=1):
            if node.children is None or at > len(node.children):
                self.troubles.append(f"Bad delta path {path} at {depth}")
                return
            last = depth == len(path) - 1
            if last:
                block = delta.WhichOneof("type") == "add_block"
                old = node.children[at] if at < len(node.children) else None
                kept = old.children if block and old is not None and old.children is not None else []
                made = Node(self._run, delta.fragment_id or fragment, kept if block else None)
                node.children[at : at + 1] = [made]
            elif at == len(node.children):
                self.troubles.append(f"Bad delta path {path} at {depth}: there is no block")
                return
            else:
                node = node.children[at]

    def _read(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = element.button.id
        elif kind == "exception":
            self.troubles.append(f"{element.exception.type}: {element.exception.message}")
        elif kind in ("markdown", "heading", "text", "alert"):
            self.texts.append(getattr(element, kind).body)
        elif kind == "progress":
            self.texts.append(element.progress.text)

    def _forget(self, node: Node, fragment: str) -> None:
        """Take away what the last run did not draw again; a fragment's run answers for its own only."""
        kept = []
        for child in node.children or []:
            if child.run != self._run and (not fragment or child.fragment == fragment):
                continue
            self._forget(child, fragment)
            kept.append(child)
        if node.children is not None:
            node.children = kept
