"""A process that may do what this one must not: load Keras and open the holdout. JSON in, JSON lines out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import core
from core.config import Settings
from core.errors import LabError

_LOG_TAIL = 400  # characters of what the process printed that are shown when it dies
_LOOK = 0.2  # seconds between looks whether to stop
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}


def ask(
    module: str, request: dict[str, Any], log: Path, settings: Settings, stopping: Callable[[], bool]
) -> Generator[dict[str, Any]]:
    """Run `python -m module`, hand it `request` on stdin and yield what it says, line by line.

    What it prints otherwise goes to the file `log`. Raises LabError when it dies, or when `stopping` says so: then it
    is killed. It does not outlive the caller who stops listening.
    """
    root = str(Path(core.__file__).parents[1])
    environment = os.environ | _QUIET | settings.environment()
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            text=True,
        )
    watch = _Watch(process, stopping)
    try:
        yield from _listen(process, request)
        code = process.wait()
    finally:
        watch.end()
    if watch.stopped:
        raise LabError("the evaluation was stopped; what is done stays, and it goes on there when it is started again")
    if code != 0:
        said = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()
        raise LabError(f"the evaluating process ended with exit code {code}; its last words: {said}")


def _listen(process: subprocess.Popen[str], request: dict[str, Any]) -> Generator[dict[str, Any]]:
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(json.dumps(request))
        process.stdin.close()
    except BrokenPipeError:
        return  # its exit code says more
    for line in process.stdout:
        yield json.loads(line)


class _Watch:
    """Kills a process as soon as somebody wants it to stop, and at the end whatever became of it."""

    def __init__(self, process: subprocess.Popen[str], stopping: Callable[[], bool]) -> None:
        self._process, self._stopping = process, stopping
        self._over = threading.Event()
        self.stopped = False
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            if self._stopping():
                self.stopped = True
                self._process.kill()
                return
