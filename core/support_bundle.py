"""The support bundle: a ZIP that tells how a lab is doing, without keys, data, networks or anybody's notes."""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from core.artifacts import RunFolder
from core.code_version import code_version
from core.config import Settings
from core.database import LAB, SCHEMA_VERSION
from core.errors import LabError
from core.logs import log_file
from core.masking import MASK, is_secret, mask
from core.store import RunRecord, Store
from core.study_folder import StudyFolder
from core.study_store import StudyRecord, StudyStore

LOG_LINES = 2000  # of each log, the last ones
NEWEST = 5  # runs and studies whose workers' logs are taken in
_LINE_BYTES = 1000  # of a line on average, at most; more of a file is not read
_PREFIXES = ("MHL_", "RUNPOD_", "BUCKET_", "STREAMLIT_", "TF_", "CUDA_", "OMP_", "PYTHON")
_README = """\
Support bundle of Model Health Lab, made {made}.

versions.json   program, Python, packages, operating system
settings.json   folders, database address and environment variables; secrets show as {mask}
database.json   schema, rows of each table, size
work.json       runs and studies: status, last phase, trials by state
machine.json    processors, memory, disks
logs/           the last {lines} lines of the server's log and of the newest workers' logs

Not in it: keys, passwords, data sets, networks, notes. What looks like a key was replaced in all texts. Names of runs,
studies and data sets are in it, and whatever the logs tell: look through it before you hand it on.
"""


def build_bundle(settings: Settings, store: Store | LabError, now: datetime | None = None) -> bytes:
    """Return the ZIP. `store` is the reason when the database cannot be opened; what fails is said in its place."""
    made = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    documents: dict[str, Callable[[], Any]] = {
        "versions.json": _versions,
        "settings.json": lambda: _settings(settings),
        "database.json": lambda: _database(_opened(store)),
        "work.json": lambda: _work(_opened(store)),
        "machine.json": lambda: _machine(settings),
    }
    texts = {"README.txt": _README.format(made=made, mask=MASK, lines=LOG_LINES)}
    texts |= {name: json.dumps(masked(_tried(read)), indent=2) for name, read in documents.items()}
    texts |= {f"logs/{mask(name)}": mask(last_lines(path)) for name, path in _logs(settings, store) if path.is_file()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in texts.items():
            bundle.writestr(name, text)
    return target.getvalue()


def masked(document: Any) -> Any:
    """Return plain data for JSON with every text in it masked; what JSON does not know becomes text."""
    if isinstance(document, dict):
        return {mask(str(name)): masked(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [masked(value) for value in document]
    return document if document is None or isinstance(document, bool | int | float) else mask(str(document))


def last_lines(path: Path, count: int = LOG_LINES) -> str:
    """Return the last `count` lines of a text file, however large it is, or why it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, size - count * _LINE_BYTES))
            data = file.read()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    lines = data.decode("utf-8", errors="replace").splitlines()
    return "\n".join(lines[1:][-count:] if start else lines[-count:]) + "\n"  # the first may be half a line


def _tried(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (LabError, SQLAlchemyError, OSError, psutil.Error) as error:
        return {"error": str(error)}


def _opened(store: Store | LabError) -> Store:
    if isinstance(store, LabError):
        raise store
    return store


def _versions() -> dict[str, Any]:
    return {
        "program": code_version(),
        "python": sys.version,
        "system": platform.platform(),
        "packages": {one.name: one.version for one in sorted(distributions(), key=lambda one: one.name.lower())},
    }


def _settings(settings: Settings) -> dict[str, Any]:
    variables = {name: value for name, value in sorted(os.environ.items()) if name.startswith(_PREFIXES)}
    return {
        "settings": {name: getattr(settings, name) for name in settings.__dataclass_fields__},
        "log_file": log_file(settings),
        "environment": {name: MASK if value and is_secret(name) else value for name, value in variables.items()},
    }


def _database(store: Store) -> dict[str, Any]:
    engine = store.engine
    with engine.connect() as connection:
        names = sorted(inspect(connection).get_table_names())
        rows = {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names}
        schema = connection.execute(select(LAB.c.schema_version)).scalar_one_or_none()
    file = Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None
    files = [file.with_name(file.name + ending) for ending in ("", "-wal", "-shm")] if file else []
    return {
        "kind": engine.dialect.name,
        "schema": schema,
        "schema_of_program": SCHEMA_VERSION,
        "rows": rows,
        "bytes": {path.name: path.stat().st_size for path in files if path.is_file()},
    }


def _work(store: Store) -> dict[str, Any]:
    return {
        "runs": [_run(store, run) for run in store.runs()],
        "studies": [_study(study) for study in StudyStore(store.engine).studies()],
    }


def _run(store: Store, run: RunRecord) -> dict[str, Any]:
    states = [trial.state for trial in store.trials(run.name)]
    config = run.config
    return _course(run) | {
        "study": config.study,
        "dataset": config.dataset_name,
        "mode": config.optimization_mode,
        "runpod": config.use_runpod_service,
        "workers": config.workers,
        "trials_wanted": config.trials,
        "trials": {state: states.count(state) for state in sorted(set(states))},
    }


def _study(study: StudyRecord) -> dict[str, Any]:
    config = study.config
    return _course(study) | {"dataset": config.dataset_name, "runs": 2 * config.runs, "trials_per_run": config.trials}


def _course(work: RunRecord | StudyRecord) -> dict[str, Any]:
    """What runs and studies have in common, without what people wrote about them."""
    moments = {"created": work.created, "started": work.started, "finished": work.finished}
    times = {name: _time(moment) for name, moment in moments.items()}
    return {"name": work.name, "status": work.status, "phase": work.phase, "seconds": work.seconds} | times


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _machine(settings: Settings) -> dict[str, Any]:
    memory, own = psutil.virtual_memory(), psutil.Process()
    folders = {"data": settings.data_dir, "results": settings.results_dir, "studies": settings.studies_dir}
    return {
        "processors": os.cpu_count(),
        "processors_allowed": len(own.cpu_affinity()) if sys.platform == "linux" else None,
        "load": psutil.getloadavg(),
        "memory": {"total": memory.total, "available": memory.available, "this_process": own.memory_info().rss},
        "disks": {name: _tried(lambda at=folder: _disk(at)) for name, folder in folders.items()},  # type: ignore[misc]
    }


def _disk(folder: Path) -> dict[str, int]:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(existing)._asdict()


def _logs(settings: Settings, store: Store | LabError) -> Iterable[tuple[str, Path]]:
    server = log_file(settings)
    if server is not None:
        yield "server.log", server
    if isinstance(store, LabError):
        return
    try:
        runs, studies = store.runs()[:NEWEST], StudyStore(store.engine).studies()[:NEWEST]
    except (LabError, SQLAlchemyError):
        return  # work.json says why
    for run in runs:
        yield f"run_{run.name}_workers.log", RunFolder(settings, run.name).log
    for study in studies:
        yield f"study_{study.name}_workers.log", StudyFolder.of(settings, study.name).path / "workers.log"
