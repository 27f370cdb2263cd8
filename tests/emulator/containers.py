"""A worker as a process tree of its own, which ends as a container does: with everything that was started in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tests.emulator.guard import Guard

# A container has nothing of the machine's environment; these a Python process cannot do without.
_PASSED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")


class Container:
    """One worker: `sys.executable -u <handler>` in its own session, its home and temporary folder under `folder`."""

    def __init__(self, worker: str, handler: Path, environment: Mapping[str, str], folder: Path, guard: Guard) -> None:
        self._worker = worker
        self._guard = guard
        self.folder = folder / worker
        (self.folder / "tmp").mkdir(parents=True)
        own = {"HOME": str(self.folder), "TMPDIR": str(self.folder / "tmp")}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-u", str(handler)],
                cwd=self.folder,
                env={name: os.environ[name] for name in _PASSED if name in os.environ} | own | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        guard.started(self._process.pid)

    @property
    def log(self) -> Path:
        """Everything that the worker printed."""
        return self.folder / "worker.log"

    def poll(self) -> int | None:
        """Return the exit code of the first process, None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End all processes of the container; the first may have ended long ago. Repeating it is harmless."""
        for _ in range(5):  # one may start another in the moment between looking and killing
            found = self._members()
            with suppress(ProcessLookupError, PermissionError):
                if self._process.poll() is None:
                    os.killpg(self._process.pid, signal.SIGKILL)
            for process in found:
                with suppress(psutil.Error):
                    process.kill()
            self._process.wait()
            if not found:
                break
            time.sleep(0.02)
        self._guard.ended(self._process.pid)

    def _members(self) -> list[psutil.Process]:
        """Return descendants, and orphans known by the name of the worker in their environment."""
        found: dict[int, psutil.Process] = {}
        with suppress(psutil.Error):
            if self._process.poll() is None:
                found = {child.pid: child for child in psutil.Process(self._process.pid).children(recursive=True)}
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.pid != self._process.pid and process.environ().get("RUNPOD_POD_ID") == self._worker:
                    found[process.pid] = process
        return [process for process in found.values() if process.is_running()]


def worker_environment(url: str, worker: str, key: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Return what makes RunPod's library work for the endpoint at `url` (http://host:port/v2/endpoint)."""
    return {
        "RUNPOD_POD_ID": worker,
        "RUNPOD_POD_HOSTNAME": worker,
        "RUNPOD_ENDPOINT_ID": url.rsplit("/", 1)[1],
        "RUNPOD_AI_API_KEY": key,
        "RUNPOD_PING_INTERVAL": "2000",
        "RUNPOD_WEBHOOK_GET_JOB": f"{url}/job-take/{worker}?gpu=CPU",
        "RUNPOD_WEBHOOK_POST_OUTPUT": f"{url}/job-done/{worker}/$ID?gpu=CPU",
        "RUNPOD_WEBHOOK_POST_STREAM": f"{url}/job-stream/{worker}/$ID?gpu=CPU",
        "RUNPOD_WEBHOOK_PING": f"{url}/ping/{worker}",
        "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
        "RUNPOD_SKIP_GPU_CHECK": "true",
        **extra,
    }
