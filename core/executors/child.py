"""A worker process: one job, then it ends and its memory returns to the system."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from core.executors import work
from core.executors.jobs import CountJob, DiagnoseJob, TrainJob
from core.logs import log_context, set_up
from core.parent_watch import end_with
from core.records import from_dict, to_json
from core.trial import EpochRecord

_PR_SET_PDEATHSIG = 1
_NICENESS = 5  # the page must stay quick while all cores train


def run(job: dict[str, Any], connection: Connection, memory_mb: int | None) -> None:
    """Do `job` and send its messages as JSON lines."""
    _die_with_parent(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, which stops its workers itself
    os.nice(_NICENESS)
    if memory_mb is not None:
        limit = memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    set_up("worker")
    spec = job.get("spec") or {}
    with log_context(run=spec.get("run"), trial=spec.get("number")):
        result = _result(job, connection)
    connection.send_bytes(b'{"type":"result","result":' + to_json(result).encode() + b"}")
    connection.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # everything is on disk and sent; TensorFlow's own teardown would cost 0.1 s and may crash


def _result(job: dict[str, Any], connection: Connection) -> Any:
    if job["kind"] == "count":
        return work.count(from_dict(CountJob, job))
    if job["kind"] == "diagnose":
        return work.diagnose(from_dict(DiagnoseJob, job))
    return work.train(from_dict(TrainJob, job), lambda record: _send_epoch(connection, record))


def _send_epoch(connection: Connection, record: EpochRecord) -> None:
    connection.send_bytes(b'{"type":"epoch","record":' + to_json(record).encode() + b"}")


def _die_with_parent(parent: int) -> None:
    """End when the fork server does, by the kernel's signal on Linux and by looking elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    end_with(parent)
