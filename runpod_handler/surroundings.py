"""Where a worker finds itself: its name, its bucket and its cache."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import InvalidInputError
from core.storage_config import StorageConfig
from core.storage_errors import StorageError

_VOLUME = Path("/runpod-volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the environment says."""

    worker: str
    storage: StorageConfig | None
    cache: Path
    problem: str = (
        "this worker knows no bucket; set BUCKET_NAME, BUCKET_ACCESS_KEY_ID, BUCKET_SECRET_ACCESS_KEY, "
        "BUCKET_ENDPOINT_URL and BUCKET_REGION in the environment of the endpoint"
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Surroundings:
        """Read RUNPOD_POD_ID, BUCKET_* and MHL_WORKER_CACHE."""
        values = os.environ if environ is None else environ
        found = cls(
            worker=values.get("RUNPOD_POD_ID") or socket.gethostname(),
            storage=None,
            cache=Path(values.get("MHL_WORKER_CACHE") or _default_cache()),
        )
        try:
            return replace(found, storage=StorageConfig.from_environment(values))
        except InvalidInputError as error:
            return replace(found, problem=str(error))

    def bucket(self) -> StorageConfig:
        """Return the bucket. Raises StorageError when the worker has none, or half of its settings."""
        if self.storage is None:
            raise StorageError(self.problem)
        return self.storage


def _default_cache() -> Path:
    """The network volume, which all workers share and which outlives them, or this container's own disk."""
    shared = _VOLUME / "model-health-lab"
    if _VOLUME.is_dir() and os.access(shared if shared.is_dir() else _VOLUME, os.W_OK):
        return shared
    return Path(tempfile.gettempdir()) / "model-health-lab"
