"""The way of a training to RunPod: is it done already, are its rows there, hand it over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.executors.runpod_desk import Desk
from core.executors.runpod_flight import Flight
from core.executors.runpod_transfer import PartsObject
from core.records import to_dict
from core.remote_job import RemoteInput, RemoteOutcome


@dataclass(frozen=True, slots=True)
class _Prepared:
    outcome: RemoteOutcome | None
    parts: PartsObject | None


class Submission:
    """The phases `prepare` and `ask`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parts: dict[str, PartsObject] = {}

    def prepare(self, flight: Flight) -> None:
        """Look for a result that an earlier delivery committed, else see that the rows are stored."""
        self._desk.errand(flight, lambda: self._prepare(flight), lambda found: self._prepared(flight, found))

    def _prepare(self, flight: Flight) -> _Prepared:
        outcome = self._desk.transfer.outcome(flight.prefix, flight.uid)
        if outcome is not None:
            return _Prepared(outcome, None)
        return _Prepared(None, self._desk.transfer.parts(Path(flight.job.parts_folder), flight.job.spec.split_hash))

    def _prepared(self, flight: Flight, found: _Prepared) -> None:
        now = self._desk.clock()
        if found.outcome is not None:
            flight.stored = found.outcome
            flight.go("fetch", now)
        else:
            assert found.parts is not None
            self._parts[flight.job.spec.split_hash] = found.parts
            flight.go("ask", now)

    def ask(self, flight: Flight) -> None:
        """Hand the training over; the ledger knows of the job before anybody asks about it."""
        self._desk.errand(flight, lambda: self._ask(flight), lambda job_id: self._taken(flight, job_id))

    def _ask(self, flight: Flight) -> str:
        parts = self._parts[flight.job.spec.split_hash]
        job_input = RemoteInput(
            trial_uid=flight.uid,
            prefix=flight.prefix,
            spec=flight.job.spec,
            parts_key=parts.key,
            parts_sha256=parts.sha256,
            parts_size=parts.size,
            silence_limit=flight.job.silence_limit,
        )
        desk = self._desk
        job_id = desk.api.run(to_dict(job_input), desk.limits.policy())
        spec = flight.job.spec
        desk.ledger.submitted(uid=flight.uid, number=spec.number, job_id=job_id, attempt=flight.attempt, gpus=spec.gpus)
        return job_id

    def _taken(self, flight: Flight, job_id: str) -> None:
        now = self._desk.clock()
        flight.job_id, flight.submitted_at, flight.news_at = job_id, now, now
        flight.queued_since = None
        flight.go("watch", now)
