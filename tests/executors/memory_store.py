"""An object store in memory that keeps what it is given, checks what it hands out, and fails when a test says so."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.object_store import StorageError


class MemoryStore:
    """Objects by key. `fail` holds errors for the next calls; `calls` says what was asked, in order."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fail: list[StorageError] = []
        self.calls: list[tuple[str, str]] = []

    def put_file(self, key: str, path: Path) -> None:
        self._called("put", key)
        self.objects[key] = path.read_bytes()

    def put_bytes(self, key: str, data: bytes) -> None:
        self._called("put", key)
        self.objects[key] = data

    def get_bytes(self, key: str, limit: int = 2**20) -> bytes | None:
        self._called("get", key)
        data = self.objects.get(key)
        if data is not None and len(data) > limit:
            raise StorageError(f"{key} has {len(data)} bytes, more than {limit}", transient=False)
        return data

    def size(self, key: str) -> int | None:
        self._called("head", key)
        return len(self.objects[key]) if key in self.objects else None

    def download(self, key: str, target: Path, size: int, sha256: str) -> None:
        self._called("download", key)
        data = self.objects.get(key)
        if data is None or len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
            raise StorageError(f"{key} is missing or not what was sent", transient=False)
        part = target.with_name(target.name + ".part")
        part.write_bytes(data)
        part.replace(target)

    def count(self, call: str, ending: str = "") -> int:
        """How often something was asked for keys with an ending."""
        return sum(name == call and key.endswith(ending) for name, key in self.calls)

    def _called(self, call: str, key: str) -> None:
        self.calls.append((call, key))
        if self.fail:
            raise self.fail.pop(0)
