"""The process that runs analysis modules: a request as JSON on stdin, progress and results as JSON lines on stdout."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.analyses import MODULES
from core.analyses.context import AnalysisContext
from core.analyses.evaluation import load
from core.config import Settings
from core.datasets import DATASETS
from core.errors import LabError
from core.store import Store
from core.study_folder import StudyFolder
from core.study_networks import collect, pool_trials
from core.study_store import StudyStore


def main() -> None:
    """Keep stdout for the protocol: what libraries print goes to stderr."""
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.load(sys.stdin)

    def say(**message: Any) -> None:
        print(json.dumps(message, allow_nan=False), file=protocol, flush=True)

    context = open_context(request["study"], Path(request["predictions"]))
    for name in request["modules"]:
        say(module=name, progress=0.0)
        context.on_progress = _progress(say, name)
        before = context.clock.predicting
        result = run_module(name, context)
        say(module=name, result=result | {"predicting_seconds": round(context.clock.predicting - before, 3)})


def open_context(study: str, predictions: Path) -> AnalysisContext:
    """Read what is stored of a study and its networks' predictions. Raises LabError when some are missing."""
    settings = Settings.from_environment()
    DATASETS.follow(settings.data_dir)
    store = Store(settings)
    config = StudyStore(store.engine).study(study).config
    networks = collect(settings, store, study, config)
    found = {one.name: load(predictions, one.name) for ones in networks.values() for one in ones}
    missing = [name for name, known in found.items() if known is None]
    if missing:
        raise LabError(
            f"the predictions of {', '.join(missing)} are missing from {predictions}; compare the study anew"
        )
    known = {name: one for name, one in found.items() if one is not None}
    return AnalysisContext(
        config=config,
        settings=settings,
        networks=networks,
        predictions=known,
        trials=pool_trials(settings, store, config),
        answers_dir=StudyFolder.of(settings, study).results / "answers",
    )


def run_module(name: str, context: AnalysisContext) -> dict[str, Any]:
    """Run one module; whatever goes wrong in there is its result, and the others go on."""
    try:
        return MODULES[name].run(context)
    except LabError as error:
        return {"status": "failed", "reason": str(error)}
    except Exception as error:  # the boundary of the worker: it becomes data
        text = traceback.format_exc()
        print(text, file=sys.stderr)
        return {"status": "failed", "reason": f"unexpected {type(error).__name__}: {error}", "traceback": text}


def _progress(say: Callable[..., None], name: str) -> Callable[[float], None]:
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        if int(100 * share) != told:  # once per percent
            told = int(100 * share)
            say(module=name, progress=share)

    return tell


if __name__ == "__main__":
    main()
