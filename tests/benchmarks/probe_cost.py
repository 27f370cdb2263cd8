"""What the health probe costs: its share of an epoch of 6,000 rows, and whole fits with and without it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.config import Settings
from core.datasets import DATASETS, DatasetEntry
from core.datasets.cache import prepare
from core.datasets.parts import Part, TrialData
from core.model_config import CnnConfig
from core.trial import TrialSpec
from tests.benchmarks.harness import Cell, Figure, in_turns, mirror, ratios, scratch_folder, spread, table, write

GOAL = 0.06
_SIZES = {"train": 6_000, "validation": 2_000, "test": 1_000}
_MODELS = {
    "default": CnnConfig(),
    "small": CnnConfig(filters=(8, 16), dense_units=(32,), batch_normalization=False, dropout=0.0),
}


def run(quick: bool) -> list[Figure]:
    """Print the table and return the figures."""
    rounds, epochs = (1, 4) if quick else (3, 6)
    kinds: dict[str, Cell] = {}
    for dataset in ("digits", "mnist") if mirror() else ("digits",):
        for model in _MODELS:
            for probe in (True, False):
                arguments = {"dataset": dataset, "model": model, "probe": probe, "epochs": epochs}
                kinds[f"{dataset} {model} {'with' if probe else 'without'}"] = arguments
    with scratch_folder() as scratch:
        cells = in_turns("probe_cost", scratch, kinds, rounds)
    rows, figures = [], []
    for with_probe in (kind for kind in kinds if kind.endswith(" with")):
        found, without = cells[with_probe], cells[f"{with_probe}out"]
        share, fit = spread(found, "steady_share"), ratios(found, without, "fit_seconds")
        processor = ratios(found, without, "fit_cpu_seconds")  # hardly depends on what else the machine does
        name = with_probe.removesuffix(" with")
        rows.append(
            [
                name,
                f"{spread(found, 'epoch_seconds')}",
                f"{share:.1%}",
                f"{spread(found, 'first_share'):.1%}",
                f"{fit:.3f}",
                f"{processor:.3f}",
                f"{spread(found, 'activity_seconds')}",
            ]
        )
        met = share.median <= GOAL
        figures.append(Figure(name=f"{name}: share of an epoch", value=f"{share:.1%}", goal=f"<= {GOAL:.0%}", met=met))
        figures.append(Figure(name=f"{name}: fit with / without probe", value=f"{fit:.3f}"))
        figures.append(Figure(name=f"{name}: the same in processor time", value=f"{processor:.3f}"))
    table(
        ["6,000 rows", "epoch s", "probe / epoch", "in epoch 1", "fit with / without", "in cpu time", "activations s"],
        rows,
    )
    print(f"  {rounds} round(s) of {epochs} epochs; epoch 1, which compiles the probe, is not part of `probe / epoch`.")
    print("  The whole fits include that. `activations` is measured once per trial, after the training.")
    if not mirror():
        print("  MNIST left out: no mirror folder (MHL_DATASET_MIRROR)")
    write("probe_cost", quick=quick, cells=cells, figures=figures)
    return figures


def cell(dataset: str, model: str, probe: bool, epochs: int) -> Cell:
    """Train one network in this process, as a worker does, and time its parts from outside."""
    from core.training import trainer

    module: Any = trainer
    seconds: dict[str, float] = {}
    module._fit = _timed(module._fit, "fit_seconds", seconds)
    module.measure_activity = _timed(module.measure_activity, "activity_seconds", seconds)
    if not probe:
        module.GradientProbe = _NoProbe
    data = _data(dataset, Settings.from_environment())
    spec = TrialSpec(
        run="benchmark",
        number=0,
        dataset=data.entry.name,
        split_hash="none",
        seed=42,
        model=_MODELS[model],
        epochs=epochs,
        patience=epochs,
        store_plots=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        result = trainer.train_trial(spec, data, Path(folder) / "trial", lambda _: None)
    assert result.trace is not None and len(result.trace.epochs) == epochs
    first, *steady = result.trace.epochs
    return seconds | {
        "trial_seconds": result.seconds,
        "epoch_seconds": sum(e.seconds for e in steady) / len(steady),
        "steady_share": sum(e.probe_seconds for e in steady) / sum(e.seconds for e in steady),
        "first_share": first.probe_seconds / first.seconds,
        "final_loss": steady[-1].loss,
    }


class _NoProbe:
    """Stands in for GradientProbe and measures nothing."""

    def __init__(self, *_: Any) -> None:
        pass

    def training_loss(self) -> None:
        return None

    def measure(self) -> dict[str, Any]:
        return {}

    def content(self) -> bytes:
        return b""


def _timed(function: Callable[..., Any], name: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        started, busy = time.perf_counter(), time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[name] = time.perf_counter() - started
            seconds[name.replace("_seconds", "_cpu_seconds")] = time.process_time() - busy

    return timed


def _data(dataset: str, settings: Settings) -> TrialData:
    """Six thousand training rows of 28x28 pixels: MNIST's, or the digits enlarged and shifted by a few pixels."""
    entry: DatasetEntry = DATASETS[dataset]
    arrays = prepare(dataset, settings).arrays()
    rng = np.random.default_rng(42)
    total = sum(_SIZES.values())
    rows = rng.permutation(len(arrays))[:total] if dataset == "mnist" else rng.integers(len(arrays), size=total)
    assert arrays.x is not None
    x, y = arrays.x[rows], arrays.y[rows]
    if dataset == "digits":
        from scipy.ndimage import zoom

        large = zoom(x, (1, 3.5, 3.5, 1), order=1)
        shifts = rng.integers(-2, 3, size=(total, 2))
        x = np.stack([np.roll(image, tuple(shift), axis=(0, 1)) for image, shift in zip(large, shifts, strict=True)])
        entry = replace(entry, shape=(28, 28, 1))
    parts, start = {}, 0
    for name, size in _SIZES.items():
        parts[name] = Part(name=name, y=y[start : start + size], x=x[start : start + size])
        start += size
    return TrialData(entry=entry, **parts)
