"""What a trial costs besides its training: submit to result, less the seconds that the trial itself reports."""

from __future__ import annotations

import time

from core.executors.local import LocalExecutor
from core.model_config import CnnConfig
from tests.benchmarks.harness import Cell, Figure, Spread, in_turns, scratch_folder, table, verdict, write
from tests.benchmarks.trials import prepare_trials

GOAL = 0.15  # seconds
_WARM_UP = 2
_TINY = CnnConfig(filters=(8,), dense_units=(16,), batch_normalization=False, dropout=0.0, batch_size=128)


def run(quick: bool) -> list[Figure]:
    """Print the table and return the figures."""
    rounds, trials = (1, 10) if quick else (3, 15)
    with scratch_folder() as scratch:
        cells = in_turns("executor_overhead", scratch, {"local": {"trials": trials}}, rounds)
    found = cells["local"]
    overhead = Spread.of([value for cell in found for value in cell["overhead"]])
    start = Spread.of([cell["start_seconds"] for cell in found])
    training = Spread.of([value for cell in found for value in cell["training"]])
    met = overhead.median <= GOAL
    table(
        ["", "seconds: median (min-max)"],
        [
            ["overhead per trial", f"{overhead:.3f}"],
            ["the trial itself (1 epoch)", f"{training:.3f}"],
            ["start of the executor, once per run", str(start)],
        ],
    )
    print(f"  {rounds} x {trials} trials; goal: overhead <= {GOAL} s: {verdict(met)}")
    figures = [
        Figure(name="overhead per trial, s", value=f"{overhead:.3f}", goal=f"<= {GOAL}", met=met),
        Figure(name="start of the executor, s (once)", value=str(start)),
    ]
    write("executor_overhead", quick=quick, cells=cells, figures=figures)
    return figures


def cell(trials: int) -> Cell:
    """Run trials one after the other on a warm executor."""
    maker, log = prepare_trials(_TINY, epochs=1)
    executor = LocalExecutor(log)
    try:
        started = time.perf_counter()
        executor.train(maker.job(0), lambda _: None).result()
        start = time.perf_counter() - started
        for number in range(1, _WARM_UP):
            executor.train(maker.job(number), lambda _: None).result()
        overhead, training = [], []
        for number in range(_WARM_UP, _WARM_UP + trials):
            started = time.perf_counter()
            result = executor.train(maker.job(number), lambda _: None).result()
            wall = time.perf_counter() - started
            assert result.status == "completed", result.error
            overhead.append(wall - result.seconds)
            training.append(result.seconds)
            if number == _WARM_UP:
                start -= wall  # the first trial's wall less a warm one's is the start
    finally:
        executor.close()
    return {"overhead": overhead, "training": training, "start_seconds": start}
