"""SIGTERM, as an engine sends it: the real server stores what it has within ten seconds, whoever is connected."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from core.config import Settings
from core.store import Store
from tests.deploy.streamlit_client import visit
from tests.e2e.harness import LabServer, lab_server

SMALL = {"conv_layers": 1, "filters_1": 8, "dense_layers": 1, "batch_size": 512}


@pytest.mark.training
@pytest.mark.xdist_group("service")
def test_a_stopped_server_leaves_a_run_that_goes_on(tmp_path: Path) -> None:
    with lab_server(tmp_path) as server:
        stalled = _stalled_download(server)
        with visit(server.url, f"data=digits&n=60&epochs=3&workers=1&space={quote(json.dumps(SMALL))}") as visitor:
            visitor.draw()
            visitor.press("Start")
            _wait_for_a_trial(server)
            family = server.family()
            began = time.monotonic()
            code = server.terminate(timeout=30)
            seconds = time.monotonic() - began
        stalled.close()
        _, alive = psutil.wait_procs(family, timeout=5)
    assert seconds < 10 and code == -15 and alive == []  # as one that the signal ended
    store = Store(Settings.from_environment({"MHL_RESULTS_DIR": str(server.results_dir)}))
    (run,) = store.runs()
    states = [trial.state for trial in store.trials(run.name)]
    assert (run.status, run.resumable) == ("stopped", True) and states[0] == "completed" and len(states) < 60
    log = (server.results_dir / "lab.log").read_text(encoding="utf-8")
    assert f"run={run.name} trial=0 core.optimizer: completed: stored" in log
    assert f"run={run.name} trial=- core.optimizer: stopped after" in log


def _stalled_download(server: LabServer) -> socket.socket:
    """Ask for a large file and take no more than its beginning, like a notebook that was shut."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.connect(("127.0.0.1", server.port))
    stalled.sendall(b"GET /optuna/bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert stalled.recv(15) == b"HTTP/1.1 200 OK"
    return stalled


def _wait_for_a_trial(server: LabServer) -> None:
    end = time.monotonic() + 120
    while not list(server.results_dir.glob("*/trials/trial_1/*")):  # the first is stored, the second has begun
        assert time.monotonic() < end, server.log.read_text()
        time.sleep(0.1)
