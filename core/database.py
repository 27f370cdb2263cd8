"""The one database: its address, its tables and how SQLite is opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import psutil
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import URL, Connection, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from core.datasets.folders import locked
from core.errors import DatabaseUnavailableError, InvalidInputError, LabError
from core.steady_clock import steady_time, ticks

SCHEMA_VERSION = 3
BUSY_SECONDS = 30.0  # how long SQLite waits for another program to finish writing
CONNECT_SECONDS = 10  # how long a database server may take to answer
METADATA = MetaData()
_TABLES_LOCK = 0x6D686C  # of PostgreSQL's advisory locks
# Primary result codes of SQLite that no other statement would escape: locked, read-only, damaged, full and so on
_SQLITE_UNUSABLE = {3, 5, 6, 8, 10, 11, 13, 14, 26}
# Classes of PostgreSQL's error codes: connection, authorization, no such database, resources, operator, system
_SERVER_UNUSABLE = ("08", "28", "3D", "53", "57", "58")
_READ_ONLY_SERVER = "25006"


class AnyText(TypeDecorator[str]):
    """Text of people and exceptions; what a database cannot hold of it, such as zero bytes, is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """See SQLAlchemy."""
        return value if value is None else value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


LAB = Table("mhl_lab", METADATA, Column("schema_version", Integer, primary_key=True))

RUNS = Table(
    "mhl_runs",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("status", String(16), nullable=False, index=True),
    Column("phase", AnyText, nullable=False),
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
    Column("notes", AnyText, nullable=False, server_default=""),
    Column("facts", JSON, nullable=False),  # data and split hashes, parameter bounds: fixed at the first start
    Column("summary", JSON),
)

STUDIES = Table(
    "mhl_studies",
    METADATA,
    Column("name", String(80), primary_key=True),
    Column("status", String(16), nullable=False, index=True),
    Column("phase", AnyText, nullable=False),
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
    Column("place", AnyText),
)


def open_database(url: str) -> tuple[Engine, optuna.storages.BaseStorage]:
    """Open the database, make missing tables, and return our engine and Optuna's storage on the same address.

    SQLite gets a write-ahead log (readers never wait for the writer) and a 30 s busy time-out. Raises LabError with
    the remedy when the database cannot be used; from then on both raise DatabaseUnavailableError when it no longer can.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite" and address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        # One engine would do, but Optuna makes its own; both point at the same place.
        options = _engine_options(address)
        engine = create_engine(url, **options)
        _tune(engine)
        with _only_one(engine):  # two processes that make the tables at the same time get in each other's way
            _check_schema(engine)
            storage = optuna.storages.RDBStorage(url, engine_kwargs=options)
        _tune(storage.engine)
    except ArgumentError as error:
        raise InvalidInputError(f"MHL_DATABASE_URL is not a database address ({error}); try sqlite:///path") from None
    except ImportError as error:
        raise InvalidInputError(
            f"MHL_DATABASE_URL needs a Python package that is not installed ({error}); install it, or use an address "
            "such as sqlite:///path or postgresql+psycopg://user:password@host/database"
        ) from None
    except optuna.exceptions.StorageInternalError as error:
        raise _unusable(address, error.__cause__ or error) from None
    except (SQLAlchemyError, OSError) as error:
        raise _unusable(address, error) from None
    except RuntimeError as error:  # Optuna's word for tables of another version of it
        raise LabError(f"the database {_shown(address)} cannot be used: {error}") from None
    # Optuna's cache in front of it: finished trials are read once, 0.003 s instead of 0.5 s a look at 500 of them.
    return engine, optuna.storages.get_storage(storage)


def database_clock(engine: Engine) -> Callable[[], float]:
    """Return the clock by which all programs on this database agree, seconds since the epoch.

    Nobody who sets a computer's clock moves it. With a database server it is that server's, so that computers whose
    clocks differ judge alike whether another one's run still lives.
    """
    if engine.dialect.name != "postgresql":
        return steady_time
    with engine.connect() as connection:
        offset = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()) - ticks()
    return lambda: ticks() + offset


def _engine_options(address: URL) -> dict[str, Any]:
    backend = address.get_backend_name()
    if backend == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    # A server may have been started anew since a connection was last used.
    options: dict[str, Any] = {"pool_pre_ping": True}
    if backend == "postgresql":
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    return options


@contextmanager
def _only_one(engine: Engine) -> Iterator[None]:
    """Hold a lock beside the SQLite file, or one of PostgreSQL's."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({_TABLES_LOCK})"))
            try:
                yield
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({_TABLES_LOCK})"))
    elif engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
        with locked(Path(engine.url.database or "").parent):
            yield
    else:
        yield


def _tune(engine: Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def explain(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if context.is_pre_ping or not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
            return  # a stale connection is replaced by a new one
        if context.is_disconnect or _means_unusable(engine, error):
            if "locked" not in str(error.orig):
                context.is_disconnect = True  # it keeps pages of the file, which may be mended meanwhile
            raise _unusable(engine.url, error)

    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()


def _means_unusable(engine: Engine, error: DBAPIError) -> bool:
    """Tell whether the database and not the statement is to blame: a deadlock is for Optuna, which tries again."""
    if engine.dialect.name == "sqlite":
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_UNUSABLE
    code = getattr(error.orig, "sqlstate", None)
    if code is None:  # no server has answered
        return error.statement is None
    return str(code)[:2] in _SERVER_UNUSABLE or code == _READ_ONLY_SERVER


def _unusable(address: URL, error: BaseException) -> DatabaseUnavailableError:
    """Say it in one sentence, with the remedy and without the password."""
    reason = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
    if address.get_backend_name() != "sqlite":
        remedy = "Check that the server runs and that MHL_DATABASE_URL names its host, user, password and database"
    elif "locked" in reason:
        remedy = "Another program holds it; end that program, or wait for it, and try again"
    elif "malformed" in reason or "not a database" in reason:
        remedy = "The file was left as it is; put back a copy of it, or set MHL_DATABASE_URL to another address"
    else:
        remedy = (
            "The file was left as it is; check its folder's rights and free space, or set MHL_DATABASE_URL to another "
            "address"
        )
    return DatabaseUnavailableError(f"the database {_shown(address)} cannot be used: {reason.rstrip('.')}. {remedy}")


def _shown(address: URL) -> str:
    return address.render_as_string(hide_password=True)


def _check_schema(engine: Engine) -> None:
    """Make the tables, or bring them up to date; those of a newer program are not touched."""
    with engine.begin() as connection:
        known = inspect(connection).has_table(LAB.name)
        found = connection.execute(LAB.select()).scalar_one_or_none() if known else None
        if found is not None and found > SCHEMA_VERSION:
            raise LabError(
                f"the database {_shown(engine.url)} has schema {found}, this program knows up to {SCHEMA_VERSION}; it "
                "was left as it is: use a newer version of this program, or set MHL_DATABASE_URL to another address"
            )
        METADATA.create_all(connection)
        if found is None:
            connection.execute(LAB.insert().values(schema_version=SCHEMA_VERSION))
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
