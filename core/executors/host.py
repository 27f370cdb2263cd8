"""The worker host: `python -m core.executors.host`, JSON lines on stdin and stdout.

It exists because a thread of the web server must not fork, and because a multiprocessing child started from a
Streamlit process would run the app's main script again. The host holds a fork server that has Keras loaded and
forks a fresh child per job. It ends, and with it every child, when its stdin closes.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, BinaryIO

from core.executors import child
from core.logs import set_up

_POLL = 0.5  # seconds; how late a hung child may be noticed


@dataclass
class _Running:
    process: BaseProcess
    connection: Connection
    silence_limit: float | None
    heard: float
    finished: bool = False
    end: str | None = None  # why the host itself killed it


class Host:
    """One loop over stdin, the children's pipes and their exits."""

    def __init__(self, output: BinaryIO, memory_mb: int | None) -> None:
        self._output, self._memory_mb = output, memory_mb
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["core.executors.preload"])
        multiprocessing.forkserver.ensure_running()
        self._jobs: dict[str, _Running] = {}
        self._buffer = b""

    def serve(self, stdin: int) -> None:
        """Serve until stdin closes, then kill what is left."""
        while True:
            connections = {running.connection: name for name, running in self._jobs.items() if not running.finished}
            sentinels = {running.process.sentinel: name for name, running in self._jobs.items()}
            ready = wait([stdin, *connections, *sentinels], timeout=_POLL)
            for source in ready:
                if source in connections:
                    self._receive(connections[source])
            for source in ready:
                if source in sentinels:
                    self._reap(sentinels[source])
            if stdin in ready and not self._commands(stdin):
                break
            self._kill_silent(time.monotonic())
        for running in self._jobs.values():
            running.process.kill()

    def _commands(self, stdin: int) -> bool:
        """Carry out the complete lines on stdin; False when it was closed."""
        chunk = os.read(stdin, 65536)
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            command = json.loads(line)
            if command["command"] == "submit":
                self._start(command["id"], command["job"])
            elif command["command"] == "cancel" and (running := self._jobs.get(command["id"])):
                running.end = "cancelled"
                running.process.kill()
        return bool(chunk)

    def _start(self, name: str, job: dict[str, Any]) -> None:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=child.run, args=(job, sender, self._memory_mb), daemon=True)
        process.start()
        sender.close()
        self._jobs[name] = _Running(process, receiver, job.get("silence_limit"), time.monotonic())
        self._say({"type": "started", "id": name, "pid": process.pid})

    def _receive(self, name: str) -> None:
        """Pass a child's message on, untouched but for the job's name."""
        running = self._jobs[name]
        try:
            message = json.loads(running.connection.recv_bytes())
        except (EOFError, OSError):
            running.finished = True
            running.connection.close()
            return
        running.heard = time.monotonic()
        if message["type"] == "result":
            running.end = "done"
        self._say({"id": name, **message})

    def _reap(self, name: str) -> None:
        running = self._jobs[name]
        while not running.finished:  # what it sent before it ended still counts
            self._receive(name)
        running.process.join()
        del self._jobs[name]
        if running.end != "done":
            reason = running.end or _describe(running.process.exitcode)
            self._say({"type": "lost", "id": name, "reason": reason, "retry": running.end is None})
        running.process.close()

    def _kill_silent(self, now: float) -> None:
        for running in self._jobs.values():
            if running.silence_limit is not None and now - running.heard > running.silence_limit:
                running.end = f"no sign of life for {running.silence_limit:g} s, so it was stopped (time limit)"
                running.process.kill()

    def _say(self, message: dict[str, Any]) -> None:
        self._output.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        self._output.flush()


def _describe(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = "; the system kills so when memory runs out" if name == "SIGKILL" else ""
        hint = "; memory may have run out" if name == "SIGABRT" else hint
        return f"the worker process was killed by {name}{hint}"
    return f"the worker process ended without a result (exit code {code})"


def main() -> None:
    """Keep stdout for the protocol: what libraries print goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    set_up("host")
    memory = os.environ.get("MHL_WORKER_MEMORY_MB")
    Host(protocol, int(memory) if memory else None).serve(sys.stdin.fileno())


if __name__ == "__main__":
    main()
