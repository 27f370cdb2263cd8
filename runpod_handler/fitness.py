"""Checks when a worker starts: one that cannot do its work must not take jobs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.object_store import ObjectStore
from runpod_handler.surroundings import Surroundings

_SECONDS = 300.0  # to load TensorFlow in a fresh container


def check_storage() -> None:
    """Raise LabError unless the worker's bucket can be written, read and cleared."""
    ObjectStore(Surroundings.from_environment().bucket()).check()


def check_gpu() -> None:
    """Raise RuntimeError when the machine has a GPU that TensorFlow does not see: it would train slowly, at full price.

    RUNPOD_SKIP_GPU_CHECK=true skips it.
    """
    if os.environ.get("RUNPOD_SKIP_GPU_CHECK", "").lower() == "true" or not _has_gpu():
        return
    command = [sys.executable, "-m", "runpod_handler.child", "--gpus"]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, timeout=_SECONDS, check=False)
    if done.returncode != 0 or not done.stdout.strip().isdecimal() or int(done.stdout) == 0:
        raise RuntimeError(
            f"TensorFlow sees no GPU on this worker, which has one (exit code {done.returncode}); its CUDA "
            "libraries do not fit the driver: choose a newer CUDA version for the endpoint, or rebuild the image"
        )


def _has_gpu() -> bool:
    count = os.environ.get("RUNPOD_GPU_COUNT", "")
    return (count.isdecimal() and int(count) > 0) or any(Path("/dev").glob("nvidia[0-9]*"))
