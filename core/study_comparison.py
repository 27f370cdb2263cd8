"""From a study whose runs have ended to its verdict: opening the holdout, on the record, and module 1."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from core.analyses import generalization
from core.analyses.evaluation import evaluate
from core.artifacts import write_json
from core.code_version import code_version
from core.config import Settings
from core.errors import LabError
from core.executors.sharing import SHARED
from core.store import Store
from core.study_config import STUDY_MODES
from core.study_folder import StudyFolder
from core.study_networks import collect, count_trainings, fingerprint, pool, pool_trials
from core.study_store import StudyRecord, StudyStore

MODULE = "generalization"


def compare(
    settings: Settings,
    store: Store,
    studies: StudyStore,
    study: StudyRecord,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Open the holdout, try every run's best network on it, and store what comes out. Raises LabError."""
    config, folder = study.config, StudyFolder.of(settings, study.name)
    networks = collect(settings, store, study.name, config)
    everyone = [one for mode in STUDY_MODES for one in networks[mode]]
    if len(everyone) < 2 * config.runs:
        raise LabError(f"{len(everyone)} of {2 * config.runs} runs have a network; resume the study until all have one")
    mark = fingerprint(everyone)
    opening = {"at": studies.now(), "code": code_version(), "networks": mark}
    earlier = [known for known in study.openings if known["networks"] != mark]
    if not any(known["networks"] == mark for known in study.openings):
        studies.note_opening(study.name, opening)
    predictions = evaluate(
        {one.name: one.folder for one in everyone},
        config.dataset_name,
        folder.results / "holdout" / mark[:12],
        settings,
        on_done=lambda done: studies.update(study.name, phase=f"holdout: {done} of {len(everyone)} networks tried"),
        stopping=stopping,
    )
    result = generalization.analyse(
        networks,
        predictions,
        pool(pool_trials(settings, store, config)),
        sesoi=config.sesoi,
        seed=config.random_seed,
    )
    trials = [store.trials(config.run_name(mode, pair)) for mode in STUDY_MODES for pair in range(config.runs)]
    trained, shared = count_trainings(trials, SHARED)
    result |= {
        "trainings": {"trained": trained, "taken_over": shared},
        "opening": opening,
        "reused_holdout": _warning(earlier),
    }
    studies.set_result(study.name, MODULE, result)
    write_json(folder.results / f"{MODULE}.json", result)


def _warning(earlier: list[dict[str, Any]]) -> str | None:
    """Say that the holdout is no longer what it was: it was opened for networks that have changed since."""
    if not earlier:
        return None
    when = datetime.fromtimestamp(earlier[0]["at"], UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"The holdout was first opened on {when}, and training was changed afterwards. Whoever has seen the first "
        "result may have chosen by it, so this one is exploratory: it can suggest, but no longer show anything."
    )
