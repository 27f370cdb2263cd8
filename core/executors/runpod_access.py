"""Which RunPod endpoint and which bucket belong to this machine: read from its environment, secrets and all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import InvalidInputError
from core.executors.runpod_api import PUBLIC_URL, RunPodConfig
from core.storage_config import StorageConfig

KEY, KEY_FILE, ENDPOINT, URL = "RUNPOD_API_KEY", "RUNPOD_API_KEY_FILE", "RUNPOD_ENDPOINT_ID", "RUNPOD_API_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAccess:
    """All that is needed to train on RunPod."""

    endpoint: RunPodConfig
    storage: StorageConfig

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> RemoteAccess:
        """Read both. Raises InvalidInputError naming the variables that are missing."""
        return cls(endpoint=endpoint_config(environ), storage=storage_config(environ))


def endpoint_config(environ: Mapping[str, str] | None = None) -> RunPodConfig:
    """Read RUNPOD_ENDPOINT_ID, RUNPOD_API_KEY or RUNPOD_API_KEY_FILE, and RUNPOD_API_URL where it is not RunPod's own.

    Raises InvalidInputError naming what is missing.
    """
    env = os.environ if environ is None else environ
    missing = [] if env.get(ENDPOINT, "").strip() else [ENDPOINT]
    if not (env.get(KEY, "").strip() or env.get(KEY_FILE, "").strip()):
        missing.append(f"{KEY} (or {KEY_FILE})")
    if missing:
        raise InvalidInputError(f"RunPod is not set up: set {' and '.join(missing)}, then start the program again")
    return RunPodConfig(
        endpoint_id=env[ENDPOINT].strip(),
        api_key=partial(read_key, env),
        url=env.get(URL, "").strip() or PUBLIC_URL,
    )


def storage_config(environ: Mapping[str, str] | None = None) -> StorageConfig:
    """Read the bucket's BUCKET_* variables. Raises InvalidInputError naming what is missing."""
    found = StorageConfig.from_environment(environ)
    if found is None:
        raise InvalidInputError(
            "object storage is not set up: set BUCKET_NAME, BUCKET_ACCESS_KEY_ID and BUCKET_SECRET_ACCESS_KEY, and "
            "BUCKET_ENDPOINT_URL unless it is AWS, then start the program again"
        )
    return found


def read_key(env: Mapping[str, str]) -> str:
    """Return the key as it stands now; one in a file can be mended while a run waits for it. Empty: there is none."""
    file = env.get(KEY_FILE, "").strip()
    if not file:
        return env.get(KEY, "")
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""  # the client says that there is no key
