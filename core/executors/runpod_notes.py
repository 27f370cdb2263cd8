"""The sentence on the page that says what remote trainings wait for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from functools import partial

from core.executors.jobs import OnNote
from core.executors.runpod_desk import Desk
from core.executors.runpod_errors import RunPodError
from core.executors.runpod_flight import Flight

_TROUBLED = 3  # failures in a row that are worth a sentence


class Notes:
    """Tells a change of the sentence once; None when all is well."""

    def __init__(self, desk: Desk, on_note: OnNote) -> None:
        self._desk, self._on_note = desk, on_note
        self._told: str | None = None
        self._queue_note: str | None = None
        self._next_health = 0.0

    def update(self, flights: Iterable[Flight]) -> None:
        """Look at all trainings that somebody waits for, and at the endpoint's health when they are queued long."""
        note = self._note([flight for flight in flights if flight.wanted()])
        if note != self._told:
            self._told = note
            self._on_note(note)

    def _note(self, flights: list[Flight]) -> str | None:
        if self._desk.refused is not None:
            return f"{self._desk.refused}. {_trials(len(flights))}; all goes on as soon as it works."
        troubled = [flight for flight in flights if flight.trouble and flight.backoff.failures >= _TROUBLED]
        if troubled:
            return f"{troubled[0].trouble}. {_trials(len(troubled))}; it is tried again and again."
        return self._queued([flight.queued_since for flight in flights if flight.queued_since is not None])

    def _queued(self, since: list[float]) -> str | None:
        desk = self._desk
        now = desk.clock()
        late = [start for start in since if now - start >= desk.limits.wait_before_note]
        if not late:
            self._queue_note = None
            self._next_health = 0.0
        elif now >= self._next_health:
            self._next_health = now + desk.limits.health_interval
            with contextlib.suppress(RunPodError):
                seconds = now - min(late)
                jobs = "1 job has" if len(late) == 1 else f"{len(late)} jobs have"
                self._queue_note = f"{jobs} waited {seconds:.0f} s: {desk.api.health().explain()}."
        return self._queue_note


def _trials(number: int) -> str:
    return "1 trial waits" if number == 1 else f"{number} trials wait"


class NoteBoard:
    """One sentence for the page from several sources: what they say, in the order they were made."""

    def __init__(self, on_note: OnNote) -> None:
        self._on_note = on_note
        self._said: dict[int, str] = {}
        self._sources = 0
        self._lock = threading.Lock()

    def source(self) -> OnNote:
        """Return a new voice."""
        self._sources += 1
        return partial(self._say, self._sources)

    def _say(self, source: int, text: str | None) -> None:
        with self._lock:
            if text is None:
                self._said.pop(source, None)
            else:
                self._said[source] = text
            self._on_note(" ".join(self._said[key] for key in sorted(self._said)) or None)
