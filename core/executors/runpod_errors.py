"""What can go wrong between this program and RunPod: one class for each way to act on it."""

from __future__ import annotations

from core.errors import LabError, WorkerError


class RunPodError(LabError):
    """Base of what the client raises."""


class UnansweredError(RunPodError):
    """No usable answer: asking again later may help, after `retry_after` seconds if the service named a time."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotAcceptedError(UnansweredError):
    """A job that was certainly not taken: no connection, too many requests, service closed."""


class DoubtfulError(RunPodError):
    """A job that may have been taken, and then is queued and will be paid for, but nobody told its id."""


class RefusedError(RunPodError):
    """A job that the endpoint will never take as it is."""


class KeyRefusedError(RunPodError):
    """The API key, or the account behind it, is not accepted; jobs that run are not touched by that."""


class EndpointError(RunPodError):
    """There is no such endpoint: nothing can be trained there."""


class UnknownJobError(RunPodError):
    """The endpoint has no record of the job: too fresh, too old, or removed."""


class RemoteUnavailableError(WorkerError):
    """RunPod or the object storage cannot be used at present; the trial itself is not at fault."""
