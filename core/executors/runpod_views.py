"""What RunPod's endpoint tells, read with suspicion: the state of a job and the health of the workers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict

from core.errors import InvalidInputError
from core.records import from_dict

FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"})
_JOB_ID = re.compile(r"[A-Za-z0-9._:-]{1,200}")
_TEXT_LIMIT = 400  # characters of a foreign message that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as the endpoint sees it; times in milliseconds. Fields appear as they become known."""

    id: str
    status: str  # states nobody has heard of count as not final
    output: Any = None  # the last progress while it runs, the answer when it is COMPLETED
    error: Any = None
    delay_ms: float | None = None
    execution_ms: float | None = None
    worker: str | None = None
    retries: int | None = None

    @property
    def final(self) -> bool:
        """Whether the state can no longer change."""
        return self.status in FINAL

    @property
    def error_code(self) -> str | None:
        """What the worker said about its failure, for the program to act on; None when it said nothing."""
        code = self.output.get("error_code") if isinstance(self.output, dict) else None
        return code if isinstance(code, str) else None

    @property
    def failure(self) -> str:
        """The reason of a failure in one line. The worker's library wraps exceptions into a JSON document."""
        text = self.error if isinstance(self.error, str) else "" if self.error is None else json.dumps(self.error)
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if isinstance(document, dict) and "error_message" in document:
            text = f"{document.get('error_type', 'error')}: {document['error_message']}"
        return one_line(text) or "no reason was given"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCounts:
    """Workers of an endpoint by their state."""

    idle: int = 0
    initializing: int = 0
    ready: int = 0
    running: int = 0
    throttled: int = 0
    unhealthy: int = 0

    __pydantic_config__ = ConfigDict(extra="ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """Jobs of an endpoint by their state, the endpoint's own spelling."""

    completed: int = 0
    failed: int = 0
    inProgress: int = 0
    inQueue: int = 0
    retried: int = 0

    __pydantic_config__ = ConfigDict(extra="ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The answer of /health."""

    jobs: JobCounts = field(default_factory=JobCounts)
    workers: WorkerCounts = field(default_factory=WorkerCounts)

    __pydantic_config__ = ConfigDict(extra="ignore")

    def explain(self) -> str:
        """Say in one clause why a job may have to wait."""
        workers = self.workers
        if workers.unhealthy:
            return f"workers crash when they start (unhealthy {workers.unhealthy}); look at their logs on RunPod's site"
        if workers.throttled:
            return f"no GPU of this kind is free (throttled {workers.throttled}); allow more kinds of GPU, or wait"
        if workers.initializing:
            return f"workers are starting (initializing {workers.initializing}): they load the image"
        if workers.running or self.jobs.inProgress:
            return f"all workers are busy (running {workers.running}); raise the endpoint's max workers for more"
        if workers.idle or workers.ready:
            return f"a worker is free (idle {workers.idle}, ready {workers.ready}) and should take the job soon"
        return "the endpoint has no worker; RunPod sets max workers of an unused endpoint to 0: raise it on its page"


def job_view(document: Any) -> JobView:
    """Read a status document. Raises InvalidInputError when it is none."""
    if not isinstance(document, dict):
        raise InvalidInputError("a job's status must be a JSON object")
    names = {"delayTime": "delay_ms", "executionTime": "execution_ms", "workerId": "worker"}
    known = {"id", "status", "output", "error", "retries", *names}
    return from_dict(JobView, {names.get(key, key): value for key, value in document.items() if key in known})


def health_view(document: Any) -> Health:
    """Read a health document. Raises InvalidInputError when it is none."""
    return from_dict(Health, document)


def job_id(document: Any) -> str | None:
    """Return the id that /run answered with, or None when the answer holds none that could be one."""
    found = document.get("id") if isinstance(document, dict) else None
    return found if isinstance(found, str) and _JOB_ID.fullmatch(found) else None


def one_line(text: str) -> str:
    """Shorten a foreign text to one printable line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _TEXT_LIMIT else line[:_TEXT_LIMIT] + "…"
