"""Configuration: what a run should do, how it is scored, and where the program keeps its things."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from core.errors import InvalidInputError
from core.records import STRICT_KEYS, from_dict
from core.registry import unknown_name

Mode = Literal["simple", "health_aware"]
PlotGeneration = Literal["all", "best", "none"]
RunPodPolicy = Literal["fall_back", "wait", "stop"]
MODES: tuple[Mode, ...] = ("simple", "health_aware")
PLOT_GENERATIONS: tuple[PlotGeneration, ...] = ("all", "best", "none")
RUNPOD_POLICIES: tuple[RunPodPolicy, ...] = ("fall_back", "wait", "stop")
_DAY = 86_400.0
WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(10))}
_OWN_FILES = ("lab.sqlite3", "lab.log")  # beside the folders of the runs


def check_choice(field_name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise InvalidInputError naming the nearest choice unless `value` is one of `choices`."""
    if value not in choices:
        raise InvalidInputError(unknown_name(field_name, value, list(choices)))


def check_whole(field_name: str, value: object, low: int, high: int) -> None:
    """Raise InvalidInputError unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInputError(f"{field_name} must be a whole number from {low} to {high}, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringWeights:
    """How much accuracy and each health component count. Health weighs what accuracy leaves.

    The six component proportions sum to 1; they share the health weight.

    >>> ScoringWeights().health
    0.3
    """

    accuracy: float = 0.7
    neuron_utilization: float = 0.25
    parameter_efficiency: float = 0.15
    training_stability: float = 0.20
    gradient_health: float = 0.15
    convergence_quality: float = 0.15
    accuracy_consistency: float = 0.10

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        for name in ("accuracy", *self.components()):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= 1):
                raise InvalidInputError(f"weight {name} must be between 0 and 1, got {value}")
        total = sum(self.components().values())
        if abs(total - 1) > 1e-6:
            parts = ", ".join(f"{name} {value:g}" for name, value in self.components().items())
            raise InvalidInputError(
                f"the six health proportions must sum to 1, got {total:g} ({parts}); "
                f"divide each by {total:g} to keep their ratio"
                if total > 0
                else "the six health proportions must sum to 1, got 0; give at least one of them a weight"
            )

    @property
    def health(self) -> float:
        """Weight of the health score: 1 minus the accuracy weight."""
        return round(1 - self.accuracy, 12)

    def components(self) -> dict[str, float]:
        """Return the six proportions within the health score by metric name."""
        return {
            "neuron_utilization": self.neuron_utilization,
            "parameter_efficiency": self.parameter_efficiency,
            "training_stability": self.training_stability,
            "gradient_health": self.gradient_health,
            "convergence_quality": self.convergence_quality,
            "accuracy_consistency": self.accuracy_consistency,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationConfig:
    """What one optimisation run should do. Every default of a run stands here and nowhere else.

    `search_space` overrides single parameters: a value fixes it, a list gives choices, and a dict with `low`
    and `high` (optionally `log`, `step`) gives a range. Budgets are constraints: a trial beyond one is kept
    and shown, but is never the best.
    """

    dataset_name: str = "digits"
    optimization_mode: Mode = "health_aware"
    trials: int = 10
    max_epochs_per_trial: int = 6
    use_runpod_service: bool = False
    concurrent: bool = True
    concurrent_workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 32))
    target_gpus_per_worker: int = 1
    plot_generation: PlotGeneration = "best"
    random_seed: int = 42
    holdout_seed: int | None = None  # of the rows kept closed; None: as random_seed
    run_name: str | None = None  # None: made from the data set, the mode and the time
    study: str | None = None  # the comparative study that the run belongs to
    weights: ScoringWeights = field(default_factory=ScoringWeights)
    search_space: dict[str, Any] = field(default_factory=dict)
    pruning: bool = True
    early_stopping_patience: int = 5
    max_parameters: int | None = None
    max_seconds_per_trial: float | None = None
    max_run_seconds: float | None = None
    trial_time_limit: float = 7200.0  # a worker silent for longer than this is killed
    # With use_runpod_service:
    when_runpod_fails: RunPodPolicy = "fall_back"  # to this machine, or wait for RunPod, or stop the run
    gpu_price_per_hour: float | None = 0.69  # US dollars, RunPod's price of a 24 GB GPU in 2026; None: unknown
    max_run_cost: float | None = None  # US dollars, after which no further trial starts
    remote_time_limit: float = 6 * 3600.0  # seconds of execution after which RunPod ends a job
    remote_queue_limit: float = 1800.0  # seconds that a job waits for a worker

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        check_choice("optimization_mode", self.optimization_mode, MODES)
        check_choice("plot_generation", self.plot_generation, PLOT_GENERATIONS)
        check_whole("trials", self.trials, 1, 10_000)
        check_whole("max_epochs_per_trial", self.max_epochs_per_trial, 1, 1000)
        check_whole("concurrent_workers", self.concurrent_workers, 1, 32)
        check_whole("target_gpus_per_worker", self.target_gpus_per_worker, 1, 16)
        check_whole("random_seed", self.random_seed, 0, 2**31 - 1)
        if self.holdout_seed is not None:
            check_whole("holdout_seed", self.holdout_seed, 0, 2**31 - 1)
        check_whole("early_stopping_patience", self.early_stopping_patience, 1, 1000)
        if self.max_parameters is not None:
            check_whole("max_parameters", self.max_parameters, 1, 2**40)
        for name in ("max_seconds_per_trial", "max_run_seconds", "trial_time_limit"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InvalidInputError(f"{name} must be a number of seconds above 0, got {value}")
        if self.run_name is not None:
            check_run_name(self.run_name)
        self._check_remote()

    def _check_remote(self) -> None:
        check_choice("when_runpod_fails", self.when_runpod_fails, RUNPOD_POLICIES)
        for name in ("gpu_price_per_hour", "max_run_cost"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InvalidInputError(f"{name} must be an amount of US dollars above 0, got {value}")
        if self.max_run_cost is not None and self.gpu_price_per_hour is None:
            raise InvalidInputError(
                f"max_run_cost is {self.max_run_cost:g}, but nobody can tell what is spent without a price: set "
                "gpu_price_per_hour too"
            )
        for name in ("remote_time_limit", "remote_queue_limit"):
            value = getattr(self, name)
            if not 5 <= value <= 3 * _DAY:
                raise InvalidInputError(f"{name} must be 5 seconds to 3 days, got {value:g} s")

    @property
    def workers(self) -> int:
        """Number of trials that train at the same time."""
        return self.concurrent_workers if self.concurrent else 1

    @property
    def effective_weights(self) -> ScoringWeights:
        """The weights that count: mode `simple` locks accuracy at 100 %."""
        return replace(self.weights, accuracy=1.0) if self.optimization_mode == "simple" else self.weights

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> OptimizationConfig:
        """Build from plain data; an unknown key is answered with the nearest known one."""
        known = list(cls.__dataclass_fields__)
        for key in data:
            if key not in known:
                raise InvalidInputError(unknown_name("setting", key, known))
        return from_dict(cls, dict(data))


def check_run_name(name: str) -> None:
    """Raise InvalidInputError unless `name` is safe as a folder name on every system."""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    if name.partition(".")[0].lower() in WINDOWS_DEVICES or name.lower().startswith(_OWN_FILES):
        raise InvalidInputError(
            f"run name {name!r:.100} is not allowed: Windows or this program uses it; choose another"
        )
    if not 1 <= len(name) <= 80 or not set(name) <= allowed or not name[0].isalnum() or name.endswith("."):
        raise InvalidInputError(
            f"run name {name!r:.100} is not allowed; use 1 to 80 letters, digits, '.', '_' or '-', starting with a "
            "letter or digit and not ending with '.'"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the program keeps its things; read once from the environment (MHL_*)."""

    data_dir: Path  # MHL_DATA_DIR: cache of data sets
    results_dir: Path  # MHL_RESULTS_DIR: run folders
    studies_dir: Path  # MHL_STUDIES_DIR: folders of comparative studies
    database_url: str  # MHL_DATABASE_URL: SQLite by default, PostgreSQL for teams
    dataset_mirror: Path | None  # MHL_DATASET_MIRROR: folder with canonical files, tried before the network
    worker_memory_mb: int | None  # MHL_WORKER_MEMORY_MB: a worker that needs more fails its trial

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the MHL_* variables; relative paths count from the current folder."""
        env = os.environ if environ is None else environ
        results = Path(env.get("MHL_RESULTS_DIR") or "results").expanduser().resolve()
        studies = Path(env.get("MHL_STUDIES_DIR") or results.parent / "comparison_studies")
        mirror = env.get("MHL_DATASET_MIRROR")
        memory = env.get("MHL_WORKER_MEMORY_MB")
        if memory is not None and not (memory.isdigit() and int(memory) > 0):
            raise InvalidInputError(f"MHL_WORKER_MEMORY_MB must be a whole number of megabytes, got {memory!r}")
        return cls(
            data_dir=Path(env.get("MHL_DATA_DIR") or "data").expanduser().resolve(),
            results_dir=results,
            studies_dir=studies.expanduser().resolve(),
            database_url=env.get("MHL_DATABASE_URL") or f"sqlite:///{results / 'lab.sqlite3'}",
            dataset_mirror=Path(mirror).expanduser().resolve() if mirror else None,
            worker_memory_mb=int(memory) if memory else None,
        )

    def environment(self) -> dict[str, str]:
        """Return the variables from which another process of this program reads the same settings."""
        values = {
            "MHL_DATA_DIR": self.data_dir,
            "MHL_RESULTS_DIR": self.results_dir,
            "MHL_STUDIES_DIR": self.studies_dir,
            "MHL_DATABASE_URL": self.database_url,
            "MHL_DATASET_MIRROR": self.dataset_mirror,
            "MHL_WORKER_MEMORY_MB": self.worker_memory_mb,
        }
        return {name: str(value) for name, value in values.items() if value is not None}
