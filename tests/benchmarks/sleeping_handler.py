"""A worker that sleeps instead of training: everything else of the product's own worker is there.

The seconds come from BENCH_MEAN, BENCH_SIGMA, BENCH_SEED and the number of the trial, by `sleeping.seconds`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])
sys.path[0] = ROOT

from core.bundles import pack  # noqa: E402
from core.executors.jobs import OnEpoch, TrainJob  # noqa: E402
from core.records import to_json  # noqa: E402
from runpod_handler.delivery import deliver  # noqa: E402
from runpod_handler.fitness import check_storage  # noqa: E402
from runpod_handler.progress import sdk_post  # noqa: E402
from runpod_handler.scaling import ask_at_once  # noqa: E402
from runpod_handler.surroundings import Surroundings  # noqa: E402
from runpod_handler.training import Trained  # noqa: E402
from tests.benchmarks.sleeping import FILE, planned, sleeping_result  # noqa: E402


async def sleep(job: TrainJob, on_epoch: OnEpoch) -> Trained:
    """Sleep as long as planned, with an epoch told after each equal part, and leave what a training leaves."""
    began = time.monotonic()
    result = sleeping_result(job.spec, planned(job.spec.number))
    assert result.trace is not None
    for epoch in result.trace.epochs:
        await asyncio.sleep(began + epoch.epoch * epoch.seconds - time.monotonic())
        on_epoch(epoch)
    folder = Path(job.out_dir)
    folder.mkdir()
    (folder / result.artifacts[0].path).write_bytes(FILE)
    (folder / "result.json").write_text(to_json(result))
    size, sha256 = pack(folder, folder.with_suffix(".zip"))
    return Trained(result=result, archive=folder.with_suffix(".zip"), size=size, sha256=sha256)


async def handler(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job as `runpod_handler.handler` does."""
    return await deliver(job, Surroundings.from_environment(), sdk_post(job), sleep)


if __name__ == "__main__":
    import runpod

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    runpod.serverless.register_fitness_check(check_storage)
    ask_at_once()
    runpod.serverless.start({"handler": handler})
