"""The one database: its address, its tables and how SQLite is opened."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import optuna
import psutil
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.schema import CreateColumn

from core.datasets.folders import locked
from core.errors import InvalidInputError, LabError

SCHEMA_VERSION = 3
METADATA = MetaData()

LAB = Table("mhl_lab", METADATA, Column("schema_version", Integer, primary_key=True))

RUNS = Table(
    "mhl_runs",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("status", String(16), nullable=False, index=True),
    Column("phase", Text, nullable=False),
    Column("config", JSON, nullable=False),
    Column("created", Float, nullable=False, index=True),  # seconds since the epoch, UTC
    Column("started", Float),  # of the current or last session
    Column("finished", Float),
    Column("seconds", Float, nullable=False),  # of work, over all sessions
    Column("owner", String(200)),
    Column("heartbeat", Float),
    Column("stop_requested", Boolean, nullable=False),
    Column("pause_requested", Boolean, nullable=False, server_default="0"),
    Column("paused_since", Float),  # while it is paused and nothing trains any more
    Column("notes", Text, nullable=False, server_default=""),
    Column("facts", JSON, nullable=False),  # data and split hashes, parameter bounds: fixed at the first start
    Column("summary", JSON),
)

STUDIES = Table(
    "mhl_studies",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("status", String(16), nullable=False, index=True),
    Column("phase", Text, nullable=False),
    Column("config", JSON, nullable=False),
    Column("created", Float, nullable=False, index=True),
    Column("started", Float),
    Column("finished", Float),
    Column("seconds", Float, nullable=False),
    Column("owner", String(200)),
    Column("heartbeat", Float),
    Column("stop_requested", Boolean, nullable=False),
    Column("openings", JSON, nullable=False),  # of the holdout: when, by which code, on which networks
    Column("results", JSON, nullable=False),  # of the analyses, by module
)

PROGRESS = Table(
    "mhl_progress",
    METADATA,
    Column("run", String(80), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("epochs", Integer, nullable=False),
    Column("val_accuracy", Float),
    Column("started", Float, nullable=False),
    Column("updated", Float, nullable=False),
    Column("place", Text),
)


def open_database(url: str) -> tuple[Engine, optuna.storages.BaseStorage]:
    """Open the database, make missing tables, and return our engine and Optuna's storage on the same address.

    SQLite gets a write-ahead log (readers never wait for the writer) and a 30 s busy time-out. Raises LabError with
    the remedy when the file cannot be used.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite" and address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        # One engine would do, but Optuna makes its own; both point at the same file.
        engine = create_engine(url, connect_args=_connect_arguments(url))
        _tune(engine)
        with _only_one(address):  # two processes that make the tables at the same time get in each other's way
            METADATA.create_all(engine)
            _check_schema(engine)
            storage = optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": _connect_arguments(url)})
        _tune(storage.engine)
    except ArgumentError as error:
        raise InvalidInputError(f"MHL_DATABASE_URL is not a database address ({error}); try sqlite:///path") from None
    except (OperationalError, DatabaseError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        shown = address.render_as_string(hide_password=True)
        raise LabError(
            f"the database {shown} cannot be used: {reason}. The file was left as it is; check its folder's rights and "
            "free space, or set MHL_DATABASE_URL to another address"
        ) from None
    # Optuna's cache in front of it: finished trials are read once, 0.003 s instead of 0.5 s a look at 500 of them.
    return engine, optuna.storages.get_storage(storage)


def _only_one(address: URL) -> AbstractContextManager[None]:
    """Hold a lock beside the SQLite file; a database server looks after itself."""
    in_file = address.get_backend_name() == "sqlite" and address.database and address.database != ":memory:"
    return locked(Path(address.database or "").parent) if in_file else nullcontext()


def _connect_arguments(url: str) -> dict[str, Any]:
    return {"timeout": 30} if url.startswith("sqlite") else {}


def _tune(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()


def _check_schema(engine: Engine) -> None:
    with engine.begin() as connection:
        found = connection.execute(LAB.select()).scalar_one_or_none()
        if found is None:
            connection.execute(LAB.insert().values(schema_version=SCHEMA_VERSION))
        elif found > SCHEMA_VERSION:
            raise LabError(
                f"the database has schema {found}, this program knows up to {SCHEMA_VERSION}; use a newer version"
            )
        elif found < SCHEMA_VERSION:
            _add_missing_columns(connection)
            connection.execute(LAB.update().values(schema_version=SCHEMA_VERSION))


def _add_missing_columns(connection: Connection) -> None:
    """Bring the tables of an older program up to date: until now newer schemas only have more columns."""
    for table in (RUNS, PROGRESS):
        present = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in present:
                definition = CreateColumn(column).compile(dialect=connection.dialect)
                connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {definition}"))


def process_owner() -> str:
    """Name this process so that another one can tell whether it still lives: host, pid, birth."""
    return f"{os.uname().nodename}|{os.getpid()}|{_birth(os.getpid())}"


def owner_alive(owner: str | None, heartbeat: float | None, now: float, patience: float = 60.0) -> bool:
    """Tell whether the process that owns a run still lives; on another host only its heartbeat can tell."""
    if owner is None:
        return False
    node, pid, birth = owner.split("|")
    if node != os.uname().nodename:
        return heartbeat is not None and now - heartbeat < patience
    return _birth(int(pid)) == birth


def _birth(pid: int) -> str | None:
    """What tells a process from a later one with its number; None when it is dead.

    On Linux boot and clock ticks, which no correction of the clock moves; elsewhere the time of its start.
    """
    try:
        if sys.platform == "linux":
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
            return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"
        return f"{psutil.Process(pid).create_time():.2f}" if psutil.pid_exists(pid) else None
    except OSError:
        return None
