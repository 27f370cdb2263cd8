"""Running analysis modules on a study: in a process of their own, each result stored as soon as it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.analyses import MODULES
from core.analyses.evaluation import evaluate
from core.analyses.process import ask
from core.artifacts import write_json
from core.code_version import code_version
from core.config import Settings
from core.errors import InvalidInputError, LabError
from core.store import Store
from core.study_folder import StudyFolder
from core.study_networks import collect, fingerprint
from core.study_store import StudyStore

FIRST = "generalization"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteProgress:
    """How far the modules are: the one that runs, its share from 0 to 1, those that are done, of how many."""

    module: str
    share: float
    done: int
    total: int


def module_names(words: Sequence[str]) -> list[str]:
    """Return the modules that were asked for, in their order; "all" is every one. Raises InvalidInputError."""
    MODULES.discover()
    everyone = sorted(MODULES, key=lambda name: MODULES[name].order)
    if list(words) == ["all"]:
        return everyone
    for word in words:
        MODULES[word]  # an unknown one is answered with the nearest
    if not words:
        raise InvalidInputError(f"no module was named; choose from {', '.join(everyone)} or all")
    return [name for name in everyone if name in words]


def run_suite(
    settings: Settings,
    store: Store,
    studies: StudyStore,
    name: str,
    modules: Sequence[str],
    on_progress: Callable[[SuiteProgress], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, dict[str, Any]]:
    """Run `modules` on a study that was compared, and return their results; a module's earlier result is replaced.

    Raises LabError when the study was not compared yet, its networks have changed since, or the process dies.
    """
    study = studies.study(name)
    if FIRST not in study.results:
        raise LabError(f"study {name!r} was not compared yet; let it run to its end first")
    folder = StudyFolder.of(settings, name)
    everyone = [one for ones in collect(settings, store, name, study.config).values() for one in ones]
    mark = fingerprint(everyone)
    if study.results[FIRST]["opening"]["networks"] != mark:
        raise LabError(f"the networks of study {name!r} have changed since it was compared; resume it to compare anew")
    predictions = folder.results / "holdout" / mark[:12]
    evaluate({one.name: one.folder for one in everyone}, study.config.dataset_name, predictions, settings)
    request = {"study": name, "modules": list(modules), "predictions": str(predictions)}
    results: dict[str, dict[str, Any]] = {}
    began = time.perf_counter()
    for message in ask("core.analyses.worker", request, folder.results / "worker.log", settings, stopping):
        module = message["module"]
        if "result" in message:
            seconds = time.perf_counter() - began
            began = time.perf_counter()
            stamp = {"seconds": round(seconds, 3), "code": code_version(), "fingerprint": mark, "at": studies.now()}
            results[module] = message["result"] | stamp
            studies.set_result(name, module, results[module])
            write_json(folder.results / f"{module}.json", results[module])
        share = float(message.get("progress", 1.0))
        on_progress(SuiteProgress(module=module, share=share, done=len(results), total=len(modules)))
    return results
