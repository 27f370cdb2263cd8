"""What the program knows about its runs. Optuna's tables own the trials, ours own the rest; pages read, one
thread writes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.config import OptimizationConfig, Settings
from core.database import PROGRESS, RUNS, database_clock, open_database, owner_alive, process_owner
from core.errors import InvalidInputError, RunStateError
from core.records import to_dict
from core.registry import unknown_name

ACTIVE = ("queued", "running")
NOTES_LIMIT = 10_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run as stored. `status`: queued, running, stopped, completed, failed or interrupted (its process died)."""

    name: str
    status: str
    phase: str
    config: OptimizationConfig
    created: float
    started: float | None  # of the current or last session
    finished: float | None
    seconds: float  # of work in earlier sessions, or in all once it has ended
    owner: str | None
    stop_requested: bool
    facts: dict[str, Any]
    summary: dict[str, Any] | None
    pause_requested: bool = False
    paused_since: float | None = None  # set while it is paused and nothing trains any more
    notes: str = ""

    @property
    def resumable(self) -> bool:
        """Whether the run can go on from where it is."""
        return self.status in ("stopped", "failed", "interrupted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What people want of a run: that it stops, that it starts no further trials, how many trials it has in all."""

    stop: bool
    pause: bool
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialProgress:
    """A trial that trains at this moment. Times in seconds since the epoch."""

    number: int
    epoch: int
    epochs: int
    val_accuracy: float | None
    started: float
    updated: float
    place: str | None = None  # where it is, when it is not simply here

    def seconds_left(self, now: float) -> float | None:
        """Expected rest from the pace so far; None before the first epoch ended."""
        if self.epoch == 0:
            return None
        per_epoch = (self.updated - self.started) / self.epoch
        return max(0.0, per_epoch * (self.epochs - self.epoch) - (now - self.updated))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One trial as stored. `state`: waiting, running, completed, pruned or failed."""

    number: int
    state: str
    params: dict[str, Any]
    total_score: float | None
    accuracy: float | None
    test_accuracy: float | None
    health: float | None
    components: dict[str, float | None]
    parameters: int | None
    seconds: float | None
    accuracies: dict[int, float]  # validation accuracy by epoch
    feasible: bool  # within the budgets
    note: str | None
    traceback: str | None
    attempts: tuple[str, ...]  # why earlier attempts were lost
    started: float | None = None  # seconds since the epoch; of the last attempt
    finished: float | None = None
    device: str | None = None  # what trained it
    origin: str | None = None  # "copy of trial 3" when a person asked for it


_STATES = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "completed",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}


class Store:
    """The database behind a handful of questions and answers. Safe to share between threads."""

    def __init__(self, settings: Settings, now: Callable[[], float] | None = None) -> None:
        self.engine, self.optuna_storage = open_database(settings.database_url)
        self._now = now or database_clock(self.engine)
        self._owner = process_owner()
        self._writing = threading.RLock()
        self._ended: dict[int, dict[int, TrialRecord]] = {}  # by study and number: an ended trial never changes

    def create_run(self, name: str, config: OptimizationConfig) -> RunRecord:
        """Add a queued run. Raises RunStateError when the name is taken."""
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
            "facts": {},
        }
        try:
            with self._writing, self.engine.begin() as connection:
                connection.execute(insert(RUNS).values(**row))
        except IntegrityError:
            raise RunStateError(f"a run named {name!r} exists already; choose another name or resume it") from None
        return self.run(name)

    def run(self, name: str) -> RunRecord:
        """Return the run. Raises RunStateError with the nearest name when there is none."""
        with self.engine.connect() as connection:
            row = connection.execute(select(RUNS).where(RUNS.c.name == name)).mappings().one_or_none()
            if row is None:
                known = list(connection.execute(select(RUNS.c.name).order_by(RUNS.c.created.desc())).scalars())
                raise RunStateError(unknown_name("run", name, known) if known else f"no run {name!r}: none exists yet")
        return self._record(row)

    def runs(self) -> list[RunRecord]:
        """Return all runs, the newest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(RUNS).order_by(RUNS.c.created.desc())).mappings().all()
        return [self._record(row) for row in rows]

    def _record(self, row: Any) -> RunRecord:
        status = row["status"]
        if status in ACTIVE and not owner_alive(row["owner"], row["heartbeat"], self._now()):
            status = "interrupted"
        return RunRecord(
            name=row["name"],
            status=status,
            phase="its program ended without notice; it can be resumed" if status == "interrupted" else row["phase"],
            config=OptimizationConfig.from_dict(row["config"]),
            created=row["created"],
            started=row["started"],
            finished=row["finished"],
            seconds=row["seconds"],
            owner=row["owner"],
            stop_requested=row["stop_requested"],
            facts=row["facts"],
            summary=row["summary"],
            pause_requested=row["pause_requested"],
            paused_since=row["paused_since"],
            notes=row["notes"],
        )

    def now(self) -> float:
        """Return the store's time, seconds since the epoch."""
        return self._now()

    def adopt(self, name: str) -> None:
        """Put a run that nobody works on into this process's queue."""
        self._take(name, "queued", phase="waiting for its turn", stop_requested=False, pause_requested=False)

    def claim(self, name: str) -> RunRecord:
        """Make this process work on a run that waits in its own queue or that no living process works on.

        A stop that was asked for while the run waited still holds. Raises RunStateError when another process owns
        the run or when it is completed.
        """
        waited = self.run(name).status == "queued"
        changes = {} if waited else {"stop_requested": False, "pause_requested": False}
        self._take(name, "running", started=self._now(), finished=None, paused_since=None, **changes)
        self.clear_progress(name)
        return self.run(name)

    def _take(self, name: str, status: str, **values: Any) -> None:
        with self.engine.connect() as connection:
            row = connection.execute(select(RUNS).where(RUNS.c.name == name)).mappings().one_or_none()
        run = self.run(name) if row is None else self._record(row)
        mine = run.status == "queued" and run.owner == self._owner and status == "running"
        if run.status in ACTIVE and not mine:
            raise RunStateError(f"run {name!r} is already being worked on or waiting for it; stop it first")
        if run.status == "completed":
            raise RunStateError(f"run {name!r} is completed; start a new run to search further")
        assert row is not None
        unchanged = (RUNS.c.name == name) & (RUNS.c.owner == row["owner"])  # nobody was quicker
        unchanged &= (RUNS.c.status == row["status"]) & (RUNS.c.heartbeat == row["heartbeat"])
        values |= {"status": status, "owner": self._owner, "heartbeat": self._now()}
        with self._writing, self.engine.begin() as connection:
            if connection.execute(update(RUNS).where(unchanged).values(**values)).rowcount != 1:
                raise RunStateError(f"run {name!r} was taken up by another process just now")

    def update_run(self, name: str, **values: Any) -> None:
        """Change columns of a run; the heartbeat is set with it."""
        with self._writing, self.engine.begin() as connection:
            connection.execute(update(RUNS).where(RUNS.c.name == name).values(heartbeat=self._now(), **values))

    def abandon(self, name: str, why: str) -> None:
        """Store as failed, hence resumable, what this process no longer works on though the database says that it does.

        That is left when the database could not be used at the end of a run. Nothing is changed otherwise.
        """
        ours = (RUNS.c.name == name) & (RUNS.c.owner == self._owner) & RUNS.c.status.in_(ACTIVE)
        values = {"status": "failed", "phase": why, "finished": self._now(), "heartbeat": self._now()}
        values |= {"stop_requested": False, "pause_requested": False, "paused_since": None}
        with self._writing, self.engine.begin() as connection:
            if connection.execute(update(RUNS).where(ours).values(**values)).rowcount:
                self._delete_progress(connection, name, None)

    def request_stop(self, name: str) -> RunRecord:
        """Ask the owner of a run to stop, in whatever process it is. Raises RunStateError unless it is active."""
        run = self.run(name)
        if run.status not in ACTIVE:
            raise RunStateError(f"run {name!r} is {run.status}; there is nothing to stop")
        self.update_run(name, stop_requested=True)
        return run

    def wishes(self, name: str) -> Wishes:
        """Return what people want of a run that is being worked on."""
        statement = select(RUNS.c.stop_requested, RUNS.c.pause_requested, RUNS.c.config).where(RUNS.c.name == name)
        with self.engine.connect() as connection:
            stop, pause, config = connection.execute(statement).one()
        return Wishes(stop=stop, pause=pause, trials=config["trials"])

    def request_pause(self, name: str, pause: bool) -> None:
        """Ask the owner of a run to start no further trials, or to go on. Raises RunStateError unless it is active."""
        run = self.run(name)
        if run.status not in ACTIVE:
            raise RunStateError(f"run {name!r} is {run.status}; only a run that is being worked on can be paused")
        self.update_run(name, pause_requested=pause)

    def add_trials(self, name: str, count: int) -> RunRecord:
        """Let a run try `count` networks more; a completed one becomes stopped, hence resumable."""
        with self._writing:
            run = self.run(name)
            config = replace(run.config, trials=run.config.trials + count)
            changes: dict[str, Any] = {"config": to_dict(config)}
            if run.status == "completed":
                changes |= {"status": "stopped", "phase": f"{count} trials were added; resume it"}
            with self.engine.begin() as connection:  # no heartbeat: that is its owner's
                connection.execute(update(RUNS).where(RUNS.c.name == name).values(**changes))
        return self.run(name)

    def set_notes(self, name: str, notes: str) -> None:
        """Keep what a person wrote about a run. Raises InvalidInputError above 10,000 characters."""
        if len(notes) > NOTES_LIMIT:
            raise InvalidInputError(f"notes may have {NOTES_LIMIT:,} characters, got {len(notes):,}; shorten them")
        with self._writing, self.engine.begin() as connection:
            connection.execute(update(RUNS).where(RUNS.c.name == name).values(notes=notes))

    def delete_run(self, name: str) -> None:
        """Remove all rows of a run that nobody works on. Raises RunStateError when it is active."""
        run = self.run(name)
        if run.status in ACTIVE:
            raise RunStateError(f"run {name!r} is {run.status}; stop it before deleting it")
        with contextlib.suppress(KeyError):  # it may have ended before its first trial
            study_id = self.optuna_storage.get_study_id_from_name(name)
            self.optuna_storage.delete_study(study_id)
            self._ended.pop(study_id, None)
        with self._writing, self.engine.begin() as connection:
            self._delete_progress(connection, name, None)
            connection.execute(delete(RUNS).where(RUNS.c.name == name))

    def set_progress(self, run: str, progress: TrialProgress) -> None:
        """Replace what is known about a running trial."""
        with self._writing, self.engine.begin() as connection:
            self._delete_progress(connection, run, progress.number)
            connection.execute(insert(PROGRESS).values(run=run, **to_dict(progress)))

    def clear_progress(self, run: str, number: int | None = None) -> None:
        """Forget a running trial, or all of the run."""
        with self._writing, self.engine.begin() as connection:
            self._delete_progress(connection, run, number)

    @staticmethod
    def _delete_progress(connection: Any, run: str, number: int | None) -> None:
        statement = delete(PROGRESS).where(PROGRESS.c.run == run)
        connection.execute(statement if number is None else statement.where(PROGRESS.c.number == number))

    def progress(self, run: str) -> list[TrialProgress]:
        """Return the trials that train at this moment, by number."""
        statement = select(PROGRESS).where(PROGRESS.c.run == run).order_by(PROGRESS.c.number)
        with self.engine.connect() as connection:
            rows = connection.execute(statement).mappings().all()
        return [TrialProgress(**{key: row[key] for key in TrialProgress.__dataclass_fields__}) for row in rows]

    def study(self, run: str) -> optuna.Study:
        """Open the run's Optuna study, making it when it is missing."""
        return optuna.create_study(
            storage=self.optuna_storage, study_name=run, direction="maximize", load_if_exists=True
        )

    def trials(self, run: str) -> list[TrialRecord]:
        """Return the run's trials by number; none when it has not started."""
        try:
            study_id = self.optuna_storage.get_study_id_from_name(run)
        except KeyError:
            return []
        known = self._ended.setdefault(study_id, {})
        return [_remembered(trial, known) for trial in self.optuna_storage.get_all_trials(study_id, deepcopy=False)]


def _remembered(trial: FrozenTrial, known: dict[int, TrialRecord]) -> TrialRecord:
    """Read a trial, an ended one only once: a page with a thousand trials looks every second."""
    record = known.get(trial.number)
    if record is None or record.finished != _seconds(trial.datetime_complete):  # or a study of the same id was deleted
        record = trial_record(trial)
        if trial.state.is_finished():
            known[trial.number] = record
    return record


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def trial_record(trial: FrozenTrial) -> TrialRecord:
    """Read one Optuna trial."""
    attributes = trial.user_attrs
    metrics, health = attributes.get("metrics") or {}, attributes.get("health") or {}
    completed = trial.state == TrialState.COMPLETE
    return TrialRecord(
        number=trial.number,
        state=_STATES[trial.state],
        params=dict(trial.params),
        total_score=trial.value if completed else None,
        accuracy=metrics.get("val_accuracy"),
        test_accuracy=metrics.get("test_accuracy"),
        health=attributes.get("health_score"),
        components={name: result["value"] for name, result in health.items()},
        parameters=attributes.get("parameters"),
        seconds=attributes.get("seconds"),
        accuracies=dict(trial.intermediate_values),
        feasible=all(value <= 0 for value in trial.constraints.values()),
        note=attributes.get("note"),
        traceback=attributes.get("traceback"),
        attempts=tuple(attributes.get("attempts") or ()),
        started=_seconds(trial.datetime_start),
        finished=_seconds(trial.datetime_complete),
        device=attributes.get("device"),
        origin=attributes.get("origin"),
    )
