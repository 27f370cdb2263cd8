"""`ModelOptimizer`: one optimisation run from its configuration to the final model."""

from __future__ import annotations

import contextlib
import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from functools import partial
from typing import Any

from optuna.trial import Trial

from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings
from core.datasets import DATASETS
from core.diagnosis import measure_trial
from core.diagnostics import load_diagnostics
from core.disk_space import full_disk
from core.errors import DatabaseUnavailableError, InvalidInputError, LabError, RunStateError, WorkerError
from core.executors.crew import Crew, check_access, hire
from core.executors.jobs import Executor, OnNote, TrainJob
from core.executors.local import LocalExecutor
from core.logs import log_context
from core.outcome import OptimizationResult, conclude, summarize
from core.preparation import Preparation, Stopped, prepare_run
from core.progress import OnProgress, RunProgress, best_trial
from core.sampling import TrialQueue
from core.search_space import default_params, extreme_configs, model_config, search_space
from core.store import RunRecord, Store, TrialProgress
from core.trial import EpochRecord, TrialResult
from core.trial_course import end_trial, make_spec

__all__ = ["ModelOptimizer", "OptimizationResult", "summarize"]

_log = logging.getLogger(__name__)
_TICK = 0.5  # seconds between looks at the stop flag when no worker says anything


class ModelOptimizer:
    """Search, train, score and keep the best model.

    >>> from core.config import OptimizationConfig
    >>> result = ModelOptimizer(OptimizationConfig(dataset_name="digits", trials=2)).optimize_model()  # doctest: +SKIP

    `resume=True` continues the run named in the configuration. `stop()` may be called from any thread. Who trains is
    `executor`, or what `crew_of` answers when the run begins.
    """

    def __init__(
        self,
        config: OptimizationConfig,
        on_progress: OnProgress | None = None,
        *,
        settings: Settings | None = None,
        store: Store | None = None,
        executor: Executor | None = None,
        crew_of: Callable[[OptimizationConfig, RunRecord, OnNote], Crew] | None = None,
        resume: bool = False,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._settings = settings or Settings.from_environment()
        DATASETS.follow(self._settings.data_dir)
        self._entry = DATASETS[config.dataset_name]
        self._space = search_space(
            self._entry.kind, self._entry.shape, self._entry.vocabulary or 0, config.search_space
        )
        self._candidates = extreme_configs(self._entry.kind, self._space)  # also proves that the space can be built
        self._store = store or Store(self._settings)
        self._now = now or self._store.now
        if resume and config.run_name is None:
            raise InvalidInputError("resume needs the name of a run; `runs` lists them")
        self.run_name = config.run_name if resume and config.run_name else _create(self._store, config)
        self._config = replace(config, run_name=self.run_name)
        self._folder = RunFolder(self._settings, self.run_name)
        if executor is None:
            check_access(config)
        self._crew = None if executor is None else Crew(executor=executor)
        self._crew_of = crew_of or self._own_crew
        self._on_progress = on_progress
        self._stop = threading.Event()
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._running: dict[int, TrialProgress] = {}
        self._pruned: set[int] = set()
        self._phase = "waiting for its turn"
        self._note: str | None = None  # what there is to say of RunPod
        self._ready: Preparation | None = None
        self._started = 0.0  # of this session; pauses move it forward, so that they do not count as work
        self._session_started: float | None = None
        self._done_before = 0.0
        self._pause = False
        self._paused_since: float | None = None

    @classmethod
    def resume(cls, run_name: str, on_progress: OnProgress | None = None, **services: Any) -> ModelOptimizer:
        """Return an optimizer that continues a stored run with its own configuration."""
        settings = services.pop("settings", None) or Settings.from_environment()
        store = services.pop("store", None) or Store(settings)
        config = replace(store.run(run_name).config, run_name=run_name)
        return cls(config, on_progress, settings=settings, store=store, resume=True, **services)

    @property
    def target(self) -> int:
        """How many trials the run has in all, as far as the optimizer has heard."""
        return self._config.trials

    def stop(self) -> None:
        """Ask the run to stop; its unfinished trials are trained again when it is resumed."""
        self._stop.set()

    def optimize_model(self) -> OptimizationResult:
        """Run to the end or until stopped. Raises LabError when the run cannot go on; it stays resumable."""
        with log_context(run=self.run_name, study=self._config.study):
            return self._optimize()

    def _optimize(self) -> OptimizationResult:
        run = self._store.claim(self.run_name)
        _log.info("begins: %d trials on %s", self._config.trials, self._config.dataset_name)
        self._facts = run.facts
        self._started = self._now()
        status, phase = "failed", "ended by an error"
        try:
            if self._crew is None:
                self._crew = self._crew_of(self._config, run, self._hear)
            with contextlib.suppress(Stopped):
                self._prepare(run)
                self._search(run)
            stopped = self._stop.is_set()
            self._keep_plots(run)
            self._set_phase("keeping the best model")
            result = self._conclude("stopped" if stopped else "completed", self._worked(run))
            status, phase = result.status, "stopped; it can be resumed" if stopped else self._ended()
            return result
        except Exception as error:
            full = full_disk(self._folder.path, error) if isinstance(error, OSError) else None
            told = full or error
            phase = str(told) if isinstance(told, LabError) else f"unexpected {type(error).__name__}: {error}"
            with contextlib.suppress(DatabaseUnavailableError):  # then `resume` gives them back
                self._give_back_running()
            if full is not None:
                raise full from error
            raise
        finally:
            if self._crew is not None:
                self._crew.executor.close()
            self._store.clear_progress(self.run_name)
            seconds = self._worked(run)
            self._store.update_run(
                self.run_name,
                status=status,
                phase=phase,
                finished=self._now(),
                seconds=seconds,
                stop_requested=False,
                pause_requested=False,
                paused_since=None,
            )
            self._tell_progress()
            _log.info("%s after %.0f s: %s", status, seconds, phase)

    @property
    def _executor(self) -> Executor:
        assert self._crew is not None
        return self._crew.executor

    def _own_crew(self, config: OptimizationConfig, run: RunRecord, on_note: OnNote) -> Crew:
        return hire(config, self._settings, self._folder, run.created, self._now, on_note)

    def _prepare(self, run: RunRecord) -> None:
        if self._stopping():  # it was asked to while it waited
            raise Stopped
        if isinstance(self._executor, LocalExecutor):
            self._executor.start()  # Keras loads while the data is prepared
        self._ready = prepare_run(
            self._config,
            self._settings,
            self._folder,
            self._executor,
            self._candidates,
            run.facts,
            self._set_phase,
            self._stopping,
        )
        self._facts = self._ready.facts
        self._store.update_run(self.run_name, facts=self._facts)

    # -- the search: one thread asks, submits and tells; executors only put events into the queue --------------------

    def _search(self, run: RunRecord) -> None:
        self._set_phase("training")
        default = default_params(
            self._entry.kind, self._space, self._entry.default_batch_size, self._entry.default_sequence_length
        )
        self._queue = TrialQueue(
            self._store.study(self.run_name),
            self._space,
            default,
            seed=self._config.random_seed,
            workers=self._config.workers,
            pruning=self._config.pruning,
        )
        self._session_started = self._now()
        self._done_before = float(self._queue.finished())
        while True:
            self._heed_wishes()
            while self._within_budget(run) and not self._stopping() and not self._pause and self._wants_more():
                self._launch(self._queue.ask())
            if self._stopping():
                self._give_back_running()
            if not self._running and not (self._pause and not self._stopping() and self._wants_more()):
                self._end_pause()
                return
            self._look_where()
            self._tell_progress()
            self._handle_events()

    def _within_budget(self, run: RunRecord) -> bool:
        assert self._session_started is not None
        budget = self._config.max_run_seconds
        in_time = budget is None or run.seconds + self._now() - self._session_started < budget
        return in_time and not self._spent()

    def _spent(self) -> bool:
        """Whether the jobs at RunPod, those that run included, use up what the run may cost."""
        limit, ledger = self._config.max_run_cost, self._crew.ledger if self._crew else None
        return limit is not None and ledger is not None and ledger.expected_cost() >= limit

    def _worked(self, run: RunRecord) -> float:
        """Seconds of work in all sessions."""
        return run.seconds + (self._paused_since or self._now()) - self._started

    def _heed_wishes(self) -> None:
        """Take up what people asked for since the last look: more trials, a pause or its end."""
        wishes = self._store.wishes(self.run_name)
        if wishes.trials != self._config.trials:
            self._config = replace(self._config, trials=wishes.trials)
        if wishes.pause != self._pause:
            self._pause = wishes.pause
            self._set_phase("pausing: the trials that train are finished first" if self._pause else "training")
        if self._pause and not self._running and self._paused_since is None:
            self._paused_since = self._now()
            self._store.update_run(self.run_name, paused_since=self._paused_since)
            self._set_phase("paused")
        elif not self._pause:
            self._end_pause()

    def _end_pause(self) -> None:
        if self._paused_since is None:
            return
        pause = self._now() - self._paused_since
        self._paused_since = None
        self._started += pause
        self._session_started = (self._session_started or 0.0) + pause
        self._store.update_run(self.run_name, started=self._started, paused_since=None)

    def _wants_more(self) -> bool:
        busy = len(self._running)
        return busy < self._config.workers and self._queue.finished() + busy < self._config.trials

    def _stopping(self) -> bool:
        if not self._stop.is_set() and self._store.wishes(self.run_name).stop:
            self._stop.set()
        return self._stop.is_set()

    def _handle_events(self) -> None:
        """Wait for one event at most a tick, then take what else is there."""
        try:
            self._events.get(timeout=_TICK)()
            while True:
                self._events.get_nowait()()
        except queue.Empty:
            self._store.update_run(self.run_name)  # the heartbeat

    def _launch(self, trial: Trial) -> None:
        assert self._ready is not None
        number = trial.number
        model = model_config(self._entry.kind, trial.params)
        spec = make_spec(self._config, number, self._ready.split.split_hash, model, self._ready.bounds)
        now = self._now()
        self._running[number] = TrialProgress(
            number=number, epoch=0, epochs=spec.epochs, val_accuracy=None, started=now, updated=now
        )
        self._store.set_progress(self.run_name, self._running[number])
        committed = self._folder.committed_result(spec)
        if committed is not None:  # finished by a process that died before it could say so
            self._events.put(partial(self._end, number, committed))
            return
        job = TrainJob(
            spec=spec,
            parts_folder=str(self._ready.split.folder),
            out_dir=str(self._folder.trial(number)),
            silence_limit=self._config.trial_time_limit,
        )
        future = self._executor.train(job, lambda record: self._events.put(partial(self._epoch, number, record)))
        future.add_done_callback(lambda done: self._events.put(partial(self._done, number, done)))

    def _look_where(self) -> None:
        """Keep for the page where trials are that train elsewhere."""
        assert self._crew is not None
        for number, place in self._crew.places().items():
            known = self._running.get(number)
            if known is not None and known.place != place:
                self._running[number] = replace(known, place=place)
                self._store.set_progress(self.run_name, self._running[number])

    def _epoch(self, number: int, record: EpochRecord) -> None:
        if number not in self._running or number in self._pruned:
            return
        self._running[number] = replace(
            self._running[number], epoch=record.epoch, val_accuracy=record.val_accuracy, updated=self._now()
        )
        self._store.set_progress(self.run_name, self._running[number])
        last = record.epoch == self._running[number].epochs  # nothing would be saved by pruning now
        if record.val_accuracy is None:
            return
        if self._queue.report(number, record.epoch, record.val_accuracy) and not last:
            self._pruned.add(number)
            self._queue.note(number, note=f"pruned after epoch {record.epoch}: below the median of earlier trials")
            self._executor.cancel(number)
        self._tell_progress()

    def _done(self, number: int, future: Future[TrialResult]) -> None:
        if number in self._running:
            with log_context(trial=number):
                self._settle(number, future)

    def _settle(self, number: int, future: Future[TrialResult]) -> None:
        error = future.exception()
        if number in self._pruned:
            _log.info("pruned")
            self._finish(number)
            self._queue.prune(number)
            self._folder.drop_trial(number)
        elif error is None:
            self._end(number, future.result())
        elif isinstance(error, CancelledError):
            self._finish(number)
            self._queue.give_back(number)
        elif isinstance(error, WorkerError):
            _log.warning("lost: %s", error)
            self._finish(number)
            self._queue.lose(number, str(error), error.retry)
            self._folder.drop_trial(number)
        else:
            raise error

    def _end(self, number: int, result: TrialResult) -> None:
        _log.log(logging.WARNING if result.error else logging.INFO, "%s: %s", result.status, result.error or "stored")
        self._finish(number)
        if result.status == "failed" and (full := full_disk(self._folder.path, f"{result.error} {result.traceback}")):
            self._folder.drop_trial(number)
            self._queue.give_back(number)  # it says nothing of the network
            raise full
        end_trial(self._queue, self._folder, self._config, replace(result, number=number))

    def _finish(self, number: int) -> None:
        del self._running[number]
        self._pruned.discard(number)
        self._store.clear_progress(self.run_name, number)

    def _give_back_running(self) -> None:
        for number in list(self._running):
            self._executor.cancel(number)
            self._finish(number)
            self._queue.give_back(number)

    # -- the end -------------------------------------------------------------------------------------------------

    def _ended(self) -> str:
        missing = self._config.trials - self._queue.finished()
        budget = "cost" if self._spent() else "time"
        if missing > 0:
            return f"{budget} budget used up; {missing} trials were not started"
        if any(trial.state == "completed" for trial in self._store.trials(self.run_name)):
            return "finished"
        return "finished, but no trial completed; their notes say why"

    def _keep_plots(self, earlier: RunRecord) -> None:
        """See that the best network's diagnostics are stored; a failure of that is noted and no more."""
        best = best_trial(self._store.trials(self.run_name))
        if self._ready is None or best is None or self._config.plot_generation == "none":
            return
        if load_diagnostics(self._folder.trial_plots(best.number)) is None:
            self._set_phase("measuring the best network")
            limit, parts = self._config.trial_time_limit, self._ready.split.folder
            beat = partial(self._store.update_run, self.run_name)
            try:
                measure_trial(self._folder, best.number, parts, self._executor, time_limit=limit, on_tick=beat)
            except LabError as error:
                _log.warning("no diagnostics of the best network of run %s: %s", self.run_name, error)
        before = ((earlier.summary or {}).get("best") or {}).get("trial")
        if self._config.plot_generation == "best" and before not in (None, best.number):
            shutil.rmtree(self._folder.trial_plots(before), ignore_errors=True)

    def _conclude(self, status: str, seconds: float) -> OptimizationResult:
        trials = self._store.trials(self.run_name)
        result = conclude(self._config, self._folder, trials, self._facts, status=status, seconds=seconds)
        self._store.update_run(self.run_name, summary=summarize(result))
        return result

    # -- telling -------------------------------------------------------------------------------------------------

    def _set_phase(self, phase: str) -> None:
        self._phase = phase
        self._store.update_run(self.run_name, phase=f"{phase}. {self._note}" if self._note else phase)
        self._tell_progress()

    def _hear(self, note: str | None) -> None:
        """Take what there is to say of RunPod, in whatever thread."""
        self._events.put(partial(self._take_note, note))

    def _take_note(self, note: str | None) -> None:
        self._note = note
        self._set_phase(self._phase)

    def _tell_progress(self) -> None:
        if self._on_progress is None:
            return
        snapshot = RunProgress.of(
            run_name=self.run_name,
            phase=self._phase,
            target=self._config.trials,
            trials=self._store.trials(self.run_name),
            running=tuple(self._running.values()),
            now=self._now(),
            session_started=self._session_started,
            done_before=self._done_before,
            note=self._note,
        )
        self._on_progress(snapshot)


def _create(store: Store, config: OptimizationConfig) -> str:
    """Store a new run and return its name; a made-up name that is taken gets a number behind it."""
    if config.run_name is not None:
        return store.create_run(config.run_name, config).name
    name = f"{config.dataset_name}_{config.optimization_mode}_{time.strftime('%Y%m%d_%H%M%S')}"
    for ending in ["", *(f"_{number}" for number in range(2, 100))]:
        with contextlib.suppress(RunStateError):
            return store.create_run(name + ending, replace(config, run_name=name + ending)).name
    raise RunStateError(f"a hundred runs were started in this second as {name!r}; give this one a name")
