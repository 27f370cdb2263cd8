"""The networks that a study has arrived at: the best of every run, and the two that stand for their modes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.artifacts import RunFolder, sha256
from core.config import Settings
from core.progress import best_trial
from core.stats import RunTrials
from core.store import Store, TrialRecord
from core.study_config import STUDY_MODES, StudyConfig, StudyMode
from core.study_folder import StudyFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyNetwork:
    """The best trial of a run. Accuracies are shares."""

    mode: StudyMode
    pair: int
    run: str
    trial: int
    validation: float
    test: float
    train: float | None
    total: float
    health: float | None
    parameters: int | None
    params: dict[str, Any]
    folder: Path  # with model.keras, spec.json and split.npz

    @property
    def name(self) -> str:
        """Name of the network within its study."""
        return f"{self.mode}_{self.pair}"

    @property
    def split(self) -> Path:
        """The rows that it was trained on, and those that it never saw."""
        return self.folder / "split.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTrial:
    """One completed trial of a study, best or not. A network that both runs of a pair share is there once."""

    mode: StudyMode  # of the run that trained it
    pair: int
    trial: int
    validation: float
    test: float
    total: float | None
    health: float | None
    components: dict[str, float | None]
    parameters: int | None
    params: dict[str, Any]
    folder: Path  # with model.keras, spec.json and result.json
    split: Path

    @property
    def name(self) -> str:
        """Name of the trial within its study."""
        return f"{self.mode}_{self.pair}_{self.trial}"


Networks = dict[StudyMode, list[StudyNetwork]]


def collect(settings: Settings, store: Store, name: str, config: StudyConfig) -> Networks:
    """Return the networks of a study by mode, in the order of their pairs; runs that have none yet are left out."""
    folder = StudyFolder.of(settings, name)
    found: Networks = {mode: [] for mode in STUDY_MODES}
    for mode in STUDY_MODES:
        for pair in range(config.runs):
            run = config.run_name(mode, pair)
            best = best_trial(store.trials(run))
            kept = folder.run(mode, pair)
            if best is None or best.accuracy is None or best.test_accuracy is None or not kept.is_dir():
                continue
            result = RunFolder(settings, run).load_result(best.number)
            found[mode].append(
                StudyNetwork(
                    mode=mode,
                    pair=pair,
                    run=run,
                    trial=best.number,
                    validation=best.accuracy,
                    test=best.test_accuracy,
                    train=result.metrics.train_accuracy if result and result.metrics else None,
                    total=best.total_score or 0.0,
                    health=best.health,
                    parameters=best.parameters,
                    params=best.params,
                    folder=kept,
                )
            )
    return found


def selected(networks: Networks) -> tuple[StudyNetwork, StudyNetwork]:
    """Return model A, the accuracy-only network of the highest validation accuracy, and model B, the health-aware one
    of the highest total score; of equals the first."""
    return (
        max(networks["accuracy_only"], key=lambda one: (one.validation, -one.pair)),
        max(networks["health_aware"], key=lambda one: (one.total, -one.pair)),
    )


def fingerprint(networks: Iterable[StudyNetwork]) -> str:
    """Return a hash that changes when any network does."""
    lines = [f"{one.name} {one.run} {one.trial} {sha256(one.folder / 'model.keras')}" for one in networks]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def pool_trials(settings: Settings, store: Store, config: StudyConfig) -> list[PoolTrial]:
    """Return all distinct completed trials of a study, pair by pair."""
    found = []
    for pair in range(config.runs):
        for mode, trial, folder in _distinct(settings, store, config, pair):
            found.append(
                PoolTrial(
                    mode=mode,
                    pair=pair,
                    trial=trial.number,
                    validation=trial.accuracy or 0.0,
                    test=trial.test_accuracy or 0.0,
                    total=trial.total_score,
                    health=trial.health,
                    components=trial.components,
                    parameters=trial.parameters,
                    params=trial.params,
                    folder=folder.trial(trial.number),
                    split=folder.path / "split.npz",
                )
            )
    return found


def _distinct(
    settings: Settings, store: Store, config: StudyConfig, pair: int
) -> list[tuple[StudyMode, TrialRecord, RunFolder]]:
    distinct: dict[tuple[Any, ...], tuple[StudyMode, TrialRecord, RunFolder]] = {}
    for mode in STUDY_MODES:
        run = config.run_name(mode, pair)
        for trial in store.trials(run):
            if trial.state == "completed" and trial.accuracy is not None and trial.test_accuracy is not None:
                key = (trial.number, tuple(sorted(map(str, trial.params.items()))))
                distinct.setdefault(key, (mode, trial, RunFolder(settings, run)))
    return list(distinct.values())


def pool(trials: Iterable[PoolTrial]) -> list[RunTrials]:
    """Group trials by pair, for selecting anew by other weights."""
    pairs: dict[int, list[PoolTrial]] = {}
    for trial in trials:
        pairs.setdefault(trial.pair, []).append(trial)
    return [
        RunTrials(
            accuracy=[trial.validation for trial in ones],
            health=[trial.health for trial in ones],
            outcome=[trial.test for trial in ones],
        )
        for ones in pairs.values()
    ]


def count_trainings(trials: Sequence[Sequence[Any]], mark: str) -> tuple[int, int]:
    """Return how many trials were trained, and how many were taken over instead, from the trials of all runs."""
    ended = [trial for run in trials for trial in run if trial.state in ("completed", "pruned", "failed")]
    shared = sum(bool(trial.device and mark in trial.device) for trial in ended)
    return len(ended) - shared, shared
