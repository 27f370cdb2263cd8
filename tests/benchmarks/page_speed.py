"""What looking at a run of 1,000 trials costs: each view's script, the live refresh, and the server's memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.benchmarks.harness import Cell, Figure, run_cell, scratch_folder, table, verdict, write

TRIALS = 1000
SCRIPT_GOAL, REFRESH_GOAL, MEMORY_GOAL = 0.200, 0.060, 400.0  # seconds, seconds, MB
TABS = ("progress", "trials", "insights", "weights", "progress")


def run(quick: bool) -> list[Figure]:
    """Print the tables and return the figures."""
    trials, minutes = (200, 1.0) if quick else (TRIALS, 12.0)
    with scratch_folder() as scratch:
        script = run_cell("page_speed", scratch, kind="script", trials=trials, rounds=8 if quick else 25)
        memory = run_cell("page_speed", scratch, kind="memory", minutes=minutes)
    figures = _script_figures(script) + _memory_figures(memory)
    write("page_speed", quick=quick, cells={"script": [script], "memory": [memory]}, figures=figures)
    return figures


def _script_figures(cell: Cell) -> list[Figure]:
    rows, figures = [], []
    for name, seconds in cell["seconds"].items():
        p95 = float(np.quantile(seconds, 0.95))
        goal = REFRESH_GOAL if name.startswith("refresh") else SCRIPT_GOAL
        rows.append([name, f"{1000 * np.median(seconds):.0f}", f"{1000 * p95:.0f}", f"< {1000 * goal:.0f}"])
        figures.append(Figure(name=f"{name}, p95 ms", value=rows[-1][2], goal=rows[-1][3], met=p95 < goal))
    table(["script", "median ms", "p95 ms", "goal"], rows)
    return figures


def _memory_figures(cell: Cell) -> list[Figure]:
    megabytes = cell["megabytes"]
    half = len(megabytes) // 2
    slope = float(np.polyfit(cell["times"][half:], megabytes[half:], 1)[0]) * 3600
    hour = megabytes[-1] + slope * max(0.0, 1 - cell["times"][-1] / 3600)
    met = hour < MEMORY_GOAL
    table(
        ["server memory", "MB"],
        [["at the end", f"{megabytes[-1]:.0f}"], ["per hour", f"{slope:+.0f}"], ["after an hour", f"{hour:.0f}"]],
    )
    print(f"  {verdict(met)}: {len(TABS)} tabs, {cell['times'][-1] / 60:.0f} min")
    value = f"{hour:.0f} (now {megabytes[-1]:.0f}, {slope:+.0f} per hour)"
    return [Figure(name="server memory after an hour, MB", value=value, goal=f"< {MEMORY_GOAL:.0f}", met=met)]


def cell(**arguments: Any) -> dict[str, Any]:
    """Measure one kind in a fresh process."""
    kinds: dict[str, Callable[..., dict[str, Any]]] = {"script": _measure_scripts, "memory": _measure_memory}
    return kinds[arguments.pop("kind")](**arguments)


def _measure_scripts(trials: int, rounds: int) -> dict[str, Any]:
    from streamlit.testing.v1 import AppTest

    from app.components import exploration, progress_view, run_header
    from app.state import run_service
    from tests.benchmarks.stored_run import fill

    service = run_service()
    fill(service.store, "big", trials)
    seconds: dict[str, list[float]] = {}
    current = ""

    def timed(function: Callable[..., Any], label: str | None) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                seconds.setdefault(label or f"page, view {current}", []).append(time.perf_counter() - started)

        return call

    exploration.exploration = timed(exploration.exploration, None)
    run_header._draw = timed(run_header._draw, "refresh of the header")
    progress_view.progress_view = timed(progress_view.progress_view, "refresh of the progress view")
    service_view = service.view
    service.view = timed(service_view, "refresh: reading the store")  # type: ignore[method-assign]
    for current in exploration.VIEWS:
        page = AppTest.from_file(str(Path(__file__).parents[2] / "app" / "main.py"), default_timeout=120)
        page.query_params["view"] = current
        for _ in range(rounds):
            page.run()
            assert not page.exception, f"{current}: {page.exception}"
    return {"seconds": {name: values[2:] for name, values in seconds.items()}}  # the first two import and fill caches


def _measure_memory(minutes: float) -> dict[str, Any]:
    import os

    from playwright.sync_api import sync_playwright

    from core.config import Settings
    from core.store import Store
    from tests.e2e.harness import LabServer, browser, chromium

    settings = Settings.from_environment()
    Store(settings).update_run("big", owner=_owner(), status="running")  # an active run: this process lives on
    executable = chromium()
    assert executable is not None, "no Chromium"
    server = LabServer(Path(os.environ["MHL_RESULTS_DIR"]).parent)
    try:
        server.wait_until_up()
        process = psutil.Process(server.process.pid)
        with sync_playwright() as playwright, browser(playwright, executable) as context:
            for view in TABS:
                context.new_page().goto(f"{server.url}/?run=big&view={view}")
            times, megabytes, started = [], [], time.monotonic()
            while (elapsed := time.monotonic() - started) < 60 * minutes:
                context.pages[0].wait_for_timeout(5_000)
                times.append(elapsed)
                megabytes.append(process.memory_info().rss / 1e6)
    finally:
        server.kill()
    return {"times": times, "megabytes": megabytes}


def _owner() -> str:
    from core.database import process_owner

    return process_owner()
