"""Data sets that are fetched, checked and taken in while people look at the Data page: one after the other."""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal
from uuid import uuid4

from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.folders import clear_write_errors
from core.errors import LabError, RunStateError
from core.importing.options import ImportOptions
from core.importing.report import ImportReport

if TYPE_CHECKING:  # the importer brings Pillow and pandas: only the thread that uses it loads them
    from core.importing.importer import Staged

log = logging.getLogger(__name__)

JobKind = Literal["fetch", "import"]
# checked: an import whose report waits for a person to say whether the data is used
JobState = Literal["waiting", "running", "checked", "done", "failed", "cancelled"]
_UPLOADS = ".uploads"  # no data set can have this name
_STALE_SECONDS = 86_400.0  # an upload as old as that belongs to a server that was killed
_SETTLED_SECONDS = 1.0  # of work before a time left is said
_KEPT_JOBS = 50
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How far a job is. `done` and `total` count what `note` names: bytes of a file, images, rows."""

    id: str
    kind: JobKind
    name: str  # of the data set
    state: JobState
    source: str | None = None  # of an import: the name of the file
    note: str = ""
    done: int = 0
    total: int = 0  # 0: not known
    seconds_left: float | None = None  # of what `note` names; None: not known
    error: str | None = None  # why it failed, in a sentence with the remedy
    report: ImportReport | None = None  # of an import that was checked

    @property
    def active(self) -> bool:
        """Whether something is being done, or will be as soon as the jobs before it are."""
        return self.state in ("waiting", "running")


class _Stopped(Exception):
    """Somebody cancelled the job, or the program ends."""


@dataclass(slots=True, kw_only=True)
class _Task:
    """A job with what only this module needs to know of it."""

    job: Job
    stop: threading.Event
    since: float = 0.0  # when the step that the job's note names began
    source: Path | None = None
    options: ImportOptions | None = None
    staged: Staged | None = None


class DatasetJobs:
    """One thread for all jobs of a server; safe to call from any thread. Nothing of it outlives `close`."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._tasks: dict[str, _Task] = {}
        self._futures: dict[str, Future[None]] = {}
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dataset-jobs")
        self._closed = False
        self._sweep()

    def fetch(self, name: str) -> Job:
        """Bring the data set `name` onto this computer; the job that does so already is returned where there is one."""
        with self._lock:
            known = self.fetching(name)
            if known is not None and known.active:
                return known
            return self._begin(_Task(job=self._new("fetch", name), stop=threading.Event()), self._fetch, "done")

    def fetching(self, name: str) -> Job | None:
        """Return the newest fetch of the data set `name`, ended ones included; None when nobody asked."""
        found = [job for job in self.jobs() if job.kind == "fetch" and job.name == name]
        return found[-1] if found else None

    def spool(self, name: str, content: IO[bytes]) -> Path:
        """Write an uploaded file below the data folder, for `check`, and return where.

        Of `name`, what is no letter, digit, dot or hyphen becomes "_", so that it can lead nowhere else. Raises
        DataUnavailableError for a full disk.
        """
        safe = _UNSAFE.sub("_", Path(name.replace("\\", "/")).name).lstrip(".")[-80:] or "upload"
        folder = self._settings.data_dir / _UPLOADS / uuid4().hex
        with clear_write_errors(self._settings.data_dir):
            folder.mkdir(parents=True)
            try:
                with (folder / safe).open("wb") as target:
                    shutil.copyfileobj(content, target, 1 << 20)
            except OSError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return folder / safe

    def check(self, source: Path, options: ImportOptions) -> Job:
        """Read and check the data in `source`; the job ends as `checked` with a report, or `failed`.

        A source that `spool` wrote is removed when the job is decided.
        """
        job = self._new("import", options.name, source=source.name)
        task = _Task(job=job, stop=threading.Event(), source=source, options=options)
        return self._begin(task, self._check, "checked")

    def use(self, job_id: str) -> Job:
        """Take in what was checked. Raises RunStateError when it cannot be used or was decided already."""
        with self._lock:
            task = self._tasks.get(job_id)
            usable = task is not None and task.job.state == "checked" and task.job.report is not None
            if task is None or task.job.report is None or not (usable and task.job.report.usable):
                state = "unknown" if task is None else task.job.state
                raise RunStateError(
                    f"import {job_id} cannot be used (it is {state}); check a file without errors first"
                )
            return self._begin(task, self._use, "done")

    def discard(self, job_id: str) -> None:
        """Forget a checked or failed import and remove its files; nothing happens to one that was decided."""
        with self._lock:
            task = self._tasks.get(job_id)
            if task is None or task.job.kind != "import" or task.job.state not in ("checked", "failed"):
                return
            task.job = replace(task.job, state="cancelled")
        self._clear(task)

    def cancel(self, job_id: str) -> None:
        """End a job as soon as its current step allows; what waits ends at once."""
        with self._lock:
            task = self._tasks.get(job_id)
            if task is None or not task.job.active:
                return
            task.stop.set()
            if self._futures[job_id].cancel():
                task.job = replace(task.job, state="cancelled")
        if not task.job.active:
            self._clear(task)

    def state(self, job_id: str) -> Job | None:
        """Return how far a job is, with the time left; None when there is none of this id."""
        with self._lock:
            task = self._tasks.get(job_id)
            return None if task is None else self._timed(task)

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs that are still known, the oldest first."""
        with self._lock:
            return tuple(self._timed(task) for task in self._tasks.values())

    def imports(self) -> tuple[Job, ...]:
        """Return the imports that nobody has decided yet: being checked or taken in, checked, or failed."""
        return tuple(job for job in self.jobs() if job.kind == "import" and job.state not in ("done", "cancelled"))

    def close(self, timeout: float = 10.0) -> None:
        """End the current job and forget the others; uploads and checked data that nobody took are removed."""
        with self._lock:
            self._closed = True
            tasks, futures = list(self._tasks.values()), list(self._futures.values())
        for task in tasks:
            task.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait_for([future for future in futures if not future.done()], timeout)  # `wait` does not know cancelled ones
        for task in tasks:
            if task.job.state == "waiting":
                task.job = replace(task.job, state="cancelled")
            if task.job.state != "running":  # that one clears up after itself when it ends
                self._clear(task)

    def _new(self, kind: JobKind, name: str, source: str | None = None) -> Job:
        return Job(id=uuid4().hex, kind=kind, name=name, state="waiting", source=source)

    def _begin(self, task: _Task, work: Callable[[_Task], None], after: JobState) -> Job:
        with self._lock:
            if self._closed:
                self._clear(task)
                raise RunStateError("the program is shutting down; start it again first")
            task.job = replace(task.job, state="waiting", note="", done=0, total=0, error=None)
            self._tasks[task.job.id] = task
            self._forget_old()
            self._futures[task.job.id] = self._pool.submit(self._run, task, work, after)
            return task.job

    def _forget_old(self) -> None:
        ended = [task.job.id for task in self._tasks.values() if task.job.state in ("done", "cancelled", "failed")]
        for job_id in ended[: max(len(self._tasks) - _KEPT_JOBS, 0)]:
            self._clear(self._tasks.pop(job_id))
            self._futures.pop(job_id, None)

    def _run(self, task: _Task, work: Callable[[_Task], None], after: JobState) -> None:
        """Do a job, which is then `after`. Nobody waits for this thread: what goes wrong is kept for the page."""
        with self._lock:
            task.since = self._clock()
            task.job = replace(task.job, state="running")
        state: JobState = "failed"
        error: str | None = None
        try:
            if not task.stop.is_set():
                work(task)
                state = after
        except _Stopped:
            pass
        except LabError as failure:
            error = str(failure)
        except Exception as failure:
            log.exception("job %s on data set %s ended by an unexpected error", task.job.kind, task.job.name)
            error = f"unexpected {type(failure).__name__}: {failure}"
        with self._lock:
            if task.stop.is_set() and state != "done":
                state, error = "cancelled", None
            task.job = replace(task.job, state=state, error=error)
            over = state != "checked" or self._closed
        if over:
            self._clear(task)

    def _fetch(self, task: _Task) -> None:
        prepare(task.job.name, self._settings, lambda done, total, note: self._progress(task, done, total, note))

    def _check(self, task: _Task) -> None:
        from core.importing.importer import stage

        assert task.source is not None and task.options is not None
        task.staged = stage(
            task.source,
            task.options,
            self._settings,
            on_progress=lambda done, total, note: self._progress(task, done, total, note),
            stopping=task.stop.is_set,
        )
        task.job = replace(task.job, report=task.staged.report)

    def _use(self, task: _Task) -> None:
        from core.importing.importer import commit

        assert task.staged is not None
        commit(task.staged, self._settings)

    def _progress(self, task: _Task, done: int, total: int, note: str) -> None:
        if task.stop.is_set():
            raise _Stopped
        with self._lock:
            if note != task.job.note:
                task.since = self._clock()
            task.job = replace(task.job, note=note, done=done, total=total)

    def _timed(self, task: _Task) -> Job:
        job, spent = task.job, self._clock() - task.since
        if job.state != "running" or not 0 < job.done <= job.total or spent < _SETTLED_SECONDS:
            return job
        return replace(job, seconds_left=spent * (job.total - job.done) / job.done)

    def _clear(self, task: _Task) -> None:
        """Remove what a job left on the disk: the upload, and what was staged of it."""
        with self._lock:
            staged, task.staged = task.staged, None
        if staged is not None:
            from core.importing.importer import discard

            discard(staged)
        if task.source is not None and task.source.parent.parent == self._settings.data_dir / _UPLOADS:
            shutil.rmtree(task.source.parent, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove uploads that a server left behind which was killed."""
        with suppress(OSError):
            for folder in (self._settings.data_dir / _UPLOADS).iterdir():
                if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
