"""Trials per minute of two workers against one, on the same list of equal trials."""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait

from core.executors.local import LocalExecutor
from core.model_config import CnnConfig
from core.trial import TrialResult
from tests.benchmarks.harness import Cell, Figure, in_turns, ratios, scratch_folder, spread, table, verdict, write
from tests.benchmarks.trials import TrialMaker, prepare_trials

GOAL = 1.5
_MODEL = CnnConfig(batch_size=32)


def run(quick: bool) -> list[Figure]:
    """Print the table and return the figures."""
    rounds, trials, epochs = (1, 6, 3) if quick else (5, 8, 5)
    kinds = {f"{n} worker{'s' * (n > 1)}": {"workers": n, "trials": trials, "epochs": epochs} for n in (1, 2)}
    with scratch_folder() as scratch:
        cells = in_turns("worker_scaling", scratch, kinds, rounds)
    one, two = cells.values()
    ratio = ratios(two, one, "trials_per_minute")
    slowdown = ratios(two, one, "seconds_per_trial")
    met = ratio.median >= GOAL
    table(
        ["", "trials per minute", "seconds per trial"],
        [
            [kind, f"{spread(found, 'trials_per_minute'):.1f}", str(spread(found, "seconds_per_trial"))]
            for kind, found in cells.items()
        ]
        + [["ratio, round by round", str(ratio), str(slowdown)]],
    )
    print(f"  {rounds} rounds of {trials} trials x {epochs} epochs, warm executor, {os.cpu_count()} cores")
    print(f"  goal: >= {GOAL} times the trials per minute: {verdict(met)}")
    figures = [Figure(name="2 workers / 1 worker, trials per minute", value=str(ratio), goal=f">= {GOAL}", met=met)]
    write("worker_scaling", quick=quick, cells=cells, figures=figures)
    return figures


def cell(workers: int, trials: int, epochs: int) -> Cell:
    """Warm the executor with one trial per worker, then time the list."""
    maker, log = prepare_trials(_MODEL, epochs)
    executor = LocalExecutor(log)
    try:
        _train(executor, maker, workers, range(workers))
        started = time.perf_counter()
        results = _train(executor, maker, workers, range(workers, workers + trials))
        seconds = time.perf_counter() - started
    finally:
        executor.close()
    return {
        "seconds": seconds,
        "trials_per_minute": 60 * trials / seconds,
        "seconds_per_trial": sum(result.seconds for result in results) / trials,
        "accuracies": [result.metrics.val_accuracy for result in results if result.metrics],
    }


def _train(executor: LocalExecutor, maker: TrialMaker, workers: int, numbers: range) -> list[TrialResult]:
    """Keep `workers` trials going, as `ModelOptimizer` does: the next one starts when one ends."""
    waiting, running, results = list(numbers), set[Future[TrialResult]](), []
    while waiting or running:
        while waiting and len(running) < workers:
            running.add(executor.train(maker.job(waiting.pop(0)), lambda _: None))
        done, running = wait(running, return_when=FIRST_COMPLETED)
        results += [future.result() for future in done]
    assert all(result.status == "completed" for result in results), [result.error for result in results]
    return results
