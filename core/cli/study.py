"""`study`, `resume-study`, `studies`, `show-study` and `stop-study`: compare the two modes by experiment."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from core.cli.interruption import progress_line, signals_stop
from core.cli.optimize import duration, override
from core.config import RUNPOD_POLICIES, ScoringWeights, Settings, check_choice
from core.errors import InvalidInputError
from core.executors.crew import check_access
from core.executors.runpod_check import setup_problems
from core.records import to_dict
from core.store import Store
from core.study import StudyRunner, create_study
from core.study_comparison import MODULE, compare
from core.study_config import StudyConfig
from core.study_store import StudyRecord, StudyStore
from core.study_words import alone


def add_commands(commands: Any) -> None:
    """Add the commands. Defaults stay with StudyConfig: an option left out is not passed on."""
    parser = commands.add_parser("study", help="compare accuracy-only and health-aware optimisation by experiment")
    parser.add_argument("--dataset", help="data set name; `datasets` lists them")
    parser.add_argument("--runs", type=int, help="independent runs per mode, 5 to 20")
    parser.add_argument("--trials", type=int, help="trials per run, 5 to 100")
    parser.add_argument("--epochs", type=int, help="epochs per trial at most, 3 to 15")
    parser.add_argument("--workers", type=int, help="trials that train at the same time")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--name", help="name of the study and of its folder")
    parser.add_argument("--accuracy-weight", type=float, help="of the health-aware mode, 0 to below 1")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="as for `optimize`")
    parser.add_argument("--runpod", action="store_true", help="train on RunPod's workers")
    parser.add_argument("--when-runpod-fails", help=" | ".join(RUNPOD_POLICIES))
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=study)
    for name, function, text in (
        ("resume-study", resume, "continue a stopped, failed or interrupted study"),
        ("show-study", show, "show a study and what it found"),
        ("stop-study", stop, "stop a study that another process works on"),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument("name", metavar="STUDY")
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=function)
    parser = commands.add_parser("studies", help="list all studies, the newest first")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=list_studies)


def study(arguments: argparse.Namespace) -> int:
    """Run a new study to its verdict."""
    config = build_config(arguments)
    check_access(config.run_config("accuracy_only", 0))
    problems = setup_problems() if config.use_runpod_service else ()
    if problems:
        print(f"RunPod cannot be used ({'; '.join(problems)}), so trials train on this machine", file=sys.stderr)
    settings, store, studies = _stores()
    return _work(create_study(config, studies).name, settings, store, studies, as_json=arguments.json)


def resume(arguments: argparse.Namespace) -> int:
    """Continue a study."""
    settings, store, studies = _stores()
    return _work(arguments.name, settings, store, studies, as_json=arguments.json)


def list_studies(arguments: argparse.Namespace) -> int:
    """Print one line per study."""
    studies = _stores()[2].studies()
    if arguments.json:
        print(json.dumps({"studies": [_study_dict(study) for study in studies]}))
    elif not studies:
        print("no studies yet; start one with: python -m core study --dataset digits")
    width = max((len(study.name) for study in studies), default=0)
    for found in studies if not arguments.json else ():
        when = datetime.fromtimestamp(found.created).astimezone().strftime("%Y-%m-%d %H:%M")
        print(f"{found.name:<{width}}  {found.status:<11}  {when}  {_sentence(found)}")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print a study and its comparison."""
    found = _stores()[2].study(arguments.name)
    print(json.dumps(_study_dict(found) | {"results": found.results}) if arguments.json else describe(found))
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """Ask the process that works on the study to stop."""
    _stores()[2].request_stop(arguments.name)
    message = f"asked study {arguments.name} to stop; `resume-study {arguments.name}` continues it"
    print(json.dumps({"study": arguments.name, "stop_requested": True}) if arguments.json else message)
    return 0


def build_config(arguments: argparse.Namespace) -> StudyConfig:
    """Turn the options into a configuration; the first wrong value raises InvalidInputError."""
    wanted = {
        "dataset_name": arguments.dataset,
        "runs": arguments.runs,
        "trials": arguments.trials,
        "epochs": arguments.epochs,
        "concurrent_workers": arguments.workers,
        "random_seed": arguments.seed,
        "study_name": arguments.name,
        "when_runpod_fails": arguments.when_runpod_fails,
    }
    if arguments.when_runpod_fails is not None and not arguments.runpod:
        raise InvalidInputError("--when-runpod-fails does nothing without --runpod; add that, or leave it out")
    if arguments.when_runpod_fails is not None:
        check_choice("when_runpod_fails", arguments.when_runpod_fails, RUNPOD_POLICIES)
    values: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if arguments.accuracy_weight is not None:
        values["weights"] = replace(ScoringWeights(), accuracy=arguments.accuracy_weight)
    return StudyConfig(**values, use_runpod_service=arguments.runpod, search_space=dict(map(override, arguments.set)))


def describe(found: StudyRecord) -> str:
    """Write a study for people."""
    config = found.config
    lines = [
        f"{found.name}: {found.status}{'' if found.resumable else f' ({found.phase})'} after {duration(found.seconds)}",
        f"{config.dataset_name}: {config.runs} pairs of runs, {config.trials} trials of up to {config.epochs} epochs",
    ]
    result = found.results.get(MODULE)
    if result is None:
        way_on = f"; python -m core resume-study {found.name} goes on" if found.resumable else ""
        return "\n".join([*lines, f"not compared yet{way_on}"])
    lines += [_table_line(row) for row in result["table"]]
    trainings, procedure = result["trainings"], result["procedure"]
    lines += [
        f"holdout: {result['holdout_rows']} rows; trained {trainings['trained']}, taken over {trainings['taken_over']}",
        f"paired permutation test p = {_number(procedure['permutation'])}",
        *([result["reused_holdout"]] if result["reused_holdout"] else []),
        procedure["verdict"]["sentence"],
        *filter(None, [alone(found.results, config.sesoi)]),
    ]
    return "\n".join(lines)


def _work(name: str, settings: Settings, store: Store, studies: StudyStore, *, as_json: bool) -> int:
    """Work on a study in this process, with a line of progress on stderr; Ctrl-C stops it cleanly."""
    with progress_line() as show:
        runner = StudyRunner(
            name,
            settings,
            store,
            studies,
            compare=partial(compare, settings, store, studies),
            on_phase=lambda phase: show(f"{name}: {phase}"),
        )
        with signals_stop(runner.stop):
            found = runner.work()
    print(json.dumps(_study_dict(found) | {"results": found.results}) if as_json else describe(found))
    return 0 if found.status == "completed" else 1


def _stores() -> tuple[Settings, Store, StudyStore]:
    settings = Settings.from_environment()
    store = Store(settings)
    return settings, store, StudyStore(store.engine)


def _study_dict(found: StudyRecord) -> dict[str, Any]:
    result = found.results.get(MODULE)
    return {
        "study": found.name,
        "status": found.status,
        "phase": found.phase,
        "created": datetime.fromtimestamp(found.created, UTC).isoformat(timespec="seconds"),
        "seconds": round(found.seconds, 3),
        "config": to_dict(found.config),
        "verdict": result["procedure"]["verdict"] if result else None,
    }


def _sentence(found: StudyRecord) -> str:
    result = found.results.get(MODULE)
    return str(result["procedure"]["verdict"]["sentence"]) if result else found.phase


def _table_line(row: dict[str, Any]) -> str:
    a, b, difference = row["accuracy_only"], row["health_aware"], row["difference"]
    interval = f"95 %: {_points(difference['low'])} to {_points(difference['high'])}"
    if difference["low"] is None:
        interval = f"no interval: {difference['note']}"
    return (
        f"{row['label']:<42} accuracy-only {_points(a['mean'])}  health-aware {_points(b['mean'])}  "
        f"difference {_points(difference['mean'])} ({interval}, {difference['n']} pairs)"
    )


def _points(share: float | None) -> str:
    return "not known" if share is None else f"{100 * share:.2f}"


def _number(test: dict[str, Any]) -> str:
    return f"not computed: {test['note']}" if test["p"] is None else f"{test['p']:.4f}"
