"""How soon the app is there: its imports in a fresh interpreter, and server start to the first text in a browser."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import (
    ROOT,
    Cell,
    Figure,
    environment,
    in_turns,
    scratch_folder,
    spread,
    table,
    verdict,
    write,
)

GOAL = 2.0  # seconds from the server's start to the first text
_CHAIN = ("app.server", "core.service")  # the first that is there
_HEAVY = ("tensorflow", "keras", "sklearn")
_PATIENCE = 60.0  # seconds
_CHROMIUM = Path("/usr/bin/chromium")
# Text that a page drew, not the grey bars that Streamlit shows before.
_TEXT = "[data-testid=stHeading], [data-testid=stMarkdownContainer], [data-testid=stSidebarNavLink]"


def run(quick: bool) -> list[Figure]:
    """Print the tables and return the figures."""
    rounds = 2 if quick else 7
    server = ROOT / "app" / "server.py"
    kinds: dict[str, Cell] = {"import": {"kind": "import"}}
    reason = None
    if not server.exists():
        reason = "app/server.py does not exist"
    elif not _CHROMIUM.exists():
        reason = f"{_CHROMIUM} does not exist"
    else:
        kinds |= {"browser ready": {"kind": "paint", "ready": True}, "browser cold": {"kind": "paint", "ready": False}}
    with scratch_folder() as scratch:
        cells = in_turns("app_import", scratch, kinds, rounds)
    figures = _import_figures(cells["import"])
    if reason is None:
        figures += _paint_figures(cells)
    else:
        print(f"  server start to first paint: skipped, {reason}")
        figures.append(Figure(name="server start to first paint, s", value=f"skipped: {reason}", goal=f"< {GOAL:g}"))
    write("app_import", quick=quick, cells=cells, figures=figures)
    return figures


def _import_figures(found: list[Cell]) -> list[Figure]:
    heavy = sorted({name for cell in found for name in cell["heavy"]})
    module = found[0]["module"]
    table(
        ["import in a fresh interpreter", "seconds", "with the interpreter", "modules", "MB", "heavy modules"],
        [
            [
                module,
                str(spread(found, "seconds")),
                str(spread(found, "wall")),
                f"{spread(found, 'modules'):.0f}",
                f"{spread(found, 'megabytes'):.0f}",
                ", ".join(heavy) or "none",
            ]
        ],
    )
    return [
        Figure(name=f"import {module}, s", value=str(spread(found, "seconds"))),
        Figure(
            name=f"import {module}: of {', '.join(_HEAVY)}",
            value=", ".join(heavy) or "none",
            goal="none",
            met=not heavy,
        ),
    ]


def _paint_figures(cells: dict[str, list[Cell]]) -> list[Figure]:
    ready, cold = cells["browser ready"], cells["browser cold"]
    met = spread(ready, "text").median < GOAL
    print()
    table(
        ["from the server's start, s", "first byte of /healthz", "first text on the page", "start of the browser"],
        [
            [name, str(spread(found, "health")), str(spread(found, "text")), str(spread(found, "browser"))]
            for name, found in (("browser already open", ready), ("browser opened then", cold))
        ],
    )
    print(f"  goal: first text in less than {GOAL:g} s: {verdict(met)} with the browser already open")
    return [
        Figure(name="server start to /healthz, s", value=str(spread(ready, "health"))),
        Figure(name="server start to first text, s", value=str(spread(ready, "text")), goal=f"< {GOAL:g}", met=met),
        Figure(name="the same with the browser's own start, s", value=str(spread(cold, "text"))),
    ]


# -- the cells -----------------------------------------------------------------------------------------------------


def cell(kind: str, ready: bool = True) -> Cell:
    """Import the app here, or start its server and look at it."""
    return _import() if kind == "import" else _paint(ready)


def _import() -> Cell:
    # A process of its own: this one has imported the benchmark.
    module = next(name for name in _CHAIN if (ROOT / f"{name.replace('.', '/')}.py").exists())
    code = (
        "import importlib, json, resource, sys, time; started = time.perf_counter(); "
        f"importlib.import_module({module!r}); seconds = time.perf_counter() - started; "
        f"heavy = [name for name in {_HEAVY!r} if name in sys.modules]; "
        "megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024; "
        "print(json.dumps({'seconds': seconds, 'heavy': heavy, 'modules': len(sys.modules), 'megabytes': megabytes}))"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"importing {module} failed:\n{done.stderr[-2000:]}")
    return {"module": module, **json.loads(done.stdout.splitlines()[-1]), "wall": wall}


def _paint(ready: bool) -> Cell:
    from playwright.sync_api import sync_playwright

    from tests.e2e.harness import BROWSER_FLAGS

    with sync_playwright() as playwright:

        def open_browser() -> Any:
            return playwright.chromium.launch(executable_path=_CHROMIUM, args=BROWSER_FLAGS)

        browser_seconds, browser = 0.0, None
        if ready:
            started = time.perf_counter()
            browser = open_browser()
            page = browser.new_page()
            page.goto("about:blank")
            browser_seconds = time.perf_counter() - started
        with _server() as (url, started):
            health = _wait_for(f"{url}/healthz") - started
            if browser is None:
                before = time.perf_counter()
                browser = open_browser()
                page = browser.new_page()
                browser_seconds = time.perf_counter() - before
            page.goto(url, wait_until="commit")
            page.locator(_TEXT).filter(has_text="e", visible=True).first.wait_for(timeout=_PATIENCE * 1000)
            text = time.perf_counter() - started
            drawn = page.locator(_TEXT).filter(visible=True).first.inner_text()
            paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
        browser.close()
    return {"health": health, "text": text, "browser": browser_seconds, "drawn": drawn, "contentful_paint_ms": paint}


@contextmanager
def _server() -> Iterator[tuple[str, float]]:
    """Start the server; yields its address and the moment of its start. Ends with all its children."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--browser.gatherUsageStats", "false"]
    with scratch_folder() as scratch:
        log = scratch / "server.log"
        with log.open("wb") as output:
            started = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment(scratch), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield f"http://127.0.0.1:{port}", started
        except Exception as error:
            raise RuntimeError(f"{error}\nthe server's log: {log.read_text(errors='replace')[-2000:]}") from error
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str) -> float:
    """Return the moment at which `url` first answered 200."""
    limit = time.perf_counter() + _PATIENCE
    while time.perf_counter() < limit:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return time.perf_counter()
        except (OSError, urllib.error.URLError):
            time.sleep(0.01)
    raise RuntimeError(f"{url} did not answer within {_PATIENCE:g} s")
