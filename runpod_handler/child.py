"""The training process: it loads TensorFlow, takes one job as a JSON line on stdin, says JSON lines, and ends.

It may be started long before its job comes. Nothing is computed before that, so it holds no GPU while it waits.

`python -m runpod_handler.child --gpus` prints how many GPUs TensorFlow sees.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from core.bundles import pack
from core.executors.jobs import TrainJob
from core.records import from_dict, to_json


def main() -> None:
    """Keep stdout for the protocol: what libraries print goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    if "--gpus" in sys.argv:
        from core.training.devices import gpu_count

        protocol.write(f"{gpu_count()}\n".encode())
        protocol.flush()
        return
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_attend, args=(jobs,), daemon=True).start()
    _train(jobs, protocol)
    os._exit(0)  # everything is on the disk and sent; TensorFlow's own teardown may crash


def _train(jobs: queue.SimpleQueue[bytes], protocol: BinaryIO) -> None:
    from core.executors import preload, work  # TensorFlow loads here

    assert preload
    _say(protocol, '{"type":"ready"}')
    job = from_dict(TrainJob, json.loads(jobs.get()))
    _say(protocol, '{"type":"started"}')
    result = work.train(job, lambda record: _say(protocol, f'{{"type":"epoch","record":{to_json(record)}}}'))
    _say(protocol, '{"type":"trained"}')
    archive, size, sha256 = None, None, None
    if result.status == "completed":
        archive = Path(job.out_dir).with_suffix(".zip")
        size, sha256 = pack(Path(job.out_dir), archive)
    files = json.dumps({"type": "result", "archive": archive and str(archive), "size": size, "sha256": sha256})
    _say(protocol, f'{files[:-1]},"result":{to_json(result)}}}')


def _say(protocol: BinaryIO, line: str) -> None:
    protocol.write(line.encode() + b"\n")
    protocol.flush()


def _attend(jobs: queue.SimpleQueue[bytes]) -> None:
    """Take the job whenever it comes, and notice the parent's end at any time: also while TensorFlow loads."""
    line = sys.stdin.buffer.readline()
    if line:
        jobs.put(line)
    _end_with_parent()


def _end_with_parent() -> None:
    """Wait for the end of stdin, which the parent holds open as long as it lives."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
