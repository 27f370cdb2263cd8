"""`analyse`: run analysis modules on a study that was compared."""

from __future__ import annotations

import argparse
import json
import threading
from typing import Any

from core.analyses import MODULES
from core.analyses.suite import SuiteProgress, module_names, run_suite
from core.cli.interruption import progress_line, signals_stop
from core.cli.optimize import duration
from core.config import Settings
from core.store import Store
from core.study_store import StudyStore


def add_commands(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("analyse", help="look closer at the networks of a finished study")
    parser.add_argument("name", metavar="STUDY")
    parser.add_argument("--modules", default="all", metavar="NAME,...", help="all, which is usual, or some by name")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=analyse)


def analyse(arguments: argparse.Namespace) -> int:
    """Run the modules; each result is stored as soon as it is there. Ctrl-C stops after what is done."""
    modules = module_names([word.strip() for word in arguments.modules.split(",") if word.strip()])
    settings = Settings.from_environment()
    store = Store(settings)
    studies = StudyStore(store.engine)
    studies.study(arguments.name)  # an unknown one is answered before anything is shown
    stopping = threading.Event()
    with progress_line() as show, signals_stop(stopping.set):
        results = run_suite(
            settings,
            store,
            studies,
            arguments.name,
            modules,
            on_progress=lambda progress: show(_line(progress)),
            stopping=stopping.is_set,
        )
    if arguments.json:
        print(json.dumps({"study": arguments.name, "results": results}))
    else:
        print("\n\n".join(describe(name, result) for name, result in results.items()))
    return 1 if any(result["status"] == "failed" for result in results.values()) else 0


def describe(name: str, result: dict[str, Any]) -> str:
    """Write what a module found for people."""
    head = f"{MODULES[name].label} ({name}): {result['status']} after {duration(result['seconds'])}"
    if result["status"] != "ok":
        return f"{head}\n  {result['reason']}"
    return "\n".join([head, *(f"  {line}" for line in result.get("reading", ()))])


def _line(progress: SuiteProgress) -> str:
    return f"{progress.module}: {progress.share:.0%}; {progress.done} of {progress.total} modules done"
