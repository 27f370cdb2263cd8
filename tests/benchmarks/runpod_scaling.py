"""How much sooner several RunPod workers have done a list of trials than one, against what scheduling itself allows.

The trials sleep, so that the two cores of this machine can have 32 workers; executor, HTTP, bucket, RunPod's library
and the worker's own delivery are real. Trials of seconds are the hard case: what is lost is lost per trial.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import TYPE_CHECKING

from core.trial import TrialResult
from tests.benchmarks.harness import Cell, Figure, in_turns, scratch_folder, spread, table, verdict, write
from tests.benchmarks.sleeping import makespan, seconds

if TYPE_CHECKING:
    from core.executors.runpod import RunPodExecutor
    from tests.benchmarks.trials import TrialMaker

HANDLER = Path(__file__).with_name("sleeping_handler.py")
GOALS = {1: None, 2: 0.97, 4: 0.97, 6: 0.97, 32: 0.9}  # share of the bound
_PER_WORKER = {32: 4}
_MEAN, _SIGMA, _SEED = 5.0, 0.3, 7
_EPOCHS = 5
_PARTS = ("to the endpoint", "in its queue", "worker, beside the sleep", "until seen", "download")


def run(quick: bool) -> list[Figure]:
    """Print the tables and return the figures."""
    kinds: dict[str, Cell] = {}
    for workers in (1, 6) if quick else GOALS:
        each = 3 if quick else _PER_WORKER.get(workers, 8)
        kinds[f"{workers} worker{'s' * (workers > 1)}"] = {"workers": workers, "trials": workers * each, "mean": _MEAN}
    with scratch_folder() as scratch:
        cells = in_turns("runpod_scaling", scratch, kinds, 1)
    figures = []
    rows = []
    for kind, found in cells.items():
        arguments, share = found[0]["arguments"], spread(found, "share")
        goal = GOALS[arguments["workers"]]
        met = None if goal is None else share.median >= goal
        rows.append(
            [
                kind,
                f"{len(found)} x {arguments['trials']}",
                f"{spread(found, 'speed_up')}",
                f"{spread(found, 'bound')}",
                f"{spread(found, 'equal_bound')}",
                f"{share:.1%}",
                "" if goal is None else f">= {goal:.0%} {verdict(met)}",
            ]
        )
        name = f"{kind}: speed-up (n = {len(found)} x {arguments['trials']})"
        figures.append(Figure(name=name, value=f"{spread(found, 'speed_up')}"))
        text = "" if goal is None else f">= {goal:.0%}"
        figures.append(Figure(name=f"{kind}: share of the bound", value=f"{share:.1%}", goal=text, met=met))
    table(["", "trials", "speed-up", "bound", "n / ceil(n / W)", "of the bound", "goal"], rows)
    print(f"  lengths: lognormal, mean {_MEAN:g} s, sigma {_SIGMA:g}; bound: list scheduling of the same lengths")
    print()
    table(
        ["lost per trial, s (median)", *_PARTS, "all", "requests", "looks at once"],
        [
            [
                kind,
                *(f"{spread(found, part):.3f}" for part in (*_PARTS, "lost")),
                f"{spread(found, 'requests'):.1f}",
                f"{spread(found, 'asking'):.2f}",
            ]
            for kind, found in cells.items()
        ],
    )
    write("runpod_scaling", quick=quick, cells=cells, figures=figures)
    return figures


def cell(workers: int, trials: int, mean: float) -> Cell:
    """Start the workers, let each do one short trial, then time the list."""
    from core.config import Settings
    from core.model_config import CnnConfig
    from tests.benchmarks.remote_setup import remote_setup
    from tests.benchmarks.timed_api import TimedApi
    from tests.benchmarks.trials import prepare_trials

    folder = Settings.from_environment().results_dir / f"remote_{time.time_ns()}"
    folder.mkdir(parents=True)
    maker, _ = prepare_trials(CnnConfig(filters=(8,)), _EPOCHS)
    env = {"BENCH_MEAN": str(mean), "BENCH_SIGMA": str(_SIGMA), "BENCH_SEED": str(_SEED)}
    with remote_setup(HANDLER, workers, env, folder) as setup:
        timed = TimedApi(setup.config)
        with setup.executor(timed) as executor:
            _train(executor, maker, workers, range(1_000_000, 1_000_000 + workers))
            requests, asking, load = timed.requests, timed.asking, os.getloadavg()[0]
            started = time.monotonic()
            asked, done = _train(executor, maker, workers, range(trials))
            wall = time.monotonic() - started
            requests, asking = timed.requests - requests, timed.asking - asking
    lengths = [seconds(number, mean, _SIGMA, _SEED) for number in range(trials)]
    parts: dict[str, list[float]] = {part: [] for part in (*_PARTS, "lost")}
    for number in range(trials):
        at = timed.moments(number)
        beside = at["completed"] - at["taken"] - lengths[number]
        lost = done[number] - asked[number] - lengths[number]
        values = (at["submitted"] - asked[number], at["taken"] - at["submitted"], beside)
        values += (at["seen"] - at["completed"], done[number] - at["seen"], lost)
        for part, value in zip(parts, values, strict=True):
            parts[part].append(value)
    bound = sum(lengths) / makespan(lengths, workers)
    speed_up = sum(lengths) / wall
    return {
        "wall": wall,
        "speed_up": speed_up,
        "bound": bound,
        "equal_bound": trials / -(-trials // workers),
        "share": speed_up / bound,
        "requests": requests / trials,
        "asking": asking / wall,
        "load": load,
        **{part: sorted(values)[len(values) // 2] for part, values in parts.items()},
        "parts": parts,
    }


def _train(
    executor: RunPodExecutor, maker: TrialMaker, workers: int, numbers: range
) -> tuple[dict[int, float], dict[int, float]]:
    """Keep `workers` trials going, as a run does; return when each was asked for and done."""
    waiting, running = list(numbers), set[Future[TrialResult]]()
    asked: dict[int, float] = {}
    done: dict[int, float] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            number = waiting.pop(0)
            asked[number] = time.monotonic()
            running.add(executor.train(maker.job(number), lambda _: None))
        ended, running = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            result = future.result()
            assert result.status == "completed" and result.artifacts, result.error
            done[result.number] = time.monotonic()
    return asked, done
