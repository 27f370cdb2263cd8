"""What can be turned while the emulator runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from core.errors import InvalidInputError
from core.records import STRICT_KEYS, from_dict, to_dict


@dataclass(slots=True, kw_only=True)
class Knobs:
    """Times in seconds of the emulator's clock, unless a comment says wall."""

    max_workers: int = 1
    min_workers: int = 0  # kept warm, whether or not there are jobs
    cold_start: float = 0.0  # before a worker's process is started
    idle_timeout: float = 60.0  # a worker without job is stopped after it; RunPod's default is 5
    start_timeout: float = 420.0  # for the first job-take; then the worker counts as unhealthy
    restart_pause: float = 10.0  # that a worker which failed at its start is shown as unhealthy
    crash_detection: float = 0.0  # until the loss of a worker is noticed; about 40 at RunPod
    ping_timeout: float = 60.0  # wall; a worker that pinged before and is silent so long counts as lost
    poll_hold: float = 20.0  # wall; how long a long poll is held
    webhook_pause: float = 10.0  # wall; between the tries to tell an address that a job has ended
    throttled: int = 0  # of max_workers, those that find no machine
    unhealthy: int = 0  # of max_workers, those that crash when they start
    initializing: int = 0  # of max_workers, those that never finish loading the image
    rate_limits: bool = True
    late_progress_wins: bool = False  # as runpod-python #250

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            value = getattr(self, name)
            if value < 0:
                raise InvalidInputError(f"{name} must be 0 or more, got {value}")

    @property
    def capacity(self) -> int:
        """How many workers can really start."""
        return max(0, self.max_workers - self.throttled - self.unhealthy - self.initializing)

    def change(self, changes: dict[str, Any]) -> None:
        """Turn some knobs. Raises InvalidInputError for unknown names and values out of range, and changes nothing."""
        changed = from_dict(Knobs, to_dict(self) | changes)
        for name in changes:
            setattr(self, name, getattr(changed, name))
