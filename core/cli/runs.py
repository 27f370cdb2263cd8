"""`runs`, `show` and `stop`: look at stored runs and stop one wherever it is worked on."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from core.artifacts import record_dict
from core.config import Settings
from core.records import to_dict
from core.store import RunRecord, Store, TrialRecord


def add_commands(commands: Any) -> None:
    """Add the three commands."""
    parser = commands.add_parser("runs", help="list all runs, the newest first")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=list_runs)
    parser = commands.add_parser("show", help="show a run and its trials")
    parser.add_argument("name", metavar="RUN")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=show)
    parser = commands.add_parser("stop", help="stop a run that another process works on")
    parser.add_argument("name", metavar="RUN")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=stop)


def _store() -> Store:
    return Store(Settings.from_environment())


def list_runs(arguments: argparse.Namespace) -> int:
    """Print one line per run."""
    runs = _store().runs()
    if arguments.json:
        print(json.dumps({"runs": [_run_dict(run) for run in runs]}))
    elif not runs:
        print("no runs yet; start one with: python -m core optimize --dataset digits")
    else:
        width = max(len(run.name) for run in runs)
        for run in runs:
            print(f"{run.name:<{width}}  {run.status:<11}  {_when(run.created)}  {_best(run)}")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print a run and its trials."""
    store = _store()
    run, trials = store.run(arguments.name), store.trials(arguments.name)
    if arguments.json:
        print(json.dumps(_run_dict(run) | {"trials": [record_dict(trial) for trial in trials]}))
        return 0
    print(f"{run.name}: {run.status} ({run.phase}), created {_when(run.created)}")
    config = run.config
    budget = f"{config.trials} trials of {config.max_epochs_per_trial} epochs"
    print(f"{config.dataset_name}, {config.optimization_mode}, {budget}")
    print(_best(run))
    print("trial  state      total   accuracy  test    health  parameters  seconds  note")
    for trial in trials:
        print(_line(trial))
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """Ask the process that works on the run to stop."""
    run = _store().request_stop(arguments.name)
    message = f"asked run {run.name} to stop; `resume {run.name}` continues it"
    print(json.dumps({"run_name": run.name, "stop_requested": True}) if arguments.json else message)
    return 0


def _run_dict(run: RunRecord) -> dict[str, Any]:
    return {
        "run_name": run.name,
        "status": run.status,
        "phase": run.phase,
        "created": datetime.fromtimestamp(run.created, UTC).isoformat(timespec="seconds"),
        "seconds": run.seconds,
        "config": to_dict(run.config),
        "summary": run.summary,
    }


def _best(run: RunRecord) -> str:
    best = (run.summary or {}).get("best")
    if not best:
        return "no best model yet"
    return f"best trial {best['trial']}: total {best['total_score']:.4f}, accuracy {best['accuracy']:.4f}"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _line(trial: TrialRecord) -> str:
    scores = [trial.total_score, trial.accuracy, trial.test_accuracy, trial.health]
    total, accuracy, test, health = (f"{value:.4f}" if value is not None else "-" for value in scores)
    size = f"{trial.parameters:,}" if trial.parameters is not None else "-"
    seconds = f"{trial.seconds:.1f}" if trial.seconds is not None else "-"
    note = " ".join((trial.note or "").split())[:120]
    return (
        f"{trial.number:>5}  {trial.state:<9}  {total:>6}  {accuracy:>8}  {test:>6}  {health:>6}  {size:>10}  "
        f"{seconds:>7}  {note}"
    ).rstrip()
