"""The door in a real browser, by keyboard and on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from core.passwords import PasswordHash
from tests.e2e.conftest import Visitor
from tests.e2e.harness import browser, chromium, lab_server

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("browser")]
PASSWORD = "three loud old clocks"
WIDTH = 390


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Visitor]:
    """A telephone at the closed door of a lab."""
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium: install it as /usr/bin/chromium or set MHL_CHROMIUM")
    with (
        lab_server(tmp_path, {"MHL_PASSWORD_HASH": str(PasswordHash.of(PASSWORD))}) as server,
        sync_playwright() as playwright,
        browser(playwright, executable, viewport={"width": WIDTH, "height": 844}) as context,
    ):
        yield Visitor(context=context, server=server)


def test_in_by_keyboard_and_out_again(phone: Visitor) -> None:
    page = phone.open()
    expect(page).to_have_url(f"{phone.server.url}/login?next=%2F")
    field = page.get_by_label("Password")
    expect(field).to_be_focused()
    page.keyboard.type("something else")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is not the password. Try again.")
    expect(field).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    phone.troubles.clear()  # the browser logs the refusal as an error

    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log in")).to_be_focused()
    page.keyboard.press("Enter")
    # The page's content comes over the websocket
    expect(page.get_by_role("heading", name="Hyperparameter Exploration")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_attached()
    way_out = page.get_by_role("link", name="Log out")
    box = way_out.bounding_box()
    assert box is not None and box["x"] + box["width"] <= WIDTH
    assert not phone.troubles

    second = phone.open()
    expect(second.get_by_role("link", name="Log out")).to_be_visible()
    way_out.click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.go_back()
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()
    # The other tab is cut off as well
    expect(second.get_by_text("Connection error")).to_be_visible(timeout=20_000)
    second.reload()
    expect(second.get_by_label("Password")).to_be_visible()
