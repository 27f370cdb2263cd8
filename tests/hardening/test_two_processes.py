"""Two servers on one database: both serve, one works on a run, either may stop it, and it outlives its worker."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.config import Settings
from core.store import Store
from tests.conftest import find_mirror
from tests.e2e.harness import LabServer
from tests.hardening.scripted import wait_for
from tests.hardening.sessions import Tab

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("two servers")]
SPACE = '{"conv_layers":1,"dense_layers":1,"batch_size":128,"filters_1":{"high":16}}'
SETUP = f"data=digits&epochs=1&workers=1&prune=0&plots=none&name=shared&space={SPACE}"


def workers(server: LabServer) -> int:
    return sum("core.executors.host" in " ".join(process.cmdline()) for process in server.family())


def test_one_run_between_two_servers(tmp_path: Path) -> None:
    mirror = find_mirror()
    environ = {"MHL_DATASET_MIRROR": str(mirror)} if mirror else None
    one = LabServer(tmp_path, environ)
    two = LabServer(tmp_path, environ)
    try:
        one.wait_until_up()
        two.wait_until_up()
        settings = {"MHL_DATA_DIR": str(one.data_dir), "MHL_RESULTS_DIR": str(one.results_dir)}
        store = Store(Settings.from_environment(settings))
        Tab(one.url, f"{SETUP}&n=200").draw().press("Start").close()
        wait_for(lambda: store.runs() and store.run("shared").status == "running", 60)
        wait_for(lambda: any(trial.state == "completed" for trial in store.trials("shared")), 90)

        other = Tab(two.url, "run=shared&view=progress").draw()  # it sees the run, and does not work on it
        assert any("of 200 trials" in text for text in other.texts) and "Stop" in other.buttons
        assert (workers(one), workers(two)) == (1, 0)
        other.press("Stop")
        wait_for(lambda: store.run("shared").status == "stopped", 60)
        wait_for(lambda: workers(one) == 0, 20)
        done = sum(trial.state == "completed" for trial in store.trials("shared"))

        other.draw().press("Resume")
        wait_for(lambda: store.run("shared").status == "running" and workers(two) == 1, 60)
        wait_for(lambda: sum(trial.state == "completed" for trial in store.trials("shared")) > done, 90)
        for process in reversed(two.family()):
            process.kill()
        two.process.wait()
        assert store.run("shared").status == "interrupted"
        store.add_trials("shared", len(store.trials("shared")) + 1 - 200)  # so that one is left to train
        last = Tab(one.url, "run=shared&view=progress").draw()
        assert "Resume" in last.buttons
        last.press("Resume")
        wait_for(lambda: store.run("shared").status == "completed", 90)
        trials = store.trials("shared")
        assert [trial.state for trial in trials] == ["completed"] * len(trials) and not any(t.traceback for t in trials)
        time.sleep(0.2)
        assert [trouble for tab in (other, last) for trouble in tab.troubles] == []
        assert "Traceback" not in one.log.read_text(errors="replace")
    finally:
        one.kill()
        two.kill()
