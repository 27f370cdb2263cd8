"""The command line from its start to its answer: digits, and all of MNIST where a mirror folder has it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.harness import ROOT, Cell, Figure, environment, mirror, scratch_folder, spread, table, write

_DIGITS = ["--dataset", "digits", "--trials", "10", "--epochs", "5", "--workers", "2"]
_MNIST = ["--dataset", "mnist", "--trials", "2", "--epochs", "6", "--workers", "2"]


def run(quick: bool) -> list[Figure]:
    """Print the table and return the figures."""
    cells = {"digits, 10 x 5": [_optimize(_DIGITS) for _ in range(1 if quick else 3)]}
    reason = None
    if quick:
        reason = "--quick"
    elif (folder := mirror()) is None or not (folder / "mnist").is_dir():
        reason = "no mirror folder with mnist (MHL_DATASET_MIRROR)"
    else:
        cells["mnist, 2 x 6"] = [_optimize(_MNIST)]
    table(
        ["trials x epochs", "wall s", "of it the run", "completed", "pruned", "best val accuracy", "its test accuracy"],
        [
            [
                name,
                f"{spread(found, 'wall'):.1f}",
                f"{spread(found, 'seconds'):.1f}",
                f"{spread(found, 'completed'):.0f}",
                f"{spread(found, 'pruned'):.0f}",
                f"{spread(found, 'accuracy'):.4f}",
                f"{spread(found, 'test_accuracy'):.4f}",
            ]
            for name, found in cells.items()
        ],
    )
    figures = []
    for name, found in cells.items():
        figures.append(Figure(name=f"{name}: wall, s", value=f"{spread(found, 'wall'):.1f}"))
        figures.append(Figure(name=f"{name}: best validation accuracy", value=f"{spread(found, 'accuracy'):.4f}"))
    if reason is not None:
        print(f"  mnist skipped: {reason}")
        figures.append(Figure(name="mnist, 2 x 6", value=f"skipped: {reason}"))
    print("  Includes the start of Python and of the workers, and the preparation of the data in an empty folder.")
    write("end_to_end", quick=quick, cells=cells, figures=figures)
    return figures


def _optimize(options: list[str]) -> Cell:
    """Run the command in fresh folders."""
    with scratch_folder() as scratch:
        command = [sys.executable, "-m", "core", "optimize", *options, "--json"]
        print(f"  {' '.join(command[1:])}", file=sys.stderr, flush=True)
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment(scratch), capture_output=True, text=True, check=False)
        wall = time.perf_counter() - started
        if done.returncode:
            raise RuntimeError(f"exit code {done.returncode}: {done.stderr[-2000:]}")
        answer = json.loads(done.stdout)
        model = Path(answer["best"]["model_path"])
        assert model.is_file(), f"{model} is missing"
    return {
        "options": options,
        "wall": wall,
        "seconds": answer["seconds"],
        "completed": answer["trials"]["completed"],
        "pruned": answer["trials"]["pruned"],
        "accuracy": answer["best"]["accuracy"],
        "test_accuracy": answer["best"]["test_accuracy"],
        "total_score": answer["best"]["total_score"],
    }
