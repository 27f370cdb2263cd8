"""What a comparative study should do: the same search many times in two modes, everything else equal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from core.config import (
    RUNPOD_POLICIES,
    OptimizationConfig,
    RunPodPolicy,
    ScoringWeights,
    check_choice,
    check_run_name,
    check_whole,
)
from core.errors import InvalidInputError
from core.records import STRICT_KEYS, from_dict
from core.registry import unknown_name
from core.seeds import derive_seed

StudyMode = Literal["accuracy_only", "health_aware"]
STUDY_MODES: tuple[StudyMode, ...] = ("accuracy_only", "health_aware")
LONGEST_NAME = 60  # characters, so that the names of its runs fit


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyConfig:
    """Every default of a study stands here. `runs` are per mode, and paired by their number.

    `sesoi` is the smallest difference of interest, a share: accuracies closer than that are called equal.
    """

    dataset_name: str = "digits"
    runs: int = 10
    trials: int = 25  # per run
    epochs: int = 6  # per trial, at most
    concurrent_workers: int = field(default_factory=lambda: min(os.cpu_count() or 1, 32))
    weights: ScoringWeights = field(default_factory=ScoringWeights)  # of the health-aware mode
    random_seed: int = 42
    search_space: dict[str, Any] = field(default_factory=dict)
    study_name: str | None = None  # None: made from data set and time
    sesoi: float = 0.005
    use_runpod_service: bool = False
    when_runpod_fails: RunPodPolicy = "fall_back"
    gpu_price_per_hour: float | None = 0.69
    target_gpus_per_worker: int = 1

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        check_whole("runs", self.runs, 5, 20)
        check_whole("trials", self.trials, 5, 100)
        check_whole("epochs", self.epochs, 3, 15)
        check_whole("concurrent_workers", self.concurrent_workers, 1, 32)
        check_whole("random_seed", self.random_seed, 0, 2**31 - 1)
        check_choice("when_runpod_fails", self.when_runpod_fails, RUNPOD_POLICIES)
        if not 0 < self.sesoi <= 0.1:
            raise InvalidInputError(f"sesoi must be above 0 and at most 0.1 (10 points), got {self.sesoi:g}")
        if self.weights.accuracy == 1:
            raise InvalidInputError(
                "weights give accuracy 100 %, so both modes would be the same; give health some weight"
            )
        if self.study_name is not None:
            check_run_name(self.study_name)
            if len(self.study_name) > LONGEST_NAME:
                length = len(self.study_name)
                raise InvalidInputError(f"study name has {length} characters; use {LONGEST_NAME} at most")
        self.run_config("accuracy_only", 0)  # what it does not check itself

    @property
    def simultaneous_runs(self) -> int:
        """How many runs are worked on at a time: a worker each, so that every run is what its seed says."""
        return min(self.concurrent_workers, self.runs)

    @property
    def workers_per_run(self) -> int:
        """Trials of one run that train at the same time: more than one only when there are more workers than runs."""
        return self.concurrent_workers // self.simultaneous_runs

    def pair_seed(self, pair: int) -> int:
        """Return the seed that both runs of a pair share: of split, sampler and weights."""
        return derive_seed(self.random_seed, pair, "study")

    def run_name(self, mode: StudyMode, pair: int) -> str:
        """Return the name of a run, which is an ordinary run of the store."""
        return f"{self.study_name or 'study'}.{mode}.{pair}"

    def run_config(self, mode: StudyMode, pair: int) -> OptimizationConfig:
        """Return what a run of the study does. The holdout is one for all of them."""
        return OptimizationConfig(
            dataset_name=self.dataset_name,
            optimization_mode="simple" if mode == "accuracy_only" else "health_aware",
            trials=self.trials,
            max_epochs_per_trial=self.epochs,
            concurrent_workers=self.workers_per_run,
            random_seed=self.pair_seed(pair),
            holdout_seed=self.random_seed,
            run_name=self.run_name(mode, pair),
            study=self.study_name,
            weights=self.weights,
            search_space=self.search_space,
            pruning=False,
            plot_generation="best",
            use_runpod_service=self.use_runpod_service,
            when_runpod_fails=self.when_runpod_fails,
            gpu_price_per_hour=self.gpu_price_per_hour,
            target_gpus_per_worker=self.target_gpus_per_worker,
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StudyConfig:
        """Build from plain data; an unknown key is answered with the nearest known one."""
        known = [one.name for one in fields(cls)]
        for key in data:
            if key not in known:
                raise InvalidInputError(unknown_name("setting", key, known))
        return from_dict(cls, dict(data))
