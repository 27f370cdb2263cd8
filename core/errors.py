"""The few exceptions of the project. Every message says the value, the rule and the remedy."""


class LabError(Exception):
    """Base of every error this project raises on purpose; its text is fit for a user's eyes."""


class InvalidInputError(LabError, ValueError):
    """A value that breaks a rule: configuration, a name nobody registered, a malformed file."""


class DataUnavailableError(LabError):
    """A data set that is neither cached, nor in the mirror, nor reachable over the network."""


class DatabaseUnavailableError(LabError):
    """A database that cannot be used now: locked, damaged, full, read-only, or a server that does not answer."""


class RunStateError(LabError):
    """A run that does not exist, or cannot do what was asked in the state it is in."""


class WorkerError(LabError):
    """A worker that could not be started or was lost; the text says what is known about its end.

    `retry` tells whether the same trial may well succeed on another worker.
    """

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry
