"""The real server and a real browser, for the journeys and for the screenshots."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, Playwright

REPOSITORY = Path(__file__).resolve().parents[2]
BROWSER_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Return the browser's path: MHL_CHROMIUM, else the one of the system."""
    for path in (os.environ.get("MHL_CHROMIUM"), "/usr/bin/chromium"):
        if path and Path(path).is_file():
            return path
    return None


class LabServer:
    """`streamlit run app/server.py` in a process group of its own."""

    def __init__(self, folder: Path, environ: dict[str, str] | None = None) -> None:
        self.data_dir, self.results_dir = folder / "data", folder / "results"
        self.log = folder / "server.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folders = {"MHL_DATA_DIR": str(self.data_dir), "MHL_RESULTS_DIR": str(self.results_dir)}
        command = [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.port", str(self.port)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--server.address", "127.0.0.1"],
                cwd=REPOSITORY,
                env=os.environ | folders | (environ or {}),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_up(self, timeout: float = 60.0) -> None:
        """Wait for /healthz; raise with the server's log when it does not come up."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                if answer.read() == b'{"status":"ok"}':
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the server did not come up:\n{self.log.read_text(errors='replace')}")

    def family(self) -> list[psutil.Process]:
        """Return the server and every process below it, in whatever process group."""
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    def terminate(self, timeout: float = 30.0) -> int:
        """Send SIGTERM, wait, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self) -> None:
        """End what a failed test may have left."""
        if self.process.poll() is None:
            for process in reversed(self.family()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self.process.wait()


@contextlib.contextmanager
def lab_server(folder: Path, environ: dict[str, str] | None = None) -> Iterator[LabServer]:
    """Start a server on a free port with its files in `folder`, and leave no process behind."""
    server = LabServer(folder, environ)
    try:
        server.wait_until_up()
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def browser(playwright: Playwright, executable: str, **options: Any) -> Iterator[BrowserContext]:
    """Open a browser with a profile of its own; `options` as for a Playwright context."""
    profile = tempfile.mkdtemp(prefix="mhl-chromium-")
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=executable, headless=True, args=BROWSER_FLAGS, accept_downloads=True, **options
    )
    try:
        yield context
    finally:
        context.close()
        shutil.rmtree(profile, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
