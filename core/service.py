"""`RunService`: the background thread that works on runs, one at a time, while pages come and go."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from core.config import OptimizationConfig, Settings
from core.errors import LabError, RunStateError
from core.health.result import MetricResult
from core.optimizer import ModelOptimizer
from core.progress import best_trial, idle_seconds, seconds_left, work_done
from core.records import from_dict
from core.store import RunRecord, Store, TrialProgress, TrialRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """Everything a page shows about a run at one moment, read from the store."""

    run: RunRecord
    trials: tuple[TrialRecord, ...]
    running: tuple[TrialProgress, ...]
    best: TrialRecord | None
    seconds: float  # of work, the current session included
    seconds_left: float | None

    @property
    def active(self) -> bool:
        """Whether the run is queued or being worked on."""
        return self.run.status in ("queued", "running")

    def count(self, *states: str) -> int:
        """Number of trials in one of `states`."""
        return sum(trial.state in states for trial in self.trials)


class RunService:
    """Starts, queues, stops and resumes runs. One per server process; safe to call from any thread."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self.store = Store(self.settings)
        self._queue: deque[ModelOptimizer] = deque()
        self._current: ModelOptimizer | None = None
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self, config: OptimizationConfig) -> str:
        """Queue a new run and return its name. Raises InvalidInputError or RunStateError, and then queues nothing."""
        return self._enqueue(ModelOptimizer(config, settings=self.settings, store=self.store))

    def resume(self, name: str) -> str:
        """Queue a stopped, failed or interrupted run."""
        run = self.store.run(name)
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
            waiting = next((o for o in self._queue if o.run_name == name), None)
            if waiting is not None:
                self._queue.remove(waiting)
                self.store.update_run(name, status="stopped", phase="taken out of the queue; it can be resumed")
                return
            current = self._current
        if current is not None and current.run_name == name:
            current.stop()
        self.store.request_stop(name)

    def view(self, name: str) -> RunView:
        """Read a run with its trials. Raises RunStateError when there is none of this name."""
        run = self.store.run(name)
        trials, running = self.store.trials(name), tuple(self.store.progress(name))
        finished = sum(trial.state in ("completed", "pruned", "failed") for trial in trials)
        now = self.store.now()
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
        )

    def health(self, name: str, number: int) -> dict[str, MetricResult]:
        """Return the health metrics of a finished trial with their statuses and reasons; none when none were taken."""
        study_id = self.store.optuna_storage.get_study_id_from_name(name)
        trial = self.store.optuna_storage.get_all_trials(study_id, deepcopy=False)[number]
        stored = trial.user_attrs.get("health") or {}
        return {metric: from_dict(MetricResult, reading) for metric, reading in stored.items()}

    def close(self, timeout: float = 10.0) -> None:
        """Stop the current run, leave it resumable, and wait for the thread. Queued runs become stopped."""
        with self._wake:
            self._closing = True
            for optimizer in self._queue:
                self.store.update_run(optimizer.run_name, status="stopped", phase="the program ended; resume it")
            self._queue.clear()
            if self._current is not None:
                self._current.stop()
            self._wake.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _enqueue(self, optimizer: ModelOptimizer) -> str:
        with self._wake:
            if self._closing:
                raise RunStateError("the program is shutting down; start it again first")
            self._queue.append(optimizer)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="run-service", daemon=True)
                self._thread.start()
            self._wake.notify_all()
        return optimizer.run_name

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if self._closing:
                    return
                self._current = self._queue.popleft()
            self._run(self._current)
            with self._wake:
                self._current = None

    def _run(self, optimizer: ModelOptimizer) -> None:
        """The last line of defence: a run that fails is stored as failed by the optimizer, the thread goes on."""
        try:
            optimizer.optimize_model()
        except LabError as error:
            log.warning("run %s ended: %s", optimizer.run_name, error)
        except Exception:
            log.exception("run %s ended by an unexpected error", optimizer.run_name)

    def __enter__(self) -> RunService:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
