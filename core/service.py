"""`RunService`: the background thread that works on runs, one at a time, while pages come and go."""

from __future__ import annotations

import logging
import shutil
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from core.analysis_jobs import AnalysisJobs
from core.artifacts import RunFolder
from core.config import OptimizationConfig, Settings, check_whole
from core.dataset_jobs import DatasetJobs
from core.datasets import DATASETS
from core.diagnosis_queue import DiagnosisQueue
from core.errors import DatabaseUnavailableError, LabError, RunStateError
from core.executors.crew import check_access
from core.health.result import MetricResult
from core.logs import log_context
from core.optimizer import ModelOptimizer
from core.progress import best_trial, idle_seconds, seconds_left, work_done
from core.records import from_dict
from core.remote_use import RemoteBooks
from core.search_space import check_params, search_space
from core.store import ACTIVE, RunRecord, Store
from core.study import StudyRunner, create_study, plan
from core.study_comparison import compare
from core.study_config import STUDY_MODES, StudyConfig, StudyMode
from core.study_estimate import StudyProbes
from core.study_folder import StudyFolder
from core.study_store import StudyStore
from core.views import RunView, StudyView

__all__ = ["RunService", "RunView", "StudyView"]

log = logging.getLogger(__name__)
_AGAIN = 1.0  # seconds between attempts to reach a database that is away


class RunService:
    """Starts, queues, stops and resumes runs. One per server process; safe to call from any thread."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        DATASETS.follow(self.settings.data_dir)
        self.store = Store(self.settings)
        self.studies = StudyStore(self.store.engine)
        self._queue: deque[ModelOptimizer | StudyRunner] = deque()
        self._current: ModelOptimizer | StudyRunner | None = None
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self.diagnoses = DiagnosisQueue(self.settings)
        self.jobs = DatasetJobs(self.settings)
        self.probes = StudyProbes(self.settings)
        self.analyses = AnalysisJobs(self.settings, self.store, self.studies)
        self._books = RemoteBooks()

    def start(self, config: OptimizationConfig) -> str:
        """Queue a new run and return its name. Raises InvalidInputError or RunStateError, and then queues nothing."""
        return self._enqueue(ModelOptimizer(config, settings=self.settings, store=self.store))

    def resume(self, name: str) -> str:
        """Queue a stopped, failed or interrupted run."""
        run = self.store.run(name)
        _check_alone(run)
        if not run.resumable:
            raise RunStateError(
                f"run {name!r} is {run.status}; only stopped, failed or interrupted runs can be resumed"
            )
        optimizer = ModelOptimizer.resume(name, settings=self.settings, store=self.store)
        self.store.adopt(name)
        return self._enqueue(optimizer)

    def stop(self, name: str) -> None:
        """Stop a run: at once when it is ours, else by asking the process that works on it."""
        with self._wake:
            waiting = next((o for o in self._queue if isinstance(o, ModelOptimizer) and o.run_name == name), None)
            if waiting is not None:
                self._queue.remove(waiting)
                self.store.update_run(name, status="stopped", phase="taken out of the queue; it can be resumed")
                return
            current = self._current
        if isinstance(current, ModelOptimizer) and current.run_name == name:
            current.stop()
        self.store.request_stop(name)

    def pause(self, name: str) -> None:
        """Start no further trials of an active run; those that train are finished."""
        self.store.request_pause(name, True)

    def unpause(self, name: str) -> None:
        """Let a paused run go on."""
        self.store.request_pause(name, False)

    def add_trials(self, name: str, count: int) -> None:
        """Let a run try `count` networks more; a run that has ended goes on. Raises InvalidInputError for no count."""
        check_whole("number of trials to add", count, 1, 1000)
        _check_alone(self.store.run(name))
        if self.store.add_trials(name, count).resumable:
            self.resume(name)

    def enqueue_trial(self, name: str, params: Mapping[str, Any], origin: str) -> None:
        """Put a trial with exactly these `params` into the run's queue, as one more trial; an ended run goes on.

        Raises InvalidInputError naming the parameter that is missing, unknown or outside the run's search space.
        """
        run = self.store.run(name)
        _check_alone(run)
        entry = DATASETS[run.config.dataset_name]
        space = search_space(entry.kind, entry.shape, entry.vocabulary or 0, run.config.search_space)
        checked = check_params(space, params)
        study = self.store.study(name)
        if not study.get_trials(deepcopy=False):
            raise RunStateError(f"run {name!r} has not started yet; wait for its first trial")
        study.enqueue_trial(checked, user_attrs={"origin": origin})
        self.add_trials(name, 1)

    def waiting_before(self, name: str) -> int | None:
        """Return how many runs of this process come before a queued one; None when it does not wait here."""
        with self._wake:
            names = [optimizer.run_name for optimizer in self._queue]
            return names.index(name) + (self._current is not None) if name in names else None

    def delete(self, name: str) -> None:
        """Remove a run that nobody works on: its rows and its files. Raises RunStateError when it is active."""
        run = self.store.run(name)
        if run.config.study is not None and self._has_study(run.config.study):
            raise RunStateError(
                f"run {name!r} belongs to the study {run.config.study!r}, which would lose a pair; delete the study"
            )
        self._remove(run)

    def _has_study(self, name: str) -> bool:
        with suppress(RunStateError):
            return self.studies.study(name) is not None
        return False

    def _remove(self, run: RunRecord) -> None:
        name = run.name
        if run.status in ACTIVE:
            raise RunStateError(f"run {name!r} is {run.status}; stop it before deleting it")
        folder = RunFolder(self.settings, name)
        gone = folder.set_aside()  # first: should the disk refuse, nothing is lost
        self.store.delete_run(name)
        if gone is not None:
            shutil.rmtree(gone, ignore_errors=True)

    def disk_bytes(self, name: str) -> int:
        """Return how much the files of a run take."""
        return sum(path.stat().st_size for path in RunFolder(self.settings, name).path.rglob("*") if path.is_file())

    def view(self, name: str) -> RunView:
        """Read a run with its trials. Raises RunStateError when there is none of this name."""
        run = self.store.run(name)
        trials, running = self.store.trials(name), tuple(self.store.progress(name))
        finished = sum(trial.state in ("completed", "pruned", "failed") for trial in trials)
        now = run.paused_since or self.store.now()  # an idle pause is no work
        seconds = run.seconds + (now - run.started if run.status == "running" and run.started else 0.0)
        return RunView(
            run=run,
            trials=tuple(trials),
            running=running,
            best=best_trial(trials),
            seconds=seconds,
            seconds_left=(
                seconds_left(run.config.trials, work_done(finished, running), seconds, idle=idle_seconds(running, now))
                if run.status == "running"
                else None
            ),
            remote=self._books.read(RunFolder(self.settings, name).remote_jobs),
        )

    def health(self, name: str, number: int) -> dict[str, MetricResult]:
        """Return the health metrics of a finished trial with their statuses and reasons; none when none were taken."""
        study_id = self.store.optuna_storage.get_study_id_from_name(name)
        trial = self.store.optuna_storage.get_all_trials(study_id, deepcopy=False)[number]
        stored = trial.user_attrs.get("health") or {}
        return {metric: from_dict(MetricResult, reading) for metric, reading in stored.items()}

    # -- studies -----------------------------------------------------------------------------------------------------

    def start_study(self, config: StudyConfig) -> str:
        """Queue a new study behind the runs and studies that wait, and return its name. Raises as `start` does."""
        check_access(config.run_config("accuracy_only", 0))
        return self._enqueue(self._runner(create_study(config, self.studies).name))

    def resume_study(self, name: str) -> str:
        """Queue a stopped, failed or interrupted study."""
        study = self.studies.study(name)
        if not study.resumable:
            raise RunStateError(f"study {name!r} is {study.status}; only stopped, failed or interrupted ones resume")
        self.studies.adopt(name)
        return self._enqueue(self._runner(name))

    def stop_study(self, name: str) -> None:
        """Stop a study: at once when it is ours, else by asking the process that works on it."""
        with self._wake:
            waiting = next(
                (work for work in self._queue if isinstance(work, StudyRunner) and work.run_name == name), None
            )
            if waiting is not None:
                self._queue.remove(waiting)
                self.studies.update(name, status="stopped", phase="taken out of the queue; it can be resumed")
                return
            current = self._current
        if isinstance(current, StudyRunner) and current.run_name == name:
            current.stop()
        self.studies.request_stop(name)

    def delete_study(self, name: str) -> None:
        """Remove a study that nobody works on, with its runs and files. Raises RunStateError when it is active."""
        study = self.studies.study(name)
        if study.active:
            raise RunStateError(f"study {name!r} is {study.status}; stop it before deleting it")
        analysed = self.analyses.state(name)
        if analysed is not None and analysed.active:
            raise RunStateError(f"study {name!r} is being analysed; stop that before deleting it")
        runs = [run for run in self.store.runs() if run.config.study == name]  # of both modes and of single metrics
        working = [run.name for run in runs if run.status in ACTIVE]
        if working:
            raise RunStateError(f"run {working[0]!r} of study {name!r} is active; stop it before deleting the study")
        for run in runs:
            self._remove(run)
        shutil.rmtree(StudyFolder.of(self.settings, name).path, ignore_errors=True)
        self.studies.delete(name)

    def study_view(self, name: str) -> StudyView:
        """Read a study with its runs. Raises RunStateError when there is none of this name."""
        study = self.studies.study(name)
        known = {run.name for run in self.store.runs()}
        runs: dict[StudyMode, tuple[RunView | None, ...]] = {
            mode: tuple(
                self.view(run) if (run := study.config.run_name(mode, pair)) in known else None
                for pair in range(study.config.runs)
            )
            for mode in STUDY_MODES
        }
        working = study.status == "running" and study.started is not None
        seconds = study.seconds + (self.studies.now() - (study.started or 0.0) if working else 0.0)
        return StudyView(study=study, runs=runs, seconds=seconds)

    def _runner(self, name: str) -> StudyRunner:
        return StudyRunner(
            name,
            self.settings,
            self.store,
            self.studies,
            compare=partial(compare, self.settings, self.store, self.studies),
        )

    def _run_study(self, runner: StudyRunner) -> None:
        try:
            runner.work()
        except LabError as error:
            log.warning("study %s ended: %s", runner.run_name, error)
            self._settle(runner, str(error))
        except Exception:
            log.exception("study %s ended by an unexpected error", runner.run_name)

    def close(self, timeout: float = 10.0) -> None:
        """Stop the current run, leave it resumable, and wait for the thread. Queued runs become stopped."""
        with self._wake:
            self._closing = True
            for work in self._queue:
                update = self.studies.update if isinstance(work, StudyRunner) else self.store.update_run
                with suppress(DatabaseUnavailableError):  # then they are found interrupted
                    update(work.run_name, status="stopped", phase="the program ended; resume it")
            self._queue.clear()
            if self._current is not None:
                self._current.stop()
            self._wake.notify_all()
            thread = self._thread
        self.diagnoses.close()
        self.jobs.close()
        self.probes.close()
        self.analyses.close()
        if thread is not None:
            thread.join(timeout)

    def _enqueue(self, work: ModelOptimizer | StudyRunner) -> str:
        with self._wake:
            if self._closing:
                raise RunStateError("the program is shutting down; start it again first")
            self._queue.append(work)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="run-service", daemon=True)
                self._thread.start()
            self._wake.notify_all()
        return work.run_name

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if self._closing:
                    return
                work = self._current = self._queue.popleft()
            if isinstance(work, StudyRunner):
                with log_context(study=work.run_name):
                    self._run_study(work)
            else:
                with log_context(run=work.run_name):
                    self._run(work)
            with self._wake:
                self._current = None

    def _run(self, optimizer: ModelOptimizer) -> None:
        """The last line of defence: a run that fails is stored as failed by the optimizer, the thread goes on."""
        try:
            optimizer.optimize_model()
            run = self.store.run(optimizer.run_name)
            if run.status == "completed" and run.config.trials > optimizer.target:  # asked for while it ended
                self.store.add_trials(run.name, 0)
                self.resume(run.name)
        except LabError as error:
            log.warning("run %s ended: %s", optimizer.run_name, error)
            self._settle(optimizer, str(error))
        except Exception:
            log.exception("run %s ended by an unexpected error", optimizer.run_name)

    def _settle(self, work: ModelOptimizer | StudyRunner, why: str) -> None:
        """See that what ended is not stored as active for ever: the database may have been away at its end.

        What waits in the queue could not begin without the database either, so it waits on until that is back.
        """
        while not self._closing:
            with suppress(DatabaseUnavailableError):
                if isinstance(work, StudyRunner):
                    for task in plan(config := self.studies.study(work.run_name).config):
                        self.store.abandon(config.run_name(task.mode, task.pair), why)
                    self.studies.abandon(work.run_name, why)
                else:
                    self.store.abandon(work.run_name, why)
                return
            with self._wake:
                self._wake.wait(_AGAIN)

    def __enter__(self) -> RunService:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _check_alone(run: RunRecord) -> None:
    """Raise RunStateError for a run of a study: its partner would no longer be its equal."""
    if run.config.study is not None:
        raise RunStateError(
            f"run {run.name!r} belongs to the study {run.config.study!r}, whose runs are equal but for their mode; "
            "resume the study, or start a run of your own with these settings"
        )
