"""What the one who submits a job may ask of its treatment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInputError

_WEEK_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Limits in seconds. `ttl` counts from the submission, whatever the job does; a low priority starts no worker."""

    execution_timeout: float = 600.0
    ttl: float = 86_400.0
    low_priority: bool = False


def read_policy(document: Any) -> Policy:
    """Read the `policy` of a submission (milliseconds). Raises InvalidInputError for values out of range."""
    if document is None:
        return Policy()
    if not isinstance(document, dict):
        raise InvalidInputError("policy must be an object")
    default = Policy()
    low = document.get("lowPriority", False)
    if not isinstance(low, bool):
        raise InvalidInputError(f"lowPriority must be true or false, got {low!r:.40}")
    return Policy(
        execution_timeout=_seconds(document, "executionTimeout", 5_000, default.execution_timeout),
        ttl=_seconds(document, "ttl", 10_000, default.ttl),
        low_priority=low,
    )


def _seconds(document: dict[str, Any], name: str, least: int, default: float) -> float:
    value = document.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= _WEEK_MS:
        raise InvalidInputError(f"{name} must be {least} to {_WEEK_MS} milliseconds, got {value!r:.40}")
    return value / 1000
