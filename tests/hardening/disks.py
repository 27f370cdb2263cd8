"""A small disk of one's own, where the system lets us have one."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

import pytest


class SmallDisk:
    """A file system in memory at `folder`. Skips the test where none can be mounted."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self._size = folder, megabytes

    def __enter__(self) -> SmallDisk:
        self.folder.mkdir(parents=True)
        if os.geteuid() != 0 or not self._mount(f"size={self._size}m"):
            pytest.skip("a small disk needs root and the right to mount")
        self._filler = (self.folder / "filler").open("wb", buffering=0)  # opened while there is room for it
        return self

    def __exit__(self, *_: object) -> None:
        self._filler.close()
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def remount(self, mode: str) -> None:
        """Make it read-only (`ro`), when nothing on it is open for writing, or writable (`rw`)."""
        self._filler.close()
        subprocess.run(["mount", "-o", f"remount,{mode}", str(self.folder)], check=True)

    def fill(self) -> None:
        """Leave nothing free."""
        with contextlib.suppress(OSError):
            while True:
                self._filler.write(b"\0" * 65536)

    def clear(self) -> None:
        """Make room again."""
        self._filler.truncate(0)

    def _mount(self, options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
