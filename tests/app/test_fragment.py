"""Fragments that are due while a whole page is drawn: what the browser is sent must still fit together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest

from core.service import RunService
from tests.app.conftest import add_run
from tests.conftest import REPOSITORY

_ROOTS = 4  # main, sidebar, event, bottom


@pytest.fixture
def sent() -> Iterator[list[ForwardMsg]]:
    """Whatever a page sends to the browser."""
    messages: list[ForwardMsg] = []

    def keep(message: ForwardMsg) -> None:
        copy = ForwardMsg()
        copy.CopyFrom(message)
        messages.append(copy)

    ForwardMsgQueue.on_before_enqueue_msg(keep)
    yield messages
    ForwardMsgQueue.on_before_enqueue_msg(None)


def refreshing(messages: Sequence[ForwardMsg]) -> set[str]:
    """The fragments that draw themselves anew."""
    return {message.auto_rerun.fragment_id for message in messages if message.HasField("auto_rerun")}


def after_fragment(messages: Sequence[ForwardMsg], fragment: str) -> list[ForwardMsg]:
    """What reaches the browser when `fragment` runs before anything of the page was sent."""
    queue = ForwardMsgQueue()
    queue._queue = list(messages)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=[fragment])
    again = [message for message in messages if message.HasField("delta") and message.delta.fragment_id == fragment]
    return [*queue.flush(), *again]


def misplaced(messages: Sequence[ForwardMsg]) -> list[list[int]]:
    """The places that the browser, whose page was empty, cannot find in its tree of blocks."""
    tree: dict[int, Any] = {number: {} for number in range(_ROOTS)}
    lost = []
    for message in messages:
        path = list(message.metadata.delta_path)
        if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") not in (
            "new_element",
            "add_block",
        ):
            continue
        block: Any = tree
        for step in path[:-1]:
            block = block.get(step) if isinstance(block, dict) else None
        if not isinstance(block, dict) or path[-1] > len(block):
            lost.append(path)
        elif message.delta.WhichOneof("type") == "add_block":
            block[path[-1]] = block.get(path[-1]) if isinstance(block.get(path[-1]), dict) else {}
        else:
            block[path[-1]] = None
    return lost


def bare_page() -> None:
    """As Streamlit does it."""
    import streamlit as st

    st.text("above")
    st.fragment(lambda: st.text("now"), run_every=1)()
    st.text("below")


def test_a_bare_fragment_would_cost_the_page(sent: list[ForwardMsg]) -> None:
    """The trouble that `fragment` is for; when this fails, Streamlit has mended it."""
    AppTest.from_function(bare_page).run()
    (due,) = refreshing(sent)
    assert misplaced(sent) == []
    assert misplaced(after_fragment(sent, due)) == [[0, 2]]


@pytest.mark.parametrize("view", ["progress", "trials", "insights", "weights", "network", "compare", "downloads"])
def test_every_view_of_an_active_run_stays_whole(
    page: AppTest, service: RunService, sent: list[ForwardMsg], view: str
) -> None:
    add_run(service.store, "busy", status="running")
    page.query_params["view"] = view
    page.run()
    assert not page.exception
    due = refreshing(sent)
    assert due
    for fragment in due:
        assert misplaced(after_fragment(sent, fragment)) == []


@pytest.mark.parametrize("name", ["runs", "data"])
def test_every_other_page_stays_whole(service: RunService, sent: list[ForwardMsg], name: str) -> None:
    add_run(service.store, "busy", status="running")
    page = AppTest.from_file(str(REPOSITORY / "app" / "main.py"), default_timeout=30).run()
    page.switch_page(f"../pages/{name}.py")
    sent.clear()
    page.run()
    assert not page.exception
    fragments = {message.delta.fragment_id for message in sent if message.HasField("delta")} - {""}
    assert fragments or name == "data"
    for fragment in fragments:
        assert misplaced(after_fragment(sent, fragment)) == []
