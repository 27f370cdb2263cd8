"""Diagnostics that people ask for while they look at a trial: measured one after the other, in the background."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from core.artifacts import RunFolder
from core.config import Settings
from core.diagnosis import diagnose_trial
from core.errors import LabError
from core.executors.local import LocalExecutor
from core.store import RunRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How far a request is. `error`: why it failed, in a sentence with the remedy."""

    done: bool
    error: str | None = None


class DiagnosisQueue:
    """One worker host at a time, so that asking for ten trials does not slow down the run that trains."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._requests: dict[tuple[str, int], Request] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="diagnosis")
        self._executor: LocalExecutor | None = None
        self._closed = False

    def ask(self, run: RunRecord, number: int) -> None:
        """Measure a trial as soon as the ones asked for before are measured; a second wish for it changes nothing."""
        with self._lock:
            known = self._requests.get((run.name, number))
            if self._closed or (known is not None and not known.done):
                return
            self._requests[run.name, number] = Request(done=False)
        self._pool.submit(self._measure, run, number)

    def state(self, run: str, number: int) -> Request | None:
        """Return how far the request is; None when nobody asked."""
        with self._lock:
            return self._requests.get((run, number))

    def close(self) -> None:
        """End the worker and forget what waits."""
        with self._lock:
            self._closed = True
            executor = self._executor
        self._pool.shutdown(wait=False, cancel_futures=True)
        if executor is not None:
            executor.close()

    def _measure(self, run: RunRecord, number: int) -> None:
        error: str | None = None
        executor = LocalExecutor(RunFolder(self._settings, run.name).log, self._settings.worker_memory_mb)
        try:
            with self._lock:
                if self._closed:
                    return
                self._executor = executor
            diagnose_trial(self._settings, run, number, executor)
        except LabError as failure:
            error = str(failure)
        except Exception as failure:  # nobody waits for this thread: what went wrong has to be said on the page
            log.exception("trial %s of run %s could not be measured", number, run.name)
            error = f"unexpected {type(failure).__name__}: {failure}"
        finally:
            executor.close()
            with self._lock:
                self._executor = None
                self._requests[run.name, number] = Request(done=True, error=error)
