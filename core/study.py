"""A comparative study at work: its runs, several at a time, then what became of them."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings
from core.datasets import DATASETS
from core.errors import InvalidInputError, LabError, RunStateError
from core.executors.crew import Crew, hire
from core.executors.jobs import CountJob, OnNote, ParameterBounds
from core.executors.local import LocalExecutor
from core.executors.sharing import SharingExecutor
from core.optimizer import ModelOptimizer
from core.progress import best_trial
from core.run_pool import RunPool
from core.store import RunRecord, Store
from core.study_config import STUDY_MODES, StudyConfig, StudyMode
from core.study_folder import StudyFolder
from core.study_store import StudyRecord, StudyStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a study."""

    mode: StudyMode
    pair: int


def plan(config: StudyConfig) -> list[PlannedRun]:
    """Return the runs in the order in which they begin: as many accuracy-only ones as work at a time, then their
    partners, which take over what those have trained."""
    step = config.simultaneous_runs
    blocks = [range(start, min(start + step, config.runs)) for start in range(0, config.runs, step)]
    return [PlannedRun(mode, pair) for block in blocks for mode in STUDY_MODES for pair in block]


OnPhase = Callable[[str], None]


class StudyRunner:
    """Works on one stored study. `stop()` may be called from any thread; what is done stays done."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        store: Store,
        studies: StudyStore,
        *,
        compare: Callable[[StudyRecord, Callable[[], bool]], None] | None = None,
        on_phase: OnPhase | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        """`compare` is called when all runs have ended, with the study as it is then and whether to stop."""
        self.run_name = name
        self._settings, self._store, self._studies = settings, store, studies
        self._now = now or studies.now
        self._compare, self._on_phase = compare, on_phase
        self._folder = StudyFolder.of(settings, name)
        self._pool: RunPool[PlannedRun] = RunPool(self._folder.path / "workers.log", settings.worker_memory_mb)
        self._counts: dict[CountJob, ParameterBounds] = {}

    def stop(self) -> None:
        """Ask for the end; unfinished trials are trained again when the study is resumed."""
        self._pool.stop()

    def work(self) -> StudyRecord:
        """Work to the end or until stopped. Raises LabError when it cannot go on; it stays resumable."""
        study = self._studies.claim(self.run_name)
        began = self._now()
        status, phase = "failed", "ended by an error"
        try:
            self._folder.begin(study.name, study.config, study.created)
            self._pool.work(
                plan(study.config),
                study.config.simultaneous_runs,
                partial(self._run, study.config),
                _next,
                partial(self._look, study.config),
            )
            if not self._pool.stopping and self._compare is not None:
                self._say("comparing the two modes")
                self._compare(self._studies.study(self.run_name), lambda: self._pool.stopping)
            stopped = self._pool.stopping
            status, phase = ("stopped", "stopped; it can be resumed") if stopped else ("completed", "finished")
        except Exception as error:
            phase = str(error) if isinstance(error, LabError) else f"unexpected {type(error).__name__}: {error}"
            raise
        finally:
            self._studies.update(
                self.run_name,
                status=status,
                phase=phase,
                finished=self._now(),
                seconds=study.seconds + self._now() - began,
                stop_requested=False,
            )
        return self._studies.study(self.run_name)

    # -- the runs ----------------------------------------------------------------------------------------------------

    def _look(self, config: StudyConfig, waiting: int, busy: int) -> None:
        """Heed a wish to stop from elsewhere, and say how far it is."""
        if self._studies.study(self.run_name).stop_requested and not self._pool.stopping:
            self.stop()
        total = 2 * config.runs
        progress = (
            f"{total - waiting - busy} of {total} runs done, {self._ended(config)} of {total * config.trials} trials"
        )
        self._say("stopping" if self._pool.stopping else progress)

    def _ended(self, config: StudyConfig) -> int:
        """How many trials of all runs have ended."""
        runs = [config.run_name(task.mode, task.pair) for task in plan(config)]
        return sum(trial.finished is not None for run in runs for trial in self._store.trials(run))

    def _run(self, config: StudyConfig, task: PlannedRun) -> None:
        """Do one run of the study, from where it is."""
        name = config.run_name(task.mode, task.pair)
        run = self._known(name)
        if run is None or run.status != "completed":
            with self._pool.workers() as local:
                self._pool.search(self._optimizer(config, task, run, local))
        if not self._pool.stopping and self._store.run(name).status == "completed":
            self._keep(config, task, name)

    def _optimizer(
        self, config: StudyConfig, task: PlannedRun, run: RunRecord | None, local: LocalExecutor
    ) -> ModelOptimizer:
        return ModelOptimizer(
            config.run_config(task.mode, task.pair),
            settings=self._settings,
            store=self._store,
            crew_of=partial(self._crew, config, task, local),
            resume=run is not None,
        )

    def _crew(
        self,
        config: StudyConfig,
        task: PlannedRun,
        local: LocalExecutor,
        wanted: OptimizationConfig,
        run: RunRecord,
        on_note: OnNote,
    ) -> Crew:
        folder = RunFolder(self._settings, run.name)
        remote = wanted.use_runpod_service
        crew = hire(wanted, self._settings, folder, run.created, self._now, on_note, None if remote else local)
        first = config.run_name("accuracy_only", task.pair)
        partner = RunFolder(self._settings, first) if task.mode == "health_aware" else None
        return replace(crew, executor=SharingExecutor(crew.executor, partner, self._counts, keep_open=not remote))

    def _keep(self, config: StudyConfig, task: PlannedRun, name: str) -> None:
        if (self._folder.run(task.mode, task.pair) / "seeds.json").is_file():
            return
        best = best_trial(self._store.trials(name))
        if best is None:
            raise LabError(
                f"no trial of run {name!r} completed, so there is nothing to compare; look at its trials, delete the "
                "run and resume the study"
            )
        self._folder.keep_best(task.mode, task.pair, RunFolder(self._settings, name), best, config)

    def _known(self, name: str) -> RunRecord | None:
        with contextlib.suppress(RunStateError):
            return self._store.run(name)
        return None

    def _say(self, phase: str) -> None:
        self._studies.update(self.run_name, phase=phase)
        if self._on_phase is not None:
            self._on_phase(phase)


def _next(waiting: Iterable[PlannedRun], busy: Iterable[PlannedRun]) -> PlannedRun | None:
    """Return the first run that can begin: a health-aware one needs its partner's networks."""
    unfinished = {*waiting, *busy}
    for task in waiting:
        if task.mode == "accuracy_only" or PlannedRun("accuracy_only", task.pair) not in unfinished:
            return task
    return None


def create_study(config: StudyConfig, studies: StudyStore) -> StudyRecord:
    """Store a new study; a made-up name that is taken gets a number behind it."""
    DATASETS[config.dataset_name]
    if config.study_name is not None:
        return studies.create(config.study_name, config)
    name = f"study_{config.dataset_name}_{time.strftime('%Y%m%d_%H%M%S')}"
    for ending in ["", *(f"_{number}" for number in range(2, 100))]:
        with contextlib.suppress(RunStateError):
            return studies.create(name + ending, replace(config, study_name=name + ending))
    raise InvalidInputError(f"a hundred studies were started in this second as {name!r}; give this one a name")
