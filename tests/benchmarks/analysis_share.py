"""The whole suite of analyses on a study of 2 × 10 networks: minutes, and how much of them is asking the networks."""

from __future__ import annotations

import time
from functools import partial
from tempfile import TemporaryDirectory

from core.analyses.suite import module_names, run_suite
from core.config import Settings
from core.store import Store
from core.study import StudyRunner, create_study
from core.study_comparison import compare
from core.study_config import StudyConfig
from core.study_store import StudyStore
from tests.benchmarks.harness import Cell, Figure, in_turns, scratch_folder, table, verdict, write
from tests.conftest import find_mirror

GOAL = 0.80
# Small networks, so that the study is soon there; larger ones take longer to ask, and the share rises.
SPACE = {
    "conv_layers": 1,
    "filters_1": {"low": 8, "high": 32},
    "dense_layers": 1,
    "dense_units_1": 32,
    "batch_size": 256,
}


def run(quick: bool) -> list[Figure]:
    """Print the table and return the figures. MNIST needs the data set mirror or the network; quick is on digits."""
    size = {"dataset": "digits", "runs": 5} if quick else {"dataset": "mnist", "runs": 10}
    with scratch_folder() as scratch:
        cells = in_turns("analysis_share", scratch, {"suite": size}, 1)
    (found,) = cells["suite"]
    modules = found["modules"]
    seconds = sum(one["seconds"] for one in modules.values())
    share = sum(one["predicting"] for one in modules.values()) / seconds
    table(
        ["module", "status", "seconds", "asking"],
        [[name, one["status"], f"{one['seconds']:.1f}", f"{one['predicting']:.1f}"] for name, one in modules.items()],
    )
    print(f"  goal: >= {GOAL:.0%} of the time is asking the networks: {share:.1%}, {verdict(share >= GOAL)}")
    figures = [
        Figure(name="asking / all modules' time", value=f"{share:.1%}", goal=f">= {GOAL:.0%}", met=share >= GOAL),
        Figure(name="minutes of the suite", value=f"{found['wall'] / 60:.1f}"),
        Figure(name="holdout rows, distinct networks", value=f"{found['rows']:,}, {found['distinct']}"),
    ]
    write("analysis_share", quick=quick, cells=cells, figures=figures)
    return figures


def cell(dataset: str, runs: int) -> Cell:
    """Make a study, then time its analyses."""
    config = StudyConfig(
        dataset_name=dataset,
        runs=runs,
        trials=5,
        epochs=3,
        concurrent_workers=2,
        search_space=SPACE,
        study_name="bench",
    )
    with TemporaryDirectory(prefix="mhl-bench-") as folder:
        environ = {"MHL_DATA_DIR": f"{folder}/data", "MHL_RESULTS_DIR": f"{folder}/results"}
        mirror = find_mirror()
        settings = Settings.from_environment(environ | ({"MHL_DATASET_MIRROR": str(mirror)} if mirror else {}))
        store = Store(settings)
        studies = StudyStore(store.engine)
        create_study(config, studies)
        StudyRunner("bench", settings, store, studies, compare=partial(compare, settings, store, studies)).work()
        first = studies.study("bench").results["generalization"]
        began = time.perf_counter()
        results = run_suite(settings, store, studies, "bench", module_names(["all"]))
        wall = time.perf_counter() - began
    pairs = first["pairs"]
    return {
        "wall": wall,
        "rows": first["holdout_rows"],
        "distinct": 2 * len(pairs) - sum(pair["same_network"] for pair in pairs),
        "modules": {
            name: {"status": one["status"], "seconds": one["seconds"], "predicting": one["predicting_seconds"]}
            for name, one in results.items()
        },
    }
