"""A tiny worker for the emulator's own tests: it does what the input's `do` says, in a child process as real ones.

`pids` in an answer are the worker's and the child's, for tests that look whether they are gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import runpod

CHILD = """
import sys, time
for n in range(int(sys.argv[1])):
    print(n, flush=True)
    time.sleep(float(sys.argv[2]))
"""


async def handler(job: dict[str, Any]) -> Any:
    """Answer a job: echo, count (with progress), error, raise, crash."""
    wanted = job["input"]
    match wanted["do"]:
        case "echo":
            return {"echo": wanted.get("text"), "seen": sorted(os.environ)}
        case "error":
            return {"error": "out of memory", "error_code": "OOM", "last": {"epoch": 3}}
        case "raise":
            raise ValueError("this input is wrong")
        case "crash":
            os._exit(3)
        case "count":
            return await _count(job, wanted)
    return {"error": f"unknown: {wanted['do']}"}


async def _count(job: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-c", CHILD, str(wanted["to"]), str(wanted["pause"]),
        stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    pids = [os.getpid(), child.pid]
    assert child.stdout is not None
    try:
        async for line in child.stdout:
            runpod.serverless.progress_update(job, {"type": "progress", "count": int(line), "pids": pids})
        await child.wait()
    except asyncio.CancelledError:
        os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        if wanted.get("note"):
            Path(wanted["note"]).write_text("cancelled")
        raise
    await asyncio.sleep(0.3)  # the library sends progress from threads of its own, in no order: let them finish
    return {"counted": wanted["to"], "pids": pids}


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
