"""Searches by single metrics beside a finished study: ordinary runs with the seeds of its pairs, for the ablation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from core.analyses.arms import METRIC_NAMES, arm_run_config, arm_run_name
from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings, check_whole
from core.errors import InvalidInputError, LabError, RunStateError
from core.executors.crew import Crew, hire
from core.executors.jobs import CountJob, Executor, OnNote, ParameterBounds
from core.executors.local import LocalExecutor
from core.executors.sharing import SHARED, SharingExecutor
from core.optimizer import ModelOptimizer
from core.registry import unknown_name
from core.run_pool import RunPool
from core.store import RunRecord, Store
from core.study_config import STUDY_MODES, StudyConfig
from core.study_folder import StudyFolder
from core.study_networks import count_trainings
from core.study_store import StudyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRun:
    """A search for accuracy and one metric with the seeds of one pair."""

    arm: str
    pair: int
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationProgress:
    """How many runs and trials are done, of how many; a trial counts as trained or as taken over from another run."""

    runs: int
    all_runs: int
    trained: int
    taken_over: int
    all_trials: int
    stopped: bool


def plan(config: StudyConfig, arms: Sequence[str], pairs: int | None = None, trials: int | None = None) -> list[ArmRun]:
    """Return the runs in their order: pair by pair, so that what is done when somebody stops it can be compared.

    `pairs`: how many of the study's, the first ones; `trials`: of each run; None: as many as the study has. Raises
    InvalidInputError.
    """
    if not arms:
        raise InvalidInputError(f"no arm was named; choose from {', '.join(METRIC_NAMES)}")
    for arm in arms:
        if arm not in METRIC_NAMES:
            raise InvalidInputError(unknown_name("arm", arm, list(METRIC_NAMES)))
    pairs, trials = config.runs if pairs is None else pairs, config.trials if trials is None else trials
    check_whole("pairs", pairs, 1, config.runs)
    check_whole("trials", trials, 1, config.trials)  # accuracy only has no more to be compared with
    ordered = [name for name in METRIC_NAMES if name in arms]
    return [ArmRun(arm=arm, pair=pair, trials=trials) for pair in range(pairs) for arm in ordered]


class AblationRunner:
    """Works on planned runs; those that are completed stay as they are. `stop()` may be called from any thread."""

    def __init__(
        self,
        study: StudyRecord,
        runs: Sequence[ArmRun],
        settings: Settings,
        store: Store,
        on_progress: Callable[[AblationProgress], None] = lambda _: None,
    ) -> None:
        """Raise RunStateError unless the study's own runs in these pairs are completed."""
        if study.active:
            raise RunStateError(f"study {study.name!r} is {study.status}; its runs come first, so wait for its end")
        self._config, self._runs, self._settings, self._store = study.config, list(runs), settings, store
        for pair in sorted({one.pair for one in runs}):
            own = self._known(study.config.run_name("accuracy_only", pair))
            if own is None or own.status != "completed":
                text = f"pair {pair + 1} of study {study.name!r} has no finished run to be compared with"
                raise RunStateError(f"{text}; resume the study first, or choose fewer pairs")
        self._on_progress = on_progress
        log = StudyFolder.of(settings, study.name).path / "workers.log"
        self._pool: RunPool[ArmRun] = RunPool(log, settings.worker_memory_mb)
        self._counts: dict[CountJob, ParameterBounds] = {}

    def stop(self) -> None:
        """Ask for the end; unfinished trials are trained again when the same runs are asked for anew."""
        self._pool.stop()

    def work(self) -> AblationProgress:
        """Work to the end or until stopped, and say what is done. Raises LabError when a run cannot go on."""
        # As many as the study would: each run must have the workers that its partner had, or it is another search.
        at_once = max(1, self._config.concurrent_workers // self._config.workers_per_run)
        missing = [one for one in self._runs if not self._done(one)]
        self._pool.work(missing, at_once, self._run, look=lambda *_: self._on_progress(self.progress()))
        return self.progress()

    def progress(self) -> AblationProgress:
        """Return what is done by now."""
        trials = [self._store.trials(self.name(one)) for one in self._runs]
        trained, taken_over = count_trainings(trials, SHARED)
        return AblationProgress(
            runs=sum(self._done(one) for one in self._runs),
            all_runs=len(self._runs),
            trained=trained,
            taken_over=taken_over,
            all_trials=sum(one.trials for one in self._runs),
            stopped=self._pool.stopping,
        )

    def name(self, one: ArmRun) -> str:
        """Return the name of a run in the store."""
        return arm_run_name(self._config, one.arm, one.pair)

    def _run(self, one: ArmRun) -> None:
        with self._pool.workers() as local:
            self._pool.search(self._optimizer(one, local))
        if not self._pool.stopping and not any(t.state == "completed" for t in self._store.trials(self.name(one))):
            raise LabError(f"no trial of run {self.name(one)!r} completed, so it says nothing; look at its trials")

    def _optimizer(self, one: ArmRun, local: LocalExecutor) -> ModelOptimizer:
        known = self._known(self.name(one))
        config = arm_run_config(self._config, one.arm, one.pair, one.trials)
        if known is not None:
            missing = one.trials - known.config.trials
            config = self._store.add_trials(known.name, missing).config if missing > 0 else known.config
        return ModelOptimizer(
            config,
            settings=self._settings,
            store=self._store,
            crew_of=partial(self._crew, one, local),
            resume=known is not None,
        )

    def _crew(
        self, one: ArmRun, local: LocalExecutor, wanted: OptimizationConfig, run: RunRecord, on_note: OnNote
    ) -> Crew:
        """Return who trains what no other run of the pair has trained."""
        remote = wanted.use_runpod_service
        folder = RunFolder(self._settings, run.name)
        crew = hire(wanted, self._settings, folder, run.created, self._store.now, on_note, None if remote else local)
        others = [self._config.run_name(mode, one.pair) for mode in STUDY_MODES]
        others += [arm_run_name(self._config, arm, one.pair) for arm in METRIC_NAMES if arm != one.arm]
        executor: Executor = crew.executor
        for place, name in enumerate(reversed(others)):  # the study's own runs are looked through first
            keep_open = place == 0 and not remote
            partner = RunFolder(self._settings, name)
            executor = SharingExecutor(executor, partner, self._counts, keep_open=keep_open)
        return replace(crew, executor=executor)

    def _done(self, one: ArmRun) -> bool:
        run = self._known(self.name(one))
        return run is not None and run.status == "completed" and run.config.trials >= one.trials

    def _known(self, name: str) -> RunRecord | None:
        with contextlib.suppress(RunStateError):
            return self._store.run(name)
        return None
