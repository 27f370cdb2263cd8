"""What all benchmarks share: cells in fresh processes that take turns, medians, tables and JSON files.

Absolute times move with the machine and its load, so goals are stated as ratios of cells of one run wherever that is
possible, and every cell notes the load average it ran under.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / ".bench"
Cell = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the final summary. `met` is None where there is no goal, or nothing could be measured."""

    name: str
    value: str
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and greatest of some measurements.

    >>> str(Spread.of([3.0, 1.0, 2.0])), f"{Spread.of([0.5]):.1%}"
    ('2.00 (1.00-3.00)', '50.0%')
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise at least one value."""
        return cls(statistics.median(values), min(values), max(values))

    def __format__(self, spec: str) -> str:
        spec = spec or ".2f"
        middle = format(self.median, spec)
        return middle if self.low == self.high else f"{middle} ({self.low:{spec}}-{self.high:{spec}})"

    def __str__(self) -> str:
        return format(self)


def spread(cells: Sequence[Cell], key: str) -> Spread:
    """Summarise one entry of several cells."""
    return Spread.of([cell[key] for cell in cells])


def ratios(above: Sequence[Cell], below: Sequence[Cell], key: str) -> Spread:
    """Summarise the ratio of two kinds of cell, round by round: the two of a round ran under similar load."""
    return Spread.of([a[key] / b[key] for a, b in zip(above, below, strict=True)])


def run_cell(benchmark: str, scratch: Path, **arguments: Any) -> Cell:
    """Call `cell(**arguments)` of a benchmark in a fresh interpreter; adds the wall time and the load before."""
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".json") as answer:
        command = [sys.executable, "-m", "tests.benchmarks.cell", benchmark, answer.name, json.dumps(arguments)]
        load, started = os.getloadavg()[0], time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment(scratch), capture_output=True, text=True, check=False)
        wall = time.perf_counter() - started
        if done.returncode:
            raise RuntimeError(f"cell {arguments} of {benchmark} failed:\n{done.stderr[-3000:]}")
        result: Cell = json.loads(Path(answer.name).read_text(encoding="utf-8"))
    return {"arguments": arguments, "load_before": load, "wall": wall, **result}


def in_turns(benchmark: str, scratch: Path, kinds: Mapping[str, Cell], rounds: int) -> dict[str, list[Cell]]:
    """Run every kind of cell once a round, beginning with another one each round.

    A round's number is added to the arguments of cells that have an argument `round`.
    """
    found: dict[str, list[Cell]] = {kind: [] for kind in kinds}
    order = list(kinds)
    for number in range(rounds):
        for kind in order[number % len(order) :] + order[: number % len(order)]:
            arguments = kinds[kind] | ({"round": number} if "round" in kinds[kind] else {})
            print(f"  round {number + 1}/{rounds}: {kind}", file=sys.stderr, flush=True)
            found[kind].append(run_cell(benchmark, scratch, **arguments))
    return found


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for one benchmark's data, results and cells."""
    with tempfile.TemporaryDirectory(prefix="mhl-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def environment(scratch: Path) -> dict[str, str]:
    """The environment of every cell: own data and results folders, the mirror if there is one, a quiet TensorFlow."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MHL_")}
    own = {"MHL_DATA_DIR": str(scratch / "data"), "MHL_RESULTS_DIR": str(scratch / "results")}
    if (folder := mirror()) is not None:
        own["MHL_DATASET_MIRROR"] = str(folder)
    return kept | own | {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "1", "KERAS_BACKEND": "tensorflow"}


def mirror() -> Path | None:
    """The folder with canonical data files, if this machine has one."""
    named = os.environ.get("MHL_DATASET_MIRROR")
    folder = Path(named).expanduser() if named else ROOT.parent / "shared" / "data"
    return folder.resolve() if folder.is_dir() else None


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    widths = [max(len(str(row[i])) for row in [headers, *rows]) for i in range(len(headers))]
    for row in [headers, ["-" * width for width in widths], *rows]:
        print("  " + "  ".join(str(value).ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


def verdict(met: bool | None) -> str:
    """Write whether a goal was met."""
    return {True: "met", False: "MISSED", None: ""}[met]


def write(name: str, *, quick: bool, cells: Mapping[str, Sequence[Cell]], figures: Sequence[Figure]) -> None:
    """Write `.bench/<name>.json`: every cell as it was measured, so that each figure can be computed again."""
    OUTPUT.mkdir(exist_ok=True)
    document = {
        "benchmark": name,
        "quick": quick,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine(),
        "figures": [asdict(figure) for figure in figures],
        "cells": cells,
    }
    (OUTPUT / f"{name}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    packages = ("tensorflow", "keras", "optuna", "keras-tuner", "streamlit", "numpy")
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in packages},
    }
