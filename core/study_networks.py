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


def pool(store: Store, config: StudyConfig) -> list[RunTrials]:
    """Return all trials of each pair, those that both runs share once, for selecting anew by other weights."""
    pools = []
    for pair in range(config.runs):
        distinct: dict[tuple[Any, ...], TrialRecord] = {}
        for mode in STUDY_MODES:
            for trial in store.trials(config.run_name(mode, pair)):
                if trial.state == "completed" and trial.accuracy is not None and trial.test_accuracy is not None:
                    distinct.setdefault((trial.number, tuple(sorted(map(str, trial.params.items())))), trial)
        trials = list(distinct.values())
        if trials:
            pools.append(
                RunTrials(
                    accuracy=[trial.accuracy or 0.0 for trial in trials],
                    health=[trial.health for trial in trials],
                    outcome=[trial.test_accuracy or 0.0 for trial in trials],
                )
            )
    return pools


def count_trainings(trials: Sequence[Sequence[Any]], mark: str) -> tuple[int, int]:
    """Return how many trials were trained, and how many were taken over instead, from the trials of all runs."""
    ended = [trial for run in trials for trial in run if trial.state in ("completed", "pruned", "failed")]
    shared = sum(bool(trial.device and mark in trial.device) for trial in ended)
    return len(ended) - shared, shared
