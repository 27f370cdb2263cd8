"""The TensorBoards that run at the moment: one process for each run that somebody looks at."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from core.errors import LabError

_REPOSITORY = Path(__file__).resolve().parents[2]
LIMIT = 2  # each takes about 100 MB
IDLE_SECONDS = 1800.0
START_SECONDS = 8.0  # how long a request waits for a TensorBoard to start


class Board:
    """A child process that serves one folder of logs."""

    def __init__(self, logs: Path, prefix: str) -> None:
        self.used = 0.0
        self.port: int | None = None
        self.settled = threading.Event()  # it listens, or it has ended
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the board
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.mounts.tensorboard_child", str(logs.resolve()), prefix],
            cwd=_REPOSITORY,
            stdin=subprocess.PIPE,  # never written to: its end tells the child that we are gone
            stdout=subprocess.PIPE,
            stderr=self._complaints,
        )
        threading.Thread(target=self._read_port, name="tensorboard-start", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def complaint(self) -> str:
        """Return the last line that the process wrote about its troubles."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self.process.poll()}"

    def end(self) -> None:
        """End the process and wait for it."""
        self.process.kill()  # it holds nothing that could be lost
        self.process.wait()
        for pipe in (self.process.stdin, self._complaints):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _read_port(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            line = output.readline().strip()
        self.port = int(line) if line.isdigit() else None
        self.settled.set()


class TensorBoards:
    """Start a TensorBoard when it is asked for, keep the latest few, and end those that nobody uses."""

    def __init__(
        self, limit: int = LIMIT, idle_seconds: float = IDLE_SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._idle_seconds, self._now = limit, idle_seconds, now
        self._boards: dict[Path, Board] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def port(self, logs: Path, prefix: str, wait: float = START_SECONDS) -> int | None:
        """Return the port at which `logs` are served, or None while it still starts.

        Raises LabError with the reason when it could not be started; the next request tries again.
        """
        with self._lock:
            self._end_unused()
            board = self._boards.get(logs)
            if board is None:
                self._make_room()
                board = self._boards[logs] = Board(logs, prefix)
                self._watch()
            board.used = self._now()
        if not board.settled.wait(wait):
            return None
        if self._boards.get(logs) is not board:  # ended meanwhile to make room for another
            return None
        if board.port is None:
            board.process.wait()
            reason = board.complaint()
            self.end(logs)
            raise LabError(f"TensorBoard could not be started ({reason}); reload to try again")
        return board.port

    def end(self, logs: Path) -> None:
        """End the TensorBoard of these logs, if there is one."""
        with self._lock:
            board = self._boards.pop(logs, None)
        if board is not None:
            board.end()

    def close(self) -> None:
        """End all."""
        for logs in list(self._boards):
            self.end(logs)

    def running(self) -> dict[Path, int]:
        """Return the process number by folder of logs."""
        return {logs: board.process.pid for logs, board in list(self._boards.items())}

    def _end_unused(self) -> None:
        oldest = self._now() - self._idle_seconds
        for logs, board in list(self._boards.items()):
            died = board.port is not None and not board.alive
            if died or board.used < oldest:
                self._boards.pop(logs).end()

    def _make_room(self) -> None:
        while len(self._boards) >= self._limit:
            stalest = min(self._boards, key=lambda logs: self._boards[logs].used)
            self._boards.pop(stalest).end()

    def _watch(self) -> None:
        """Look later after those that nobody asks for any more."""
        if self._timer is None:
            self._timer = threading.Timer(self._idle_seconds / 10, self._look)
            self._timer.daemon = True
            self._timer.start()

    def _look(self) -> None:
        with self._lock:
            self._timer = None
            self._end_unused()
            if self._boards:
                self._watch()
