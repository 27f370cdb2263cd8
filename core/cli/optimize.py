"""`optimize` and `resume`: work on a run in this process, with a progress bar on stderr."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import Any

from tqdm import tqdm

from core.cli import remote
from core.cli.interruption import signals_stop
from core.config import MODES, PLOT_GENERATIONS, OptimizationConfig, ScoringWeights, Settings, check_choice
from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.optimizer import ModelOptimizer, OptimizationResult, summarize
from core.progress import RunProgress
from core.store import Store
from core.study_store import StudyStore


def add_commands(commands: Any) -> None:
    """Add both commands. Defaults stay with OptimizationConfig: an option left out is not passed on."""
    parser = commands.add_parser("optimize", help="search, train, score and keep the best model")
    parser.add_argument("--dataset", help="data set name; `datasets` lists them")
    parser.add_argument("--mode", help=" | ".join(MODES))
    parser.add_argument("--trials", type=int)
    parser.add_argument("--epochs", type=int, help="epochs per trial at most")
    parser.add_argument("--workers", type=int, help="trials that train at the same time")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--name", help="name of the run and of its results folder")
    parser.add_argument("--accuracy-weight", type=float, help="0 to 1; health weighs the rest")
    parser.add_argument("--plots", help=" | ".join(PLOT_GENERATIONS))
    parser.add_argument("--no-pruning", action="store_true", help="train every trial to its end")
    parser.add_argument("--max-parameters", type=int, help="parameter budget of a network")
    parser.add_argument("--max-seconds", type=float, help="time budget of the run")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help='fix or restrict a hyperparameter: filters_1=16, optimizer=["adam","sgd"], dropout={"low":0,"high":0.2}',
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    remote.add_options(parser)
    parser.set_defaults(run=optimize)
    parser = commands.add_parser("resume", help="continue a stopped, failed or interrupted run")
    parser.add_argument("name", metavar="RUN")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=resume)


def optimize(arguments: argparse.Namespace) -> int:
    """Start a new run."""
    watcher = Watcher()
    return watcher.watch(ModelOptimizer(build_config(arguments), watcher.show), as_json=arguments.json)


def resume(arguments: argparse.Namespace) -> int:
    """Continue a run."""
    check_alone(arguments.name)
    watcher = Watcher()
    return watcher.watch(ModelOptimizer.resume(arguments.name, watcher.show), as_json=arguments.json)


def check_alone(name: str) -> None:
    """Raise InvalidInputError for the name of a study, or of one of its runs: those are not worked on alone."""
    store = Store(Settings.from_environment())
    study = next((run.config.study for run in store.runs() if run.name == name), None)
    if study is None and name in {known.name for known in StudyStore(store.engine).studies()}:
        study = name
    if study is not None:
        raise InvalidInputError(f"{name!r} is a study or belongs to one; use `resume-study {study}` or `stop-study`")


def build_config(arguments: argparse.Namespace) -> OptimizationConfig:
    """Turn the options into a configuration; the first wrong value raises InvalidInputError."""
    wanted = {
        "dataset_name": arguments.dataset,
        "optimization_mode": arguments.mode,
        "trials": arguments.trials,
        "max_epochs_per_trial": arguments.epochs,
        "concurrent_workers": arguments.workers,
        "random_seed": arguments.seed,
        "run_name": arguments.name,
        "plot_generation": arguments.plots,
        "max_parameters": arguments.max_parameters,
        "max_run_seconds": arguments.max_seconds,
    }
    if arguments.dataset is not None:
        DATASETS[arguments.dataset]
    if arguments.mode is not None:
        check_choice("optimization_mode", arguments.mode, MODES)
    if arguments.plots is not None:
        check_choice("plot_generation", arguments.plots, PLOT_GENERATIONS)
    values = {name: value for name, value in wanted.items() if value is not None}
    if arguments.accuracy_weight is not None:
        values["weights"] = replace(ScoringWeights(), accuracy=arguments.accuracy_weight)
    return OptimizationConfig(
        **values,
        **remote.remote_values(arguments),
        pruning=not arguments.no_pruning,
        search_space=dict(map(override, arguments.set)),
    )


def override(text: str) -> tuple[str, Any]:
    """Read one `--set NAME=VALUE`; a value that is no JSON is a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInputError(f"--set {text!r} has no '='; write NAME=VALUE, for example --set filters_1=16")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


class Watcher:
    """A progress bar, and Ctrl-C that stops the run cleanly instead of tearing it down."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._note: str | None = None
        self._optimizer: ModelOptimizer | None = None

    def watch(self, optimizer: ModelOptimizer, *, as_json: bool) -> int:
        """Run to the end; exit code 0 when at least one trial completed."""
        self._optimizer = optimizer
        with signals_stop(self._stop):
            try:
                result = optimizer.optimize_model()
            finally:
                if self._bar is not None:
                    self._bar.close()
        print(json.dumps(summarize(result), allow_nan=False) if as_json else describe(result))
        return 0 if result.count("completed") else 1

    def show(self, progress: RunProgress) -> None:
        """Draw the bar anew."""
        if self._bar is None:
            self._bar = tqdm(
                total=progress.target,
                file=sys.stderr,
                unit="trial",
                bar_format="{desc} |{bar:24}| {n_fmt}/{total_fmt} trials{postfix}",
                mininterval=0.2,
            )
        self._bar.n = progress.finished
        self._bar.set_description_str(f"{progress.run_name}: {progress.phase}", refresh=False)
        self._bar.set_postfix_str(_postfix(progress), refresh=False)
        self._bar.update(0)
        if progress.note != self._note:
            self._note = progress.note
            self._bar.write(progress.note or "RunPod is used again", file=sys.stderr)

    def _stop(self) -> None:
        assert self._optimizer is not None
        if self._bar is not None:
            self._bar.write("stopping; the run can be resumed", file=sys.stderr)
        self._optimizer.stop()


def _postfix(progress: RunProgress) -> str:
    parts = [f"{len(progress.running)} training"] if progress.running else []
    if progress.best is not None and progress.best.accuracy is not None:
        parts.append(f"best accuracy {progress.best.accuracy:.4f}")
    if progress.seconds_left is not None:
        parts.append(f"about {duration(progress.seconds_left)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Write a duration for people.

    >>> duration(75), duration(4000)
    ('1 min 15 s', '1 h 06 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def describe(result: OptimizationResult) -> str:
    """Write the outcome for people."""
    counts = ", ".join(f"{result.count(state)} {state}" for state in ("completed", "pruned", "failed"))
    lines = [f"run {result.run_name} {result.status} after {duration(result.seconds)}: trials {counts}"]
    if result.best_trial is None:
        lines.append("no trial completed within the budgets; `show` tells why")
        return "\n".join(lines)
    health = "not measured" if result.best_health_score is None else f"{result.best_health_score:.4f}"
    lines += [
        f"best trial {result.best_trial}: total score {result.best_total_score:.4f}, "
        f"validation accuracy {result.best_accuracy:.4f}, test accuracy {result.test_accuracy:.4f}, health {health}",
        f"model: {result.best_model_path}",
    ]
    return "\n".join(lines)
