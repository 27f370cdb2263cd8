"""A study on digits: how long it takes, how much of that is training, and what the pairing saves."""

from __future__ import annotations

import time
from tempfile import TemporaryDirectory

from core.config import Settings
from core.executors.sharing import SHARED
from core.store import Store
from core.study import StudyRunner, create_study
from core.study_config import STUDY_MODES, StudyConfig
from core.study_store import StudyStore
from tests.benchmarks.harness import Cell, Figure, in_turns, scratch_folder, table, verdict, write

WORKERS = 2
GOAL = 0.95


def run(quick: bool) -> list[Figure]:
    """Print the table and return the figures."""
    size = {"runs": 5, "trials": 5, "epochs": 3} if quick else {"runs": 10, "trials": 10, "epochs": 6}
    with scratch_folder() as scratch:
        cells = in_turns("study_share", scratch, {"study": size}, 1)
    (found,) = cells["study"]
    share, saved = found["share"], found["taken_over"] / (found["trained"] + found["taken_over"])
    table(
        ["", "value"], [[name, f"{found[name]:.3g}"] for name in ("wall", "training_seconds", "trained", "taken_over")]
    )
    print(f"  goal: >= {GOAL:.0%} of the time of {WORKERS} workers is training: {share:.1%}, {verdict(share >= GOAL)}")
    figures = [
        Figure(name="training / wall time", value=f"{share:.1%}", goal=f">= {GOAL:.0%}", met=share >= GOAL),
        Figure(name="trainings saved by the pairing", value=f"{saved:.0%}"),
        Figure(name="seconds of a study " + " x ".join(map(str, size.values())), value=f"{found['wall']:.0f}"),
    ]
    write("study_share", quick=quick, cells=cells, figures=figures)
    return figures


def cell(runs: int, trials: int, epochs: int) -> Cell:
    """Run a study without its comparison and add up its trials."""
    config = StudyConfig(runs=runs, trials=trials, epochs=epochs, concurrent_workers=WORKERS, study_name="bench")
    with TemporaryDirectory(prefix="mhl-bench-") as folder:
        environ = {"MHL_DATA_DIR": f"{folder}/data", "MHL_RESULTS_DIR": f"{folder}/results"}
        settings = Settings.from_environment(environ)
        store = Store(settings)
        studies = StudyStore(store.engine)
        create_study(config, studies)
        began = time.perf_counter()
        StudyRunner("bench", settings, store, studies).work()
        wall = time.perf_counter() - began
        ended = [t for m in STUDY_MODES for p in range(runs) for t in store.trials(config.run_name(m, p))]
    trained = [trial for trial in ended if SHARED not in (trial.device or "")]
    seconds = sum(trial.seconds or 0.0 for trial in trained)
    return {
        "wall": wall,
        "trained": len(trained),
        "taken_over": len(ended) - len(trained),
        "training_seconds": seconds,
        "share": seconds / (WORKERS * wall),
    }
