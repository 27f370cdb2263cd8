"""Journeys through the exploration page: the real server, real training, a real browser."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from core.config import Settings
from core.datasets import DATASETS
from core.store import Store
from tests.e2e.conftest import Visitor
from tests.e2e.harness import LabServer

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("browser")]
_PATIENCE = 120_000  # milliseconds that training may take on a busy machine


def press(page: Page, label: str) -> Locator:
    """The button with this label."""
    return page.get_by_role("button", name=label, exact=True)


def status(page: Page, word: str) -> Locator:
    """The badge that says the run's status."""
    return page.get_by_text(word, exact=True)


def start(page: Page, trials: int, epochs: int, workers: int) -> None:
    """Fill in the numbers and start."""
    for label, value in (("Trials", trials), ("Epochs per trial", epochs), ("Workers", workers)):
        field = page.get_by_role("spinbutton", name=label)
        field.fill(str(value))
        field.press("Tab")
    press(page, "Start").click()


def save(page: Page, label: str) -> Path:
    """Press a download button and return the file."""
    with page.expect_download() as download:
        press(page, label).click()
    return Path(download.value.path())


def store_of(server: LabServer) -> Store:
    """The server's store, opened by this process."""
    folders = {"MHL_DATA_DIR": str(server.data_dir), "MHL_RESULTS_DIR": str(server.results_dir)}
    return Store(Settings.from_environment(folders))


def test_from_an_empty_page_to_the_downloaded_network(visitor: Visitor) -> None:
    page = visitor.open()
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("Digits (8×8)")
    expect(page.get_by_text("What happens when you press Start")).to_be_visible()
    start(page, trials=2, epochs=2, workers=1)  # one after the other, so that there is time to look
    expect(status(page, "running")).to_be_visible()
    expect(page.get_by_text("Trial 0 · epoch")).to_be_visible(timeout=_PATIENCE)
    address = page.url
    assert "run=digits_health_aware_" in address

    page.reload()
    expect(status(page, "running")).to_be_visible()
    assert page.url == address
    second = visitor.open()  # without the run in its address
    expect(status(second, "running")).to_be_visible()
    name = page.get_by_role("combobox", name="Run").input_value().split(" · ")[0]
    assert second.get_by_role("combobox", name="Run").input_value().split(" · ")[0] == name

    for tab in (page, second):  # both follow the run to its end by themselves
        expect(status(tab, "completed")).to_be_visible(timeout=_PATIENCE)
        expect(tab.get_by_text("2 of 2 trials")).to_be_visible()
    summary = store_of(visitor.server).run(name).summary
    assert summary is not None
    best = summary["best"]
    shown = page.get_by_test_id("stMetric").filter(has_text="Validation accuracy")
    expect(shown).to_contain_text(f"{best['accuracy'] * 100:.1f} %")
    expect(shown).to_contain_text("95 %:")

    page.get_by_role("radio", name="Downloads", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(save(page, "All trials (.csv)").read_text())))
    assert [(row["trial"], row["state"]) for row in rows] == [("0", "completed"), ("1", "completed")]
    with zipfile.ZipFile(save(page, "Best network (.keras)")) as network:
        assert {"config.json", "model.weights.h5"} <= set(network.namelist())

    page.get_by_role("radio", name="Progress", exact=True).click()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth")  # charts need a moment to shrink
    assert visitor.troubles == []


IMAGES = {"conv_layers": 1, "filters_1": 8, "dense_layers": 1, "batch_size": 256}
TEXTS = {"sequence_length": 50, "lstm_layers": 1, "lstm_units_1": 16, "embedding_size": 8, "batch_size": 256}


EVERY = sorted(set(DATASETS) - {"digits", "cifar100_coarse"})  # the images of cifar100, by other names


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "names", [["imdb", "mnist"], pytest.param(EVERY, marks=pytest.mark.slow)], ids=["two", "every"]
)
def test_data_sets_train_from_the_page(visitor: Visitor, mirror: Path, names: list[str]) -> None:
    """Real images and real texts, with small networks and for one epoch; all are queued, one after the other works."""
    page = visitor.open()
    for name in names:
        entry = DATASETS[name]
        space = quote(json.dumps(IMAGES if entry.kind == "image" else TEXTS))
        page.goto(f"{visitor.server.url}/?view=setup&data={name}&n=1&epochs=1&workers=1&name={name}&space={space}")
        expect(page.get_by_role("combobox", name="Data set")).to_have_value(entry.label)
        press(page, "Start").click()
        expect(page).to_have_url(re.compile(f"run={name}(&|$)"))
    expect(status(page, "completed")).to_be_visible(timeout=2 * _PATIENCE * len(names))
    expect(page.get_by_text("1 of 1 trials")).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="Test accuracy")).to_contain_text("95 %:")
    runs = {run.name: run for run in store_of(visitor.server).runs()}
    assert {name: run.status for name, run in runs.items()} == dict.fromkeys(names, "completed")
    for name, run in runs.items():
        assert run.config.dataset_name == name and run.summary is not None
        assert run.summary["best"]["accuracy"] > {"mnist": 0.6, "imdb": 0.55}.get(name, 0)
    assert visitor.troubles == []


def test_a_run_is_stopped_resumed_and_survives_the_servers_end(visitor: Visitor, server: LabServer) -> None:
    page = visitor.open()
    start(page, trials=40, epochs=30, workers=2)
    expect(page.get_by_text("Trial 0 · epoch")).to_be_visible(timeout=_PATIENCE)
    press(page, "Stop").click()
    expect(status(page, "stopped")).to_be_visible(timeout=_PATIENCE)
    expect(press(page, "Resume")).to_be_visible()
    expect(press(page, "Stop")).to_have_count(0)
    press(page, "Resume").click()
    expect(page.get_by_text("Trial 0 · epoch")).to_be_visible(timeout=_PATIENCE)
    expect(press(page, "Stop")).to_be_visible()
    assert visitor.troubles == []

    family = server.family()
    assert any("core.executors.host" in process.cmdline() for process in family)
    server.terminate()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    (run,) = store_of(server).runs()
    assert (run.status, run.resumable) == ("stopped", True)
