"""`ablate`: search by single health metrics beside a finished study, for the ablation to compare."""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.ablation_runs import AblationProgress, AblationRunner, ArmRun, plan
from core.analyses.arms import METRIC_NAMES
from core.cli.interruption import progress_line, signals_stop
from core.config import Settings
from core.progress import best_trial
from core.store import Store
from core.study_store import StudyStore


def add_commands(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("ablate", help="search by single health metrics beside a finished study")
    parser.add_argument("name", metavar="STUDY")
    parser.add_argument("--arms", default="all", metavar="METRIC,...", help="all, which is usual, or some by name")
    parser.add_argument("--pairs", type=int, help="how many of the study's pairs, the first ones; all, if left out")
    parser.add_argument("--trials", type=int, help="trials per run; as many as the study's, if left out")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=ablate)


def ablate(arguments: argparse.Namespace) -> int:
    """Do the runs; what is done already stays, and what Ctrl-C stops is continued by the same command."""
    settings = Settings.from_environment()
    store = Store(settings)
    study = StudyStore(store.engine).study(arguments.name)
    words = [word.strip() for word in arguments.arms.split(",") if word.strip()]
    runs = plan(study.config, METRIC_NAMES if words == ["all"] else words, arguments.pairs, arguments.trials)
    with progress_line() as show:
        runner = AblationRunner(study, runs, settings, store, lambda now: show(_line(study.name, now)))
        with signals_stop(runner.stop):
            end = runner.work()
    done = end.runs == end.all_runs
    rows = [_row(store, runner, one) for one in runs]
    if arguments.json:
        found = {"study": study.name, "status": "completed" if done else "stopped", "runs": rows}
        print(json.dumps(found | {"trained": end.trained, "taken_over": end.taken_over}))
    else:
        print("\n".join([*map(_describe, rows), _line(study.name, end), _way_on(study.name, done)]))
    return 0 if done else 1


def _row(store: Store, runner: AblationRunner, one: ArmRun) -> dict[str, Any]:
    name = runner.name(one)
    trials = store.trials(name)
    best = best_trial(trials)
    return {
        "run": name,
        "arm": one.arm,
        "pair": one.pair,
        "trials": sum(trial.finished is not None for trial in trials),
        "planned": one.trials,
        "best_trial": best.number if best else None,
        "best_accuracy": best.accuracy if best else None,
        "best_total_score": best.total_score if best else None,
    }


def _describe(row: dict[str, Any]) -> str:
    if row["best_accuracy"] is None:
        return f"{row['run']}: no network yet"
    best = f"best is trial {row['best_trial']} with {100 * row['best_accuracy']:.2f} % on validation data"
    return f"{row['run']}: {row['trials']} of {row['planned']} trials, {best}"


def _line(study: str, now: AblationProgress) -> str:
    ended = f"{now.trained} trained, {now.taken_over} taken over, of {now.all_trials} trials"
    return f"{study}: {now.runs} of {now.all_runs} runs done; {ended}"


def _way_on(study: str, done: bool) -> str:
    if not done:
        return "stopped; the same command continues"
    return f"compare them with: python -m core analyse {study} --modules ablation"
