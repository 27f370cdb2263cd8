"""The child process that trains: started ahead of its job or for it, and killed with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).resolve().parents[1]
_LONGEST_LINE = 64 * 2**20  # bytes of a result with its trace
_PRIVATE = ("BUCKET_", "RUNPOD_", "AWS_")  # a training needs no keys
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow"}


class Trainee:
    """A process of `runpod_handler.child`, which ends when this one does: it watches its stdin.

    Made without an event loop, so that it can wait for a job; the methods that are awaited belong to one loop.
    """

    command: ClassVar = (sys.executable, "-u", "-m", "runpod_handler.child")

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=_environment(),
            start_new_session=True,  # its own group, so that all of it can be killed
        )
        self._born = time.monotonic()
        self._lines: asyncio.StreamReader | None = None
        self._transport: asyncio.ReadTransport | None = None

    @property
    def pid(self) -> int:
        """Also the number of its process group."""
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._born

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    async def tell(self, line: str) -> None:
        """Hand it a line. One that has ended does not hear it, as its exit code is about to tell."""
        await asyncio.to_thread(self._write, line.encode() + b"\n")

    async def hear(self) -> bytes:
        """Return its next line, which lacks its end when the process was killed while it wrote; empty: no more."""
        if self._lines is None:
            loop = asyncio.get_running_loop()
            self._lines = lines = asyncio.StreamReader(limit=_LONGEST_LINE)
            protocol = asyncio.StreamReaderProtocol(lines)
            self._transport, _ = await loop.connect_read_pipe(lambda: protocol, self._process.stdout)
        return await self._lines.readline()

    async def wait(self) -> int:
        """Wait for its end and return its exit code."""
        return await asyncio.to_thread(self._process.wait)

    async def end(self) -> None:
        """Kill its whole group, whatever of it still runs."""
        self._kill()
        await self.wait()
        self._close()

    def end_now(self) -> None:
        """Kill a process that nobody has listened to."""
        self._kill()
        self._process.wait()
        self._close()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError, ValueError):  # ValueError: closed, since it was killed meanwhile
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        if self._transport is not None:
            self._transport.close()
        else:
            self._process.stdout.close()
        with contextlib.suppress(OSError):  # a line that nobody read
            self._process.stdin.close()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    return kept | _QUIET | {"PYTHONPATH": path}
