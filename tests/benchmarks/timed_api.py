"""RunPod's API with a watch: when jobs were taken, when their end was seen, and how often it was asked."""

from __future__ import annotations

import time
from typing import Any

from core.executors.runpod_api import RunPodApi, RunPodConfig
from core.executors.runpod_views import JobView


class TimedApi(RunPodApi):
    """Moments are of the monotonic clock, which all processes of a machine share."""

    def __init__(self, config: RunPodConfig) -> None:
        super().__init__(config)
        self.jobs: dict[int, str] = {}  # by the number of the trial
        self.submitted: dict[str, float] = {}
        self.seen: dict[str, tuple[float, JobView]] = {}
        self.requests = 0
        self.asking = 0.0  # seconds spent in looks at jobs, of all threads

    def run(self, job_input: dict[str, Any], policy: dict[str, int]) -> str:
        """See RunPodApi.run."""
        self.requests += 1
        job = super().run(job_input, policy)
        self.submitted[job] = time.monotonic()
        self.jobs[job_input["spec"]["number"]] = job
        return job

    def status(self, job: str) -> JobView:
        """See RunPodApi.status."""
        started = time.monotonic()
        self.requests += 1
        view = super().status(job)
        if view.final:
            self.seen.setdefault(job, (time.monotonic(), view))
        self.asking += time.monotonic() - started
        return view

    def moments(self, number: int) -> dict[str, float]:
        """Return when a trial's job was submitted, taken by a worker, completed, and when that was seen.

        The endpoint's own clock is not known; it took the job with its answer to /run at the latest.
        """
        job = self.jobs[number]
        seen, view = self.seen[job]
        taken = self.submitted[job] + (view.delay_ms or 0.0) / 1000
        completed = min(taken + (view.execution_ms or 0.0) / 1000, seen)
        return {"submitted": self.submitted[job], "taken": taken, "completed": completed, "seen": seen}

    def billed(self, number: int) -> float:
        """Return a trial's seconds of execution."""
        return (self.seen[self.jobs[number]][1].execution_ms or 0.0) / 1000
