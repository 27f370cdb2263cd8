"""Finished runs of single arms: what they chose, and what accuracy only had chosen from as many trials."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from core.analyses.answering import Subject
from core.analyses.arms import ALL, METRIC_NAMES, REFERENCE, arm_run_name
from core.artifacts import RunFolder
from core.config import Settings
from core.errors import RunStateError
from core.executors.sharing import SHARED
from core.progress import best_trial
from core.store import Store, TrialRecord
from core.study_config import StudyConfig, StudyMode
from core.study_networks import count_trainings
from core.trial import MODEL_FILE, SPEC_FILE

MODE_OF: Mapping[str, StudyMode] = {REFERENCE: "accuracy_only", ALL: "health_aware"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmChoice:
    """What one arm chose in one pair by a search of its own."""

    arm: str
    pair: int
    trials: int  # that it chose from
    subject: Subject  # named by run and trial


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRuns:
    """The choices of finished runs: of arms, and of accuracy only and of all six among as many trials, by pair."""

    choices: tuple[ArmChoice, ...]
    reference: Mapping[tuple[int, int], ArmChoice]  # by pair and number of trials
    all_six: Mapping[tuple[int, int], ArmChoice]
    unfinished: tuple[str, ...]
    trained: int
    taken_over: int


def arm_runs(settings: Settings, store: Store, config: StudyConfig) -> ArmRuns:
    """Read the runs of single arms that are stored for a study.

    A run of fewer trials than the study's is held to the first as many of the pair's other runs, which one worker
    would have chosen from had it stopped there.
    """
    choices, unfinished, trials = [], [], []
    for arm in METRIC_NAMES:
        for pair in range(config.runs):
            name = arm_run_name(config, arm, pair)
            with suppress(RunStateError):  # there is no such run
                run = store.run(name)
                if run.status != "completed":
                    unfinished.append(name)
                    continue
                trials.append(store.trials(name))
                chosen = _choice(settings, name, arm, pair, trials[-1], run.config.trials)
                if chosen is not None:
                    choices.append(chosen)
    trained, taken_over = count_trainings(trials, SHARED)
    others: dict[str, dict[tuple[int, int], ArmChoice]] = {REFERENCE: {}, ALL: {}}
    for pair, count in sorted({(one.pair, one.trials) for one in choices}):
        for arm, mode in MODE_OF.items():
            name = config.run_name(mode, pair)
            found = _choice(settings, name, arm, pair, store.trials(name), count)
            if found is not None:
                others[arm][pair, count] = found
    return ArmRuns(
        choices=tuple(choices),
        reference=others[REFERENCE],
        all_six=others[ALL],
        unfinished=tuple(unfinished),
        trained=trained,
        taken_over=taken_over,
    )


def _choice(
    settings: Settings, run: str, arm: str, pair: int, trials: list[TrialRecord], count: int
) -> ArmChoice | None:
    best = best_trial(trial for trial in trials if trial.number < count)
    if best is None:
        return None
    folder = RunFolder(settings, run)
    trained = folder.trial(best.number)
    if not (trained / MODEL_FILE).is_file():
        return None
    subject = Subject(
        name=f"{run}/{best.number}",
        model=trained / MODEL_FILE,
        spec=trained / SPEC_FILE,
        split=folder.path / "split.npz",
    )
    return ArmChoice(arm=arm, pair=pair, trials=count, subject=subject)
