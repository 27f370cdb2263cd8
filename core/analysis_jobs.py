"""Analyses that people ask for on the page of a study: one study after the other, in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from core.analyses.suite import SuiteProgress, module_names, run_suite
from core.config import Settings
from core.errors import LabError, RunStateError
from core.store import Store
from core.study_store import StudyStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisState:
    """How far the analyses of a study are. `since` is when the module at work began; times in seconds since the epoch.

    `module` is None before the first one works. `error`: why the rest was not done, in a sentence with the remedy.
    """

    modules: tuple[str, ...]
    active: bool = True
    stopping: bool = False
    module: str | None = None
    share: float = 0.0  # of that module
    done: int = 0
    since: float | None = None
    error: str | None = None

    def seconds_left(self, now: float) -> float | None:
        """Return how long the module at work will take, judged by its pace; None before it has one."""
        if not self.active or self.since is None or self.share < 0.02:
            return None
        return (now - self.since) * (1 - self.share) / self.share


class AnalysisJobs:
    """Runs modules in a process of their own; each result is stored as it comes, so stopping loses one module."""

    def __init__(
        self, settings: Settings, store: Store, studies: StudyStore, now: Callable[[], float] = time.time
    ) -> None:
        self._settings, self._store, self._studies, self._now = settings, store, studies, now
        self._states: dict[str, AnalysisState] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
        self._closed = False

    def ask(self, study: str, modules: Sequence[str]) -> None:
        """Run `modules` on a study. Raises InvalidInputError for no or unknown modules, RunStateError while it is
        analysed already."""
        names = tuple(module_names(modules))
        self._studies.study(study)
        with self._lock:
            known = self._states.get(study)
            if known is not None and known.active:
                raise RunStateError(f"study {study!r} is being analysed; wait for it, or stop it first")
            if self._closed:
                raise RunStateError("the program is shutting down; start it again first")
            self._states[study] = AnalysisState(modules=names)
        self._pool.submit(self._work, study, names)

    def state(self, study: str) -> AnalysisState | None:
        """Return how far it is; None when nobody asked since the program began."""
        with self._lock:
            return self._states.get(study)

    def stop(self, study: str) -> None:
        """End the analysis of a study; results that are there stay."""
        with self._lock:
            known = self._states.get(study)
            if known is not None and known.active:
                self._states[study] = replace(known, stopping=True)

    def now(self) -> float:
        """Return the time by which states are written."""
        return self._now()

    def close(self) -> None:
        """Stop what works and forget what waits."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _work(self, study: str, names: tuple[str, ...]) -> None:
        error: str | None = None
        try:
            run_suite(
                self._settings,
                self._store,
                self._studies,
                study,
                names,
                on_progress=lambda progress: self._note(study, progress),
                stopping=lambda: self._ended(study),
            )
        except LabError as failure:
            error = None if self._ended(study) else str(failure)
        except Exception as failure:  # nobody waits for this thread: what went wrong has to be said on the page
            log.exception("study %s could not be analysed", study)
            error = f"unexpected {type(failure).__name__}: {failure}"
        with self._lock:
            self._states[study] = replace(self._states[study], active=False, error=error)

    def _ended(self, study: str) -> bool:
        with self._lock:
            return self._closed or self._states[study].stopping

    def _note(self, study: str, progress: SuiteProgress) -> None:
        with self._lock:
            known = self._states[study]
            since = known.since if known.module == progress.module else self._now()
            self._states[study] = replace(
                known, module=progress.module, share=progress.share, done=progress.done, since=since
            )
