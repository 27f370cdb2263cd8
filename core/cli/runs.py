"""`runs`, `show` and `stop`: look at stored runs and stop one wherever it is worked on."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from core.artifacts import RunFolder, record_dict
from core.cli.optimize import check_alone
from core.cli.remote import describe_use, money
from core.config import Settings
from core.devices import read_device
from core.records import to_dict
from core.remote_use import RemoteUse, read_books
from core.store import RunRecord, Store, TrialRecord


def add_commands(commands: Any) -> None:
    """Add the three commands."""
    parser = commands.add_parser("runs", help="list runs, the newest first")
    parser.add_argument("--of-studies", action="store_true", help="the runs of studies too")
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
    runs = [run for run in _store().runs() if arguments.of_studies or run.config.study is None]
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
    settings = Settings.from_environment()
    store = Store(settings)
    run, trials = store.run(arguments.name), store.trials(arguments.name)
    use = read_books(RunFolder(settings, run.name).remote_jobs)
    if arguments.json:
        books = {"remote": to_dict(use)} if use else {}
        print(json.dumps(_run_dict(run) | books | {"trials": [record_dict(trial) for trial in trials]}))
        return 0
    print(f"{run.name}: {run.status} ({run.phase}), created {_when(run.created)}")
    config = run.config
    budget = f"{config.trials} trials of {config.max_epochs_per_trial} epochs"
    print(f"{config.dataset_name}, {config.optimization_mode}, {budget}")
    print(_best(run))
    remote = use is not None or config.use_runpod_service
    if remote:
        print("RunPod: no job so far" if use is None else describe_use(use))
    print("trial  state      total   accuracy  test    health  parameters  seconds  note")
    for trial in trials:
        print(_line(trial))
        if remote and (place := _place(trial, use)):
            print(f"       {place}")
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """Ask the process that works on the run to stop."""
    check_alone(arguments.name)
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


def _place(trial: TrialRecord, use: RemoteUse | None) -> str:
    """Say where a trial of a run at RunPod trained, and what RunPod's part took."""
    found = use.trials.get(trial.number) if use else None
    device = read_device(trial.device) if trial.device else None
    worker = (device.worker if device else None) or (found.worker if found else None)
    parts = [f"on {device.place}"] if device else []
    parts += [f"worker {worker}"] if worker else []
    parts += (
        [f"{found.seconds:.0f} s of execution in {found.jobs} job{'' if found.jobs == 1 else 's'}"] if found else []
    )
    parts += [f"at least {money(found.cost)}"] if found and found.cost is not None else []
    return ", ".join(parts)


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
