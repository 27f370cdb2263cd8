"""The way of a result back: what the worker stored becomes the folder that a local training would have left."""

from __future__ import annotations

from functools import partial

from core.errors import WorkerError
from core.executors.runpod_desk import Desk
from core.executors.runpod_errors import RemoteUnavailableError
from core.executors.runpod_flight import Flight
from core.executors.runpod_transfer import DamagedResultError, keep_metrics, settled
from core.object_store import StorageError
from core.remote_job import RemoteOutcome
from core.trial import TrialResult


class Fetch:
    """The phase `fetch`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def fetch(self, flight: Flight) -> None:
        """Read the stored result, which has the trace, and bring the files that it names."""
        known = flight.stored or flight.answer
        assert known is not None
        if known.result.status != "completed":  # nothing was kept, so nothing has to come
            self._resolve(flight, settled(known))
            return
        self._desk.errand(flight, lambda: self._bring(flight), partial(self._resolve, flight))

    def _bring(self, flight: Flight) -> TrialResult:
        """In the pool: try once. What cannot be fetched in the end costs the files, never the metrics."""
        try:
            if flight.stored is None:
                flight.stored = self._stored(flight)
            return self._desk.transfer.fetch(flight.job, flight.prefix, flight.stored, flight.wanted)
        except (DamagedResultError, StorageError) as error:
            if isinstance(error, StorageError) and error.transient:
                if self._desk.clock() - flight.since <= self._desk.limits.submission:
                    raise
                return self._rescue(flight, error)
            flight.damages += 1  # storage calls a file damaged that another worker is just writing, too
            if flight.damages <= self._desk.limits.downloads:
                raise DamagedResultError(str(error)) from None
            return self._rescue(flight, error)

    def _stored(self, flight: Flight) -> RemoteOutcome:
        stored = self._desk.transfer.outcome(flight.prefix, flight.uid)
        if stored is None:
            raise DamagedResultError(f"{flight.prefix} holds no readable result")
        return stored

    def _rescue(self, flight: Flight, error: DamagedResultError | StorageError) -> TrialResult:
        if flight.stored is not None:
            return keep_metrics(flight.job, settled(flight.stored), str(error), flight.wanted)
        if isinstance(error, StorageError):
            raise RemoteUnavailableError(f"the training is done, but the object storage cannot be used: {error}")
        text = f"the training is done, but its record was not stored, so its health cannot be measured: {error}"
        raise WorkerError(text)

    def _resolve(self, flight: Flight, result: TrialResult) -> None:
        flight.resolve(result)
        self._desk.leave(flight)
