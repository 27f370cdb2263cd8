"""A server with empty folders and a browser that remembers what went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.conftest import find_mirror
from tests.e2e.harness import LabServer, browser, chromium, lab_server

expect.set_options(timeout=20_000)  # two cores train networks and draw pages at the same time


@dataclass
class Visitor:
    """A browser on the lab. `troubles`: console errors, page errors, failed and foreign requests."""

    context: BrowserContext
    server: LabServer
    troubles: list[str] = field(default_factory=list)

    def open(self) -> Page:
        """Open the lab in a new tab."""
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"page error: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._request_failed)
        page.set_default_timeout(30_000)
        page.goto(self.server.url)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.port != self.server.port:
            self.troubles.append(f"foreign host: {request.url}")

    def _request_failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # a reload aborts what was under way
            self.troubles.append(f"failed: {request.url} {request.failure}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabServer]:
    mirror = find_mirror()
    with lab_server(tmp_path, {"MHL_DATASET_MIRROR": str(mirror)} if mirror else None) as running:
        yield running


@pytest.fixture
def visitor(server: LabServer) -> Iterator[Visitor]:
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium: install it as /usr/bin/chromium or set MHL_CHROMIUM")
    with (
        sync_playwright() as playwright,
        browser(playwright, executable, viewport={"width": 1440, "height": 900}) as context,
    ):
        yield Visitor(context=context, server=server)
