"""`python -m tests.hardening.memory_run FOLDER WARM_UP TRIALS`: print the RSS, MB, before and after the trials.

A fresh process, so that nothing else grows in it; the executor trains nothing and leaves real files.
"""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import replace
from pathlib import Path

import optuna
import psutil

from core.config import Settings
from core.optimizer import ModelOptimizer
from core.progress import RunProgress
from tests.hardening.scripted import ScriptedExecutor, own_results, quick

# The fewer are free, the sooner each trial is proposed.
FIXED = {
    "kernel_size": 3, "batch_normalization": False, "global_pooling": "max", "activation": "relu",
    "kernel_initializer": "he_normal", "schedule": "constant",
} | {f"dense_units_{layer}": 32 for layer in range(1, 5)}  # fmt: skip


def main(folder: Path, warm_up: int, trials: int) -> None:
    """Run `warm_up` + `trials` trials and print the memory before and after the latter."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    process, sizes = psutil.Process(), {}

    def measure(progress: RunProgress) -> None:
        if progress.completed in (warm_up, warm_up + trials) and progress.completed not in sizes:
            gc.collect()
            sizes[progress.completed] = process.memory_info().rss / 2**20

    config = quick("long", warm_up + trials, pruning=False)
    ModelOptimizer(
        replace(config, search_space=config.search_space | FIXED),
        measure,
        settings=own_results(Settings.from_environment(), folder),
        executor=ScriptedExecutor(size=100_000),
    ).optimize_model()
    print(json.dumps({"before": sizes[warm_up], "after": sizes[warm_up + trials]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
