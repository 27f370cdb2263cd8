"""One job and the view of it that the public API gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.emulator.policy import Policy

FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})
ABSENT: Any = object()  # a handler may well answer None, which is told as null


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """Times are seconds of the emulator's clock; `queued` is renewed when the job goes back to the queue."""

    id: str
    input: Any
    policy: Policy
    sync: bool  # submitted by /runsync
    webhook: str | None
    submitted: float
    queued: float
    status: str = "IN_QUEUE"
    worker: str | None = None  # the one that has it, or had it last
    started: float | None = None
    ended: float | None = None
    output: Any = ABSENT
    error: Any = None
    retries: int = 0
    stream: list[Any] = field(default_factory=list)

    @property
    def final(self) -> bool:
        return self.status in FINAL

    def view(self) -> dict[str, Any]:
        """What /status tells: fields appear as they become known."""
        view: dict[str, Any] = {"id": self.id, "status": self.status}
        if self.started is not None:
            view["delayTime"] = round((self.started - self.queued) * 1000)
            view["workerId"] = self.worker
            if self.ended is not None:
                view["executionTime"] = round((self.ended - self.started) * 1000)
        if self.output is not ABSENT:
            view["output"] = self.output
        if self.error is not None:
            view["error"] = self.error
        if self.retries:
            view["retries"] = self.retries
        return view


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePost:
    """Something a worker sent about a job that was no longer its own, or had ended."""

    worker: str
    job: str
    kind: str  # progress, result, stream
    status: str  # of the job then: GONE when there is no record, REASSIGNED when another worker has it
