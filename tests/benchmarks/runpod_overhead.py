"""What a trial on RunPod costs besides its training, part by part, and what passes over the network for it.

Endpoint, bucket, RunPod's library and worker are the real ones or real emulations, but the network has no latency:
over a real one every request, about five of them in a row for a trial, adds a round trip.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from pathlib import Path

from core.model_config import CnnConfig
from tests.benchmarks.harness import Cell, Figure, Spread, in_turns, scratch_folder, table, write

_TINY = CnnConfig(filters=(8,), dense_units=(16,), batch_normalization=False, dropout=0.0, batch_size=128)
_EPOCHS = 30  # a few seconds
_WARM_UP = 1
HANDLER = Path(__file__).with_name("timed_handler.py")
# A trial's way: what each part is, and the moments between which it lies.
PARTS = {
    "hand over": ("asked", "submitted"),
    "queue": ("submitted", "begun"),
    "look for a result, rows": ("begun", "fetched"),
    "child start, TensorFlow": ("fetched", "started"),
    "training": ("started", "trained"),
    "archive": ("trained", "result"),
    "upload": ("result", "answered"),
    "answer to the endpoint": ("answered", "completed"),
    "poll delay": ("completed", "seen"),
    "download": ("seen", "done"),
}


def run(quick: bool) -> list[Figure]:
    """Print the tables and return the figures."""
    rounds, trials = (1, 4) if quick else (1, 10)
    kinds: dict[str, Cell] = {
        "child waits": {"cold": False, "trials": trials},
        "child starts with its job": {"cold": True, "trials": trials},
    }
    with scratch_folder() as scratch:
        cells = in_turns("runpod_overhead", scratch, kinds, rounds)
    warm = cells["child waits"]
    figures = _times(cells) + _bytes(warm)
    write("runpod_overhead", quick=quick, cells=cells, figures=figures)
    return figures


def _times(cells: dict[str, list[Cell]]) -> list[Figure]:
    found = {kind: [trial for cell in of_kind for trial in cell["trials"]] for kind, of_kind in cells.items()}
    names = [*PARTS, "whole", "training, as it says", "overhead", "billed", "billed overhead"]
    spreads = {kind: {name: Spread.of([trial[name] for trial in found[kind]]) for name in names} for kind in found}
    table(
        ["seconds: median (min-max)", *(f"{kind}, n = {len(found[kind])}" for kind in found)],
        [[name, *(str(spreads[kind][name]) for kind in found)] for name in names],
    )
    print("  `overhead`: from the wish to the result, less the seconds that the trial itself reports.")
    print(
        "  `billed`: the endpoint's executionTime; a worker waits idle besides. One trial after the other, one worker."
    )
    figures = []
    for kind, of_kind in spreads.items():
        count = len(found[kind])
        for name in ("overhead", "billed overhead", "child start, TensorFlow", "poll delay"):
            figures.append(Figure(name=f"{kind}: {name}, s (n = {count})", value=str(of_kind[name])))
    return figures


def _bytes(cells: list[Cell]) -> list[Figure]:
    keys = ("api_sent", "api_received", "client_s3_sent", "client_s3_received", "worker_s3_sent", "worker_s3_received")
    found = {key: Spread.of([cell["bytes_per_trial"][key] / 1000 for cell in cells]) for key in keys}
    rows = Spread.of([cell["rows_bytes"] / 1000 for cell in cells])
    requests = Spread.of([cell["requests_per_trial"] for cell in cells])
    trials = sum(len(cell["trials"]) for cell in cells)
    print()
    table(["kB per trial", f"n = {trials}"], [[key.replace("_", " "), f"{found[key]:.1f}"] for key in keys])
    print(f"  requests to the endpoint per trial: {requests:.1f}")
    print(f"  the rows of the split: {rows:.1f} kB, up once per run and down once per worker or volume")
    print("  Counted in front of the servers, heads included, without TLS.")
    api, s3 = found["api_sent"].median + found["api_received"].median, sum(found[key].median for key in keys[2:4])
    return [
        Figure(name="this machine and RunPod's API, kB per trial", value=f"{api:.1f}"),
        Figure(name="this machine and the bucket, kB per trial", value=f"{s3:.1f}"),
        Figure(name="worker and the bucket, kB per trial", value=f"{sum(found[key].median for key in keys[4:]):.1f}"),
        Figure(name="rows of the split (digits), kB per run", value=f"{rows:.1f}"),
    ]


# -- a cell --------------------------------------------------------------------------------------------------------


def cell(cold: bool, trials: int) -> Cell:
    """Train one trial after the other on one warm worker."""
    from core.config import Settings
    from tests.benchmarks.remote_setup import remote_setup
    from tests.benchmarks.timed_api import TimedApi
    from tests.benchmarks.trials import prepare_trials

    folder = Settings.from_environment().results_dir / f"remote_{time.time_ns()}"
    folder.mkdir(parents=True)
    maker, _ = prepare_trials(_TINY, _EPOCHS)
    times = folder / "times.jsonl"
    env = {"BENCH_TIMES": str(times), "BENCH_COLD": str(int(cold))}
    with remote_setup(HANDLER, 1, env, folder, count=True) as setup:
        timed = TimedApi(setup.config)
        results, asked, done = [], [], []
        with setup.executor(timed) as executor:
            for number in range(_WARM_UP + trials):
                if number == _WARM_UP:
                    before, requests = {name: door.count for name, door in setup.doors.items()}, timed.requests
                asked.append(time.monotonic())
                results.append(executor.train(maker.job(number), lambda _: None).result())
                done.append(time.monotonic())
                assert results[-1].status == "completed", results[-1].error
        passed = {name: door.count - before[name] for name, door in setup.doors.items()}
        requests = timed.requests - requests
        rows = sum(path.stat().st_size for path in setup.bucket.root.rglob("parts/*.zip"))
    events: dict[str, dict[str, float]] = defaultdict(dict)
    for line in times.read_text().splitlines():
        event = json.loads(line)
        events[event["job"]].setdefault(event["event"], event["at"])
    found = []
    for number in range(_WARM_UP, _WARM_UP + trials):
        moments = events[timed.jobs[number]] | timed.moments(number)
        moments |= {"asked": asked[number], "done": done[number]}
        parts = {name: moments[end] - moments[start] for name, (start, end) in PARTS.items()}
        own, billed = results[number].seconds, timed.billed(number)
        parts |= {"whole": done[number] - asked[number], "training, as it says": own, "billed": billed}
        found.append(parts | {"overhead": parts["whole"] - own, "billed overhead": billed - own})
    return {
        "trials": found,
        "load": os.getloadavg()[0],
        "bytes_per_trial": {
            f"{name}_{way}": getattr(count, way) / trials
            for name, count in passed.items()
            for way in ("sent", "received")
        },
        "requests_per_trial": requests / trials,
        "rows_bytes": rows,
    }
