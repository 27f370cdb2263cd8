"""What the program knows about its comparative studies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.database import STUDIES, database_clock, owner_alive, process_owner
from core.errors import RunStateError
from core.records import to_dict
from core.registry import unknown_name
from core.store import ACTIVE
from core.study_config import StudyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """One study as stored. `status`: queued, running, stopped, completed, failed or interrupted."""

    name: str
    status: str
    phase: str
    config: StudyConfig
    created: float
    started: float | None  # of the current or last session
    finished: float | None
    seconds: float  # of work in earlier sessions, or in all once it has ended
    stop_requested: bool
    openings: tuple[dict[str, Any], ...]  # of the holdout
    results: dict[str, Any]  # by analysis module

    @property
    def resumable(self) -> bool:
        """Whether the study can go on from where it is."""
        return self.status in ("stopped", "failed", "interrupted")

    @property
    def active(self) -> bool:
        """Whether it waits or is worked on."""
        return self.status in ACTIVE


class StudyStore:
    """The table of studies on the engine of a Store. Safe to share between threads."""

    def __init__(self, engine: Engine, now: Callable[[], float] | None = None) -> None:
        self._engine, self._now = engine, now or database_clock(engine)
        self._owner = process_owner()
        self._writing = threading.RLock()

    def create(self, name: str, config: StudyConfig) -> StudyRecord:
        """Add a queued study. Raises RunStateError when the name is taken."""
        row = {
            "name": name,
            "status": "queued",
            "phase": "waiting for its turn",
            "config": to_dict(config),
            "created": self._now(),
            "seconds": 0.0,
            "owner": self._owner,
            "heartbeat": self._now(),
            "stop_requested": False,
            "openings": [],
            "results": {},
        }
        try:
            with self._writing, self._engine.begin() as connection:
                connection.execute(insert(STUDIES).values(**row))
        except IntegrityError:
            raise RunStateError(f"a study named {name!r} exists already; choose another name or resume it") from None
        return self.study(name)

    def study(self, name: str) -> StudyRecord:
        """Return the study. Raises RunStateError with the nearest name when there is none."""
        return self._record(self._row(name))

    def studies(self) -> list[StudyRecord]:
        """Return all studies, the newest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(STUDIES).order_by(STUDIES.c.created.desc())).mappings().all()
        return [self._record(row) for row in rows]

    def adopt(self, name: str) -> None:
        """Put a study that nobody works on into this process's queue."""
        self._take(name, "queued", phase="waiting for its turn", stop_requested=False)

    def claim(self, name: str) -> StudyRecord:
        """Make this process work on a study that waits in its own queue or that no living process works on."""
        waited = self.study(name).status == "queued"
        changes = {} if waited else {"stop_requested": False}
        self._take(name, "running", started=self._now(), finished=None, **changes)
        return self.study(name)

    def update(self, name: str, **values: Any) -> None:
        """Change columns of a study; the heartbeat is set with it."""
        with self._writing, self._engine.begin() as connection:
            connection.execute(update(STUDIES).where(STUDIES.c.name == name).values(heartbeat=self._now(), **values))

    def abandon(self, name: str, why: str) -> None:
        """Store as failed what this process no longer works on though the database says so; see `Store.abandon`."""
        ours = (STUDIES.c.name == name) & (STUDIES.c.owner == self._owner) & STUDIES.c.status.in_(ACTIVE)
        values = {"status": "failed", "phase": why, "finished": self._now(), "stop_requested": False}
        with self._writing, self._engine.begin() as connection:
            connection.execute(update(STUDIES).where(ours).values(heartbeat=self._now(), **values))

    def set_result(self, name: str, module: str, result: dict[str, Any]) -> None:
        """Store the result of one analysis; those of others stay."""
        with self._writing:
            self.update(name, results=self.study(name).results | {module: result})

    def note_opening(self, name: str, opening: dict[str, Any]) -> None:
        """Record that the holdout is opened; no opening is ever forgotten."""
        with self._writing:
            self.update(name, openings=[*self.study(name).openings, opening])

    def request_stop(self, name: str) -> None:
        """Ask the owner of a study to stop, in whatever process it is. Raises RunStateError unless it is active."""
        study = self.study(name)
        if not study.active:
            raise RunStateError(f"study {name!r} is {study.status}; there is nothing to stop")
        self.update(name, stop_requested=True)

    def delete(self, name: str) -> None:
        """Remove the row of a study that nobody works on."""
        study = self.study(name)
        if study.active:
            raise RunStateError(f"study {name!r} is {study.status}; stop it before deleting it")
        with self._writing, self._engine.begin() as connection:
            connection.execute(delete(STUDIES).where(STUDIES.c.name == name))

    def now(self) -> float:
        """Return the store's time, seconds since the epoch."""
        return self._now()

    def _row(self, name: str) -> Any:
        with self._engine.connect() as connection:
            row = connection.execute(select(STUDIES).where(STUDIES.c.name == name)).mappings().one_or_none()
            if row is None:
                known = list(connection.execute(select(STUDIES.c.name).order_by(STUDIES.c.created.desc())).scalars())
                text = unknown_name("study", name, known) if known else f"no study {name!r}: none exists yet"
                raise RunStateError(text)
        return row

    def _record(self, row: Any) -> StudyRecord:
        status = row["status"]
        if status in ACTIVE and not owner_alive(row["owner"], row["heartbeat"], self._now()):
            status = "interrupted"
        return StudyRecord(
            name=row["name"],
            status=status,
            phase="its program ended without notice; it can be resumed" if status == "interrupted" else row["phase"],
            config=StudyConfig.from_dict(row["config"]),
            created=row["created"],
            started=row["started"],
            finished=row["finished"],
            seconds=row["seconds"],
            stop_requested=row["stop_requested"],
            openings=tuple(row["openings"]),
            results=dict(row["results"]),
        )

    def _take(self, name: str, status: str, **values: Any) -> None:
        row = self._row(name)
        study = self._record(row)
        mine = study.status == "queued" and row["owner"] == self._owner and status == "running"
        if study.active and not mine:
            raise RunStateError(f"study {name!r} is already being worked on or waiting for it; stop it first")
        if study.status == "completed":
            raise RunStateError(f"study {name!r} is completed; start a new one")
        unchanged = (STUDIES.c.name == name) & (STUDIES.c.status == row["status"])
        unchanged &= (STUDIES.c.owner == row["owner"]) & (STUDIES.c.heartbeat == row["heartbeat"])
        values |= {"status": status, "owner": self._owner, "heartbeat": self._now()}
        with self._writing, self._engine.begin() as connection:
            if connection.execute(update(STUDIES).where(unchanged).values(**values)).rowcount != 1:
                raise RunStateError(f"study {name!r} was taken up by another process just now")
