"""What RunPod starts: `python -u runpod_handler/handler.py`, in any folder. It hands each job to `delivery.deliver`.

TensorFlow is never loaded here: this process keeps the connection to RunPod alive while a child trains, and outlives
it when it runs out of memory.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parents[1])
if __name__ == "__main__":
    sys.path[0] = ROOT  # instead of this folder, whose modules would hide others of the same names
elif ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from runpod_handler.delivery import deliver  # noqa: E402
from runpod_handler.fitness import check_gpu, check_storage  # noqa: E402
from runpod_handler.progress import sdk_post  # noqa: E402
from runpod_handler.scaling import ask_at_once  # noqa: E402
from runpod_handler.standby import StandBy  # noqa: E402
from runpod_handler.surroundings import Surroundings  # noqa: E402

standby = StandBy()


async def handler(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job; the answer is a RemoteOutcome without its trace, or `error` with `error_code`."""
    return await deliver(job, Surroundings.from_environment(), sdk_post(job), standby.train)


def main() -> None:
    """Check this worker, then take jobs until RunPod stops it."""
    import runpod

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    runpod.serverless.register_fitness_check(check_storage)
    runpod.serverless.register_fitness_check(check_gpu)
    ask_at_once()
    try:
        runpod.serverless.start({"handler": handler, "concurrency_modifier": standby.keep})
    finally:
        standby.close()


if __name__ == "__main__":
    main()
