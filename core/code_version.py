"""Which program this is, to be written beside what it has measured."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@cache
def code_version() -> str:
    """Return the release and 12 hex digits over the sources of `core`: "0.1.0+3f2a…"; changed code has another."""
    try:
        release = version("model-health-lab")
    except PackageNotFoundError:  # run from a folder that was not installed
        release = "0"
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return f"{release}+{digest.hexdigest()[:12]}"
