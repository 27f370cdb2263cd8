"""What a study will take: how many trainings, how long, and what it costs, from what trials of this data set took."""

from __future__ import annotations

import json
import logging
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare
from core.datasets.split import prepare_split
from core.errors import LabError
from core.executors.jobs import TrainJob
from core.executors.local import LocalExecutor
from core.sampling import startup_trials
from core.search_space import default_params, model_config, search_space
from core.store import Store
from core.study_config import StudyConfig
from core.trial import TrialSpec

log = logging.getLogger(__name__)
_NEWEST = 200  # trials that are looked at
_Subject = tuple[str, str]  # data set and search space


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """`fewest` and `most` trainings: proposals that both modes share are trained once, and how many those are shows
    only in the end. Seconds and US dollars are of the middle between both; None: nothing was measured yet."""

    fewest: int
    most: int
    seconds: float | None
    cost: float | None
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A training to measure its time. `seconds`: of a whole trial of one epoch; `epoch`: of that epoch."""

    done: bool
    seconds: float = 0.0
    epoch: float = 0.0
    error: str | None = None


def estimate(config: StudyConfig, store: Store, probe: Probe | None = None) -> Estimate:
    """Judge by the newest trials of the data set on this machine, else by `probe`."""
    fewest = config.runs * config.trials  # were all proposals shared
    most = 2 * fewest - config.runs * surely_shared(config)
    per_epoch = [] if config.use_runpod_service else _seconds_per_epoch(config, store)
    each: float | None = None
    basis = "not measured yet"
    if len(per_epoch) >= 5:
        each = median(per_epoch) * config.epochs
        basis = f"measured on {len(per_epoch)} earlier trials with this data set and search space"
    elif probe is not None and probe.done and probe.error is None:
        each = probe.seconds - probe.epoch + probe.epoch * config.epochs
        basis = "measured on one probe trial of the default network; others are quicker or slower"
    if each is None:
        return Estimate(fewest=fewest, most=most, seconds=None, cost=None, basis=basis)
    work = each * (fewest + most) / 2
    price = config.gpu_price_per_hour if config.use_runpod_service else None
    return Estimate(
        fewest=fewest,
        most=most,
        seconds=work / config.concurrent_workers,
        cost=None if price is None else work * config.target_gpus_per_worker * price / 3600,
        basis=basis,
    )


def surely_shared(config: StudyConfig) -> int:
    """Trials of a run that are proposed before scores steer the search: equal in both modes."""
    return min(config.trials, startup_trials(config.workers_per_run))


def _seconds_per_epoch(config: StudyConfig, store: Store) -> list[float]:
    found: list[float] = []
    for run in store.runs():
        same = run.config.dataset_name == config.dataset_name and run.config.search_space == config.search_space
        if same and not run.config.use_runpod_service:
            ended = [trial for trial in store.trials(run.name) if trial.seconds and trial.accuracies]
            found += [(trial.seconds or 0.0) / max(trial.accuracies) for trial in ended]
        if len(found) >= _NEWEST:
            break
    return found[:_NEWEST]


class StudyProbes:
    """Trains the default network of a study for an epoch, in the background and one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._probes: dict[_Subject, Probe] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="probe")
        self._executor: LocalExecutor | None = None
        self._closed = False

    def ask(self, config: StudyConfig) -> None:
        """Measure for a data set and search space; a second wish while it is measured changes nothing."""
        with self._lock:
            known = self._probes.get(_subject(config))
            if self._closed or (known is not None and not known.done):
                return
            self._probes[_subject(config)] = Probe(done=False)
        self._pool.submit(self._measure, config)

    def state(self, config: StudyConfig) -> Probe | None:
        """Return how far a measurement is; None when nobody asked."""
        with self._lock:
            return self._probes.get(_subject(config))

    def close(self) -> None:
        """End the worker and forget what waits."""
        with self._lock:
            self._closed = True
            executor = self._executor
        self._pool.shutdown(wait=False, cancel_futures=True)
        if executor is not None:
            executor.close()

    def _measure(self, config: StudyConfig) -> None:
        with tempfile.TemporaryDirectory(prefix="mhl-probe-") as folder:
            executor = LocalExecutor(Path(folder) / "workers.log", self._settings.worker_memory_mb)
            with self._lock:
                if self._closed:
                    return
                self._executor = executor
            try:
                probe = train_probe(config, self._settings, executor, Path(folder))
            except LabError as error:
                probe = Probe(done=True, error=str(error))
            except Exception as error:  # nobody waits for this thread: what went wrong has to be said on the page
                log.exception("%s could not be measured", config.dataset_name)
                probe = Probe(done=True, error=f"unexpected {type(error).__name__}: {error}")
            finally:
                executor.close()
                with self._lock:
                    self._executor = None
        with self._lock:
            self._probes[_subject(config)] = probe


def _subject(config: StudyConfig) -> _Subject:
    return config.dataset_name, json.dumps(config.search_space, sort_keys=True)


def train_probe(config: StudyConfig, settings: Settings, executor: LocalExecutor, folder: Path) -> Probe:
    """Train the default network for an epoch. Raises LabError when there is no data or the worker is lost."""
    entry = DATASETS[config.dataset_name]
    split = prepare_split(prepare(entry.name, settings), 0, settings)
    space = search_space(entry.kind, entry.shape, entry.vocabulary or 0, config.search_space)
    params = default_params(entry.kind, space, entry.default_batch_size, entry.default_sequence_length)
    spec = TrialSpec(
        run="probe",
        number=0,
        dataset=entry.name,
        split_hash=split.split_hash,
        seed=0,
        model=model_config(entry.kind, params),
        epochs=1,
        patience=1,
        store_plots=False,
    )
    job = TrainJob(spec=spec, parts_folder=str(split.folder), out_dir=str(folder / "trial_0"))
    result = executor.train(job, lambda _: None).result()
    if result.trace is None or not result.trace.epochs:
        raise LabError(f"the probe trial failed: {result.error}")
    return Probe(done=True, seconds=result.seconds, epoch=result.trace.epochs[0].seconds)
