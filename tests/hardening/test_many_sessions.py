"""Twenty tabs on one server while a run trains."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest

from core.config import Settings
from core.store import Store
from tests.conftest import find_mirror
from tests.e2e.harness import lab_server
from tests.hardening.scripted import wait_for
from tests.hardening.sessions import Tab

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("two servers")]
SPACE = '{"conv_layers":1,"dense_layers":1,"batch_size":128,"filters_1":{"high":16}}'
SETUP = f"data=digits&n=2&epochs=2&workers=1&prune=0&plots=none&name=crowd&space={SPACE}"
VIEWS = ("progress", "trials", "insights", "weights", "health", "compare", "downloads", "setup", "network", "nonsense")


def test_twenty_tabs_see_a_run_to_its_end(tmp_path: Path) -> None:
    mirror = find_mirror()
    with lab_server(tmp_path, {"MHL_DATASET_MIRROR": str(mirror)} if mirror else None) as server:
        first = Tab(server.url, SETUP).draw().press("Start")
        store = Store(
            Settings.from_environment(
                {"MHL_DATA_DIR": str(server.data_dir), "MHL_RESULTS_DIR": str(server.results_dir)}
            )
        )
        wait_for(lambda: store.runs(), 30, "the run")
        tabs: list[Tab] = []
        failures: list[str] = []
        ended = threading.Event()

        def watch(number: int) -> None:
            try:
                tab = Tab(server.url, f"run=crowd&view={VIEWS[number % len(VIEWS)]}").draw()
                tabs.append(tab)
                while not ended.wait(2.0 + number / 10):
                    tab.refresh()
                tab.draw()
            except Exception as error:
                failures.append(f"{VIEWS[number % len(VIEWS)]}: {type(error).__name__}: {error}")

        threads = [threading.Thread(target=watch, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        process = psutil.Process(server.process.pid)
        wait_for(lambda: len(tabs) + len(failures) == 20, 90, "all tabs")
        before = process.memory_info().rss
        try:
            wait_for(lambda: store.run("crowd").status == "completed", 200, "the run's end")
        finally:
            ended.set()
        for thread in threads:
            thread.join(60)
        grown = (process.memory_info().rss - before) / 2**20
        assert failures == [] and len(tabs) == 20
        troubles = [trouble for tab in (first, *tabs) for trouble in tab.troubles]
        assert troubles == []
        assert all(any("2 of 2 trials" in text for text in tab.texts) for tab in tabs)
        print(f"the server takes {before / 2**20:.0f} MB with all tabs open, {grown:+.0f} MB until the end")
        assert before < 900 * 2**20 and grown < 150
        for tab in (first, *tabs):
            tab.close()
        time.sleep(0.2)
        log = server.log.read_text(errors="replace")
        assert "Traceback" not in log, log[-3000:]
