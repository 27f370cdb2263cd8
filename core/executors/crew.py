"""Who trains the trials of a run: this machine, or RunPod's workers with this machine behind them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings
from core.errors import InvalidInputError
from core.executors.jobs import (
    CountJob,
    DiagnoseJob,
    DiagnoseReport,
    Executor,
    OnEpoch,
    OnNote,
    ParameterBounds,
    TrainJob,
)
from core.executors.ledger import Ledger
from core.executors.local import LocalExecutor
from core.executors.runpod_errors import RemoteUnavailableError, RunPodError
from core.trial import TrialResult

if TYPE_CHECKING:
    from core.executors.fallback import FallbackExecutor
    from core.executors.runpod_api import RunPodApi
    from core.executors.runpod_notes import NoteBoard

_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """An executor; and for remote jobs their book, and where the trials are at present, by number."""

    executor: Executor
    ledger: Ledger | None = None
    places: Callable[[], dict[int, str]] = dict


def check_access(config: OptimizationConfig) -> None:
    """Raise InvalidInputError when a run needs RunPod and this machine has no access to it."""
    if config.use_runpod_service and config.when_runpod_fails != "fall_back":
        from core.executors.runpod_access import RemoteAccess

        RemoteAccess.from_environment()


def hire(
    config: OptimizationConfig,
    settings: Settings,
    folder: RunFolder,
    created: float,
    now: Callable[[], float],
    on_note: OnNote,
    local: LocalExecutor | None = None,
) -> Crew:
    """Return the crew of a run that was made at `created`; `on_note` hears what the page should say of RunPod.

    `local` is this machine's executor where there is one already.
    """
    local = local or LocalExecutor(folder.log, settings.worker_memory_mb)
    if not config.use_runpod_service:
        return Crew(executor=local)
    return _remote(config, folder, created, now, on_note, local)


def _remote(
    config: OptimizationConfig,
    folder: RunFolder,
    created: float,
    now: Callable[[], float],
    on_note: OnNote,
    local: LocalExecutor,
) -> Crew:
    """What only a run on RunPod needs is imported here: the page of a fresh server comes sooner without it."""
    from core.executors.runpod import RunPodExecutor
    from core.executors.runpod_access import RemoteAccess
    from core.executors.runpod_api import RunPodApi
    from core.executors.runpod_notes import NoteBoard
    from core.executors.runpod_pace import Limits
    from core.object_store import ObjectStore

    ledger = Ledger(folder.remote_jobs, now)
    notes = NoteBoard(on_note)
    try:
        access = RemoteAccess.from_environment()
    except InvalidInputError as error:
        if config.when_runpod_fails != "fall_back":
            raise
        absent = Absent(str(error), local)
        here = _behind(absent, local, config, absent, notes, dict)
        return Crew(executor=here, ledger=ledger, places=here.places)
    api = RunPodApi(access.endpoint)
    remote = RunPodExecutor(
        api,
        ObjectStore(access.storage),
        ledger,
        local,
        namespace=f"{folder.path.name}-{created:.0f}",  # a run of the same name that was deleted is another one
        price_per_second=None if config.gpu_price_per_hour is None else config.gpu_price_per_hour / _HOUR,
        on_note=notes.source(),
        limits=Limits(execution=config.remote_time_limit, queue=config.remote_queue_limit),
    )
    backed = _behind(remote, local, config, api, notes, remote.places)
    return Crew(executor=backed, ledger=ledger, places=backed.places)


def _behind(
    remote: Executor,
    local: Executor,
    config: OptimizationConfig,
    api: RunPodApi | Absent,
    notes: NoteBoard,
    places: Callable[[], dict[int, str]],
) -> FallbackExecutor:
    from core.executors.fallback import FallbackExecutor

    return FallbackExecutor(
        remote,
        local,
        policy=config.when_runpod_fails,
        local_workers=min(config.workers, os.cpu_count() or 1),
        api=api,
        on_note=notes.source(),
        places=places,
    )


class Absent:
    """RunPod on a machine that has no access to it: never available, for the reason given."""

    def __init__(self, why: str, local: Executor) -> None:
        self._why, self._local = why, local

    def health(self) -> object:
        """See HealthCheck."""
        raise RunPodError(self._why)

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """See Executor.train."""
        future: Future[TrialResult] = Future()
        future.set_exception(RemoteUnavailableError(self._why))
        return future

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """See Executor.count."""
        return self._local.count(job)

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """See Executor.diagnose."""
        return self._local.diagnose(job)

    def cancel(self, number: int) -> None:
        """See Executor.cancel."""

    def close(self) -> None:
        """See Executor.close."""
