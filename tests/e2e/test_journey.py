"""The whole of the Exploration page in one sitting: run, steer, look inside, take away."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor
from tests.e2e.test_exploration import press, save, status, store_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("browser")]
_PATIENCE = 120_000  # milliseconds that training may take on a busy machine
# agraph on a click and Plotly on a pause throw these; nothing on the page suffers.
_HARMLESS = ("reading 'innerHTML'", "page error: undefined")


def look_at(page: Page, view: str) -> None:
    """Open a view of the run and wait until the page has drawn it."""
    page.get_by_role("radio", name=view, exact=True).click()
    settle(page)


def settle(page: Page) -> None:
    """Wait until no script runs any more."""
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)


def test_run_steer_understand_and_take_away(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open()
    page.goto(f"{visitor.server.url}/?n=3&epochs=2&workers=1&plots=all&seed=3")  # a set-up that somebody shared
    expect(page.get_by_role("spinbutton", name="Trials")).to_have_value("3")
    press(page, "Start").click()

    # watch and steer
    expect(page.get_by_text("Trial 0 · epoch")).to_be_visible(timeout=_PATIENCE)
    press(page, "Pause").click()
    expect(page.get_by_text(re.compile("of 3 trials · paus"))).to_be_visible()
    press(page, "Continue").click()
    expect(status(page, "completed")).to_be_visible(timeout=_PATIENCE)
    expect(page.get_by_text("3 of 3 trials")).to_be_visible()
    (run,) = store_of(visitor.server).runs()
    assert (run.config.trials, run.config.random_seed, run.config.plot_generation) == (3, 3, "all")

    _move_a_weight(page)
    _choose_trials(page)
    _look_inside(page)
    _read_diagnostics(page)
    _open_panels(page)
    _load_the_package(page, tmp_path)
    assert [t for t in visitor.troubles if not any(known in t for known in _HARMLESS)] == []


def _move_a_weight(page: Page) -> None:
    look_at(page, "What if")
    slider = page.get_by_role("slider").first
    before = page.get_by_test_id("stMain").inner_text()
    slider.focus()
    for _ in range(5):
        slider.press("ArrowLeft")
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMain]').innerText !== before", arg=before, timeout=10_000
    )
    settle(page)


def _choose_trials(page: Page) -> None:
    look_at(page, "Trials")
    page.get_by_role("button", name="Compare", exact=True).first.click()
    expect(page.get_by_text("1 selected")).to_be_visible()
    assert "trials=" in page.url
    look_at(page, "Insights")
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
    look_at(page, "Compare")
    expect(page.get_by_text("Compare two trials")).to_be_visible()


def _look_inside(page: Page) -> None:
    look_at(page, "Network")
    graph = page.frame_locator("iframe[title*='agraph']").locator("canvas")
    expect(graph).to_be_visible()
    layer = page.get_by_role("combobox", name="Layer")
    expect(layer).to_have_value("conv_1")
    box = graph.bounding_box()
    assert box is not None
    for y in range(40, 320, 20):  # down from the top until a box is hit: where it lies depends on the window
        graph.click(position={"x": box["width"] / 2, "y": y})
        page.wait_for_timeout(300)
        if layer.input_value() != "conv_1":
            break
    expect(layer).to_have_value(re.compile("image|rescale"))
    expect(page.get_by_test_id("stMetric").filter(has_text="Output")).to_be_visible()
    page.get_by_role("radio", name="3D", exact=True).click()
    settle(page)
    expect(page.locator(".gl-container canvas").first).to_be_visible()
    page.get_by_role("radio", name="Forward pass", exact=True).click()
    settle(page)
    page.get_by_text("▶").first.click()
    page.wait_for_timeout(1_000)


def _read_diagnostics(page: Page) -> None:
    look_at(page, "Diagnostics")
    for group, figure in (("Mistakes", "Confusion matrix"), ("Inside the network", "Activation maps")):
        page.get_by_role("radio", name=group, exact=True).click()
        expect(page.get_by_role("heading", name=figure)).to_be_visible()
        expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
    with zipfile.ZipFile(save(page, "Download all diagnostics (ZIP)")) as archive:
        assert {"index.html", "data/result.json", "data/diagnostics.npz"} <= set(archive.namelist())
    look_at(page, "Health")
    expect(page.get_by_text("Neuron utilization").first).to_be_visible()


def _open_panels(page: Page) -> None:
    press(page, "Optuna dashboard").click()
    study = page.frame_locator("[role=dialog] iframe")
    expect(study.get_by_text("Intermediate values").first).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "TensorBoard").click()
    board = page.frame_locator("[role=dialog] iframe")
    expect(board.get_by_text("trial_0", exact=False).first).to_be_visible(timeout=60_000)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def _load_the_package(page: Page, folder: Path) -> None:
    look_at(page, "Downloads")
    with zipfile.ZipFile(save(page, "Final package (.zip)")) as archive:
        archive.extractall(folder)
    lines = page.get_by_test_id("stCode").first.inner_text()
    done = subprocess.run([sys.executable, "-c", lines], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.fullmatch(r"\['\d'\]", done.stdout.strip().splitlines()[-1])
