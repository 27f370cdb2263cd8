"""This program against Keras Tuner: the same space, rows, epochs and model builder, on the same two cores.

Keras Tuner runs as it normally does, one process that may use all cores, with its default settings and checkpoints;
its trials are compiled exactly as ours are, which is to its advantage. A cell is a fresh process and one seed.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from core.config import OptimizationConfig, Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare
from core.datasets.parts import TrialData, open_parts
from core.datasets.split import prepare_split
from core.optimizer import ModelOptimizer
from core.search_space import Space, model_config, search_space
from tests.benchmarks.harness import Cell, Figure, in_turns, ratios, run_cell, scratch_folder, spread, table, write

GOAL = 2.0
_DATASET = "digits"
_WORKERS = 2
_KINDS = ("lab", "lab, pruning", "RandomSearch", "BayesianOptimization")


def run(quick: bool) -> list[Figure]:
    """Print the tables and return the figures."""
    rounds, trials, epochs = (1, 6, 5) if quick else (3, 16, 5)
    kinds: dict[str, Cell] = {kind: {"kind": kind, "trials": trials, "epochs": epochs, "round": 0} for kind in _KINDS}
    with scratch_folder() as scratch:
        for seed in range(rounds):
            run_cell("keras_tuner", scratch, kind="prepare", trials=0, epochs=0, round=seed)
        cells = in_turns("keras_tuner", scratch, kinds, rounds)
    print(f"  {rounds} seed(s), {trials} trials x {epochs} epochs each, {os.cpu_count()} cores; median (min-max)")
    _print_speed(cells)
    _print_accuracy(cells)
    _print_work(cells)
    figures = [figure for tuner in _KINDS[2:] for figure in _figures(cells, tuner)]
    write("keras_tuner", quick=quick, cells=cells, figures=figures)
    return figures


def _figures(cells: dict[str, list[Cell]], tuner: str) -> list[Figure]:
    figures = []
    better = spread(cells["lab"], "best_epoch_accuracy").median >= spread(cells[tuner], "best_epoch_accuracy").median
    for ours in _KINDS[:2]:
        for key, name in (("whole_rate", "whole run"), ("steady_rate", "steady")):
            ratio = ratios(cells[ours], cells[tuner], key)
            figures.append(
                Figure(
                    name=f"{ours} / {tuner}: trials per minute, {name}",
                    value=str(ratio),
                    goal=f">= {GOAL:g}",
                    met=ratio.median >= GOAL,
                )
            )
    gain = spread(cells["lab"], "best_epoch_accuracy").median - spread(cells[tuner], "best_epoch_accuracy").median
    figures.append(Figure(name=f"lab - {tuner}: best accuracy", value=f"{gain:+.4f}", goal=">= 0", met=better))
    return figures


def _print_speed(cells: dict[str, list[Cell]]) -> None:
    table(
        ["trials per minute", "whole run", "steady", "start-up s", "wall s", "pruned"],
        [
            [
                kind,
                f"{spread(found, 'whole_rate'):.1f}",
                f"{spread(found, 'steady_rate'):.1f}",
                f"{spread(found, 'startup'):.1f}",
                f"{spread(found, 'wall'):.1f}",
                f"{spread(found, 'pruned'):.0f}",
            ]
            for kind, found in cells.items()
        ],
    )
    rows = []
    for ours in _KINDS[:2]:
        for tuner in _KINDS[2:]:
            whole, steady = (ratios(cells[ours], cells[tuner], key) for key in ("whole_rate", "steady_rate"))
            rows.append([f"{ours} / {tuner}", str(whole), str(steady)])
    print()
    table(["ratio, seed by seed", "whole run", "steady"], rows)
    print(
        "  whole run: from the start of the process to its end. steady: from the first trial's start to the last's end."
    )
    print("  A pruned trial counts as a trial, though it trains fewer epochs.")


def _print_accuracy(cells: dict[str, list[Cell]]) -> None:
    rows = next(iter(cells.values()))[0]["validation_rows"]
    best = max(cell["best_epoch_accuracy"] for found in cells.values() for cell in found)
    error = math.sqrt(best * (1 - best) / rows)
    print()
    table(
        ["validation accuracy", "best epoch of any trial", "of the saved model"],
        [
            [kind, f"{spread(found, 'best_epoch_accuracy'):.4f}", f"{spread(found, 'best_accuracy'):.4f}"]
            for kind, found in cells.items()
        ],
    )
    print(
        f"  One of the {rows} validation rows is {1 / rows:.4f}; the standard error of one accuracy is {error:.4f}.\n"
        "  Differences of that size show nothing, least of all from a few seeds, and the best of many is biased up.\n"
        "  Keras Tuner saves the weights of the best epoch, we save those of the lowest validation loss.\n"
        "  With fewer trials than three times the number of hyperparameters, BayesianOptimization by default only\n"
        "  draws at random."
    )


def _print_work(cells: dict[str, list[Cell]]) -> None:
    print()
    table(
        ["per trial", "files", "MB", "of them TensorBoard", "health probe s", "test predictions"],
        [
            [
                kind,
                f"{spread(found, 'files'):.1f}",
                f"{spread(found, 'megabytes'):.2f}",
                f"{spread(found, 'tensorboard_files'):.1f}",
                f"{spread(found, 'probe_seconds'):.3f}",
                "yes" if kind in _KINDS[:2] else "no",
            ]
            for kind, found in cells.items()
        ],
    )
    print("  Ours also measures activations and class counts and hashes its files; the health probe runs every epoch.")


# -- the cells -----------------------------------------------------------------------------------------------------


def cell(kind: str, trials: int, epochs: int, round: int) -> Cell:
    """Prepare the rows of a seed, or search with one of the two programs."""
    seed, settings = 42 + round, Settings.from_environment()
    split = prepare_split(prepare(_DATASET, settings), seed, settings)
    if kind == "prepare":
        return {}
    data = open_parts(split.folder)
    if kind in _KINDS[:2]:
        found = _search_with_lab(settings, seed, trials, epochs, pruning=kind != "lab")
    else:
        found = _search_with_keras_tuner(kind, data, seed, trials, epochs)
    return found | {
        "validation_rows": len(data.validation),
        "startup": found["first_start"] - _process_started(),
        "whole_rate": 60 * trials / (time.time() - _process_started()),
        "steady_rate": 60 * trials / (found["last_end"] - found["first_start"]),
    }


def _process_started() -> float:
    import psutil

    return psutil.Process().create_time()


def _search_with_lab(settings: Settings, seed: int, trials: int, epochs: int, *, pruning: bool) -> Cell:
    config = OptimizationConfig(
        dataset_name=_DATASET,
        optimization_mode="simple",
        trials=trials,
        max_epochs_per_trial=epochs,
        concurrent_workers=_WORKERS,
        random_seed=seed,
        pruning=pruning,
        run_name=f"bench_{time.time_ns()}",
    )
    optimizer = ModelOptimizer(config, settings=settings)
    result = optimizer.optimize_model()
    assert result.count("failed") == 0, [trial.traceback for trial in result.trials]
    study = optimizer._store.study(optimizer.run_name)
    stored = study.get_trials(deepcopy=False)
    folder = settings.results_dir / optimizer.run_name
    seconds = [_probe_seconds(optimizer, trial.number) for trial in result.trials if trial.state == "completed"]
    return {
        "first_start": min(trial.datetime_start.timestamp() for trial in stored if trial.datetime_start),
        "last_end": max(trial.datetime_complete.timestamp() for trial in stored if trial.datetime_complete),
        "best_accuracy": result.best_accuracy,
        "best_epoch_accuracy": max(max(trial.accuracies.values()) for trial in result.trials if trial.accuracies),
        "pruned": result.count("pruned"),
        "probe_seconds": sum(seconds) / len(seconds),
        **_written(folder / "trials", result.count("completed")),
    }


def _probe_seconds(optimizer: ModelOptimizer, number: int) -> float:
    result = optimizer._folder.load_result(number)
    assert result is not None and result.trace is not None
    return sum(epoch.probe_seconds for epoch in result.trace.epochs)


def _search_with_keras_tuner(name: str, data: TrialData, seed: int, trials: int, epochs: int) -> Cell:
    started = time.perf_counter()
    import keras
    import keras_tuner

    imported = time.perf_counter() - started
    keras.utils.set_random_seed(seed)
    entry = DATASETS[_DATASET]
    base, starts, ends = getattr(keras_tuner, name), [], []

    class Timed(base):  # type: ignore[misc, valid-type]
        def run_trial(self, *args: Any, **kwargs: Any) -> Any:
            starts.append(time.time())
            result = super().run_trial(*args, **kwargs)
            ends.append(time.time())
            return result

    with tempfile.TemporaryDirectory() as folder:
        tuner = Timed(
            _hypermodel(search_space(entry.kind, entry.shape), data, epochs),
            objective="val_accuracy",
            max_trials=trials,
            executions_per_trial=1,
            seed=seed,
            directory=folder,
            project_name="bench",
        )
        tuner.search(
            data.train.images(),
            data.train.y,
            validation_data=(data.validation.images(), data.validation.y),
            epochs=epochs,
            callbacks=[
                keras.callbacks.TerminateOnNaN(),
                keras.callbacks.EarlyStopping(
                    monitor="val_loss",
                    patience=OptimizationConfig().early_stopping_patience,
                    restore_best_weights=True,
                ),
            ],
            verbose=0,
        )
        best = tuner.oracle.get_best_trials(1)[0].score
        done = [trial for trial in tuner.oracle.trials.values() if trial.status == "COMPLETED"]
        assert len(done) == trials == len(ends), f"{len(done)} of {trials} trials completed"
        written = _written(Path(folder), trials)
    return {
        "first_start": starts[0],
        "last_end": ends[-1],
        "import_seconds": imported,
        "best_accuracy": best,
        "best_epoch_accuracy": best,
        "pruned": 0,
        "probe_seconds": 0.0,
        **written,
    }


def _hypermodel(space: Space, data: TrialData, epochs: int) -> Any:
    """Our space and our builder as a Keras Tuner HyperModel."""
    import keras_tuner

    from core.training.model_builder import build_model
    from core.training.optimizers import make_optimizer

    class Ours(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            params = {name: _declare(hp, name, distribution) for name, distribution in space.items()}
            config = model_config(data.entry.kind, params)
            model = build_model(config, data.entry.shape, data.entry.classes, data.entry.scale)
            steps = -(-len(data.train) // config.batch_size)
            model.compile(
                optimizer=make_optimizer(config, steps * epochs),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=max(1, min(32, steps // 8)),
                jit_compile=False,
            )
            return model

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            return model.fit(*args, batch_size=hp.get("batch_size"), **kwargs)

    return Ours()


def _declare(hp: Any, name: str, distribution: Any) -> Any:
    """Declare an Optuna distribution to Keras Tuner and return the value for this trial."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return hp.Choice(name, list(distribution.choices))
    declare = hp.Int if isinstance(distribution, IntDistribution) else hp.Float
    if distribution.log:
        return declare(name, distribution.low, distribution.high, sampling="log")
    return declare(name, distribution.low, distribution.high, step=distribution.step)


def _written(folder: Path, trials: int) -> Cell:
    """Files and bytes per trial below `folder`."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "files": len(files) / trials,
        "megabytes": sum(path.stat().st_size for path in files) / trials / 1e6,
        "tensorboard_files": sum("tfevents" in path.name for path in files) / trials,
    }
