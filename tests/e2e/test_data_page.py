"""Bringing one's own data through the page, and training on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor
from tests.e2e.test_exploration import press, status, store_of
from tests.importing.sources import csv_of, digit_files, reviews, zipped

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("browser")]
_PATIENCE = 120_000  # milliseconds


def bring(page: Page, source: Path) -> None:
    """Upload a file, have it checked, and use it."""
    page.get_by_role("radio", name="Bring your own data").click()
    page.locator("input[type=file]").set_input_files(source)
    press(page, "Check").click()
    expect(press(page, "Use this data")).to_be_visible(timeout=_PATIENCE)
    press(page, "Use this data").click()


@pytest.mark.parametrize("kind", ["image", pytest.param("text", marks=pytest.mark.slow)])
def test_own_data_is_checked_used_and_trained_on(visitor: Visitor, tmp_path: Path, kind: str) -> None:
    source = (
        zipped(tmp_path / "flowers.zip", digit_files(each=30))
        if kind == "image"
        else csv_of(tmp_path / "flowers.csv", reviews())
    )
    page = visitor.open()
    page.get_by_role("link", name="Data", exact=True).click()
    bring(page, source)
    expect(page).to_have_url(re.compile("dataset=flowers"), timeout=_PATIENCE)
    rows = "90" if kind == "image" else "60"
    expect(page.get_by_text(re.compile(rf"\b{rows}\b.*classes|classes.*\b{rows}\b")).first).to_be_visible()

    page.goto(f"{visitor.server.url}/?data=flowers&n=1&epochs=1&workers=1")
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("flowers")
    press(page, "Start").click()
    expect(status(page, "completed")).to_be_visible(timeout=_PATIENCE)
    (run,) = store_of(visitor.server).runs()
    assert run.config.dataset_name == "flowers" and run.summary is not None and run.summary["best"]
    assert visitor.troubles == []
