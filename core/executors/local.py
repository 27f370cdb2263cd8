"""Trials on this machine: a client of the worker host."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import core
from core.errors import InvalidInputError, WorkerError
from core.executors.jobs import (
    CountJob,
    DiagnoseJob,
    DiagnoseReport,
    Executor,
    OnEpoch,
    ParameterBounds,
    TrainJob,
)
from core.records import from_dict, to_dict
from core.trial import EpochRecord, TrialResult

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_ENABLE_ONEDNN_OPTS": "1", "KERAS_BACKEND": "tensorflow"}
_LOG_TAIL = 600  # characters of the host's log shown with a loss
_CLOSE_SECONDS = 5.0


@dataclass
class _Pending:
    future: Future[Any]
    decode: Callable[[Any], Any]
    on_epoch: OnEpoch | None
    number: int | None
    cancelled: bool = False


class LocalExecutor:
    """Fork a fresh worker process per trial. Thread-safe; the host starts with the first job or `start`."""

    def __init__(self, log_path: Path, memory_mb: int | None = None) -> None:
        self._log_path, self._memory_mb = log_path, memory_mb
        self._lock = threading.RLock()
        self._host: subprocess.Popen[bytes] | None = None
        self._pending: dict[str, _Pending] = {}
        self._names = itertools.count()
        self._closed = False

    def start(self) -> None:
        """Start the host now, so that Keras loads while the data is prepared."""
        with self._lock:
            self._ensure_host()

    @property
    def host_pid(self) -> int | None:
        """Process id (and group) of the host, or None before the first job."""
        return self._host.pid if self._host else None

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """See Executor.train."""
        return self._submit(job, lambda data: from_dict(TrialResult, data), on_epoch, job.spec.number)

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """See Executor.count."""
        return self._submit(job, lambda data: from_dict(ParameterBounds, data), None, None)

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """See Executor.diagnose."""
        return self._submit(job, lambda data: from_dict(DiagnoseReport, data), None, None)

    def cancel(self, number: int) -> None:
        """Kill the worker of trial `number`; its future then raises CancelledError."""
        with self._lock:
            for name, pending in self._pending.items():
                if pending.number == number:
                    pending.cancelled = True
                    self._write({"command": "cancel", "id": name})

    def close(self) -> None:
        """Close the host's stdin, on which it kills its children and ends; then make sure of it."""
        with self._lock:
            self._closed = True
            host = self._host
        if host is None:
            return
        assert host.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            host.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            host.wait(timeout=_CLOSE_SECONDS)
        _kill_group(host.pid)
        host.wait()

    def _submit(
        self,
        job: TrainJob | CountJob | DiagnoseJob,
        decode: Callable[[Any], Any],
        on_epoch: OnEpoch | None = None,
        number: int | None = None,
    ) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            if self._closed:
                raise WorkerError("the executor is closed; make a new one")
            self._ensure_host()
            name = f"job-{next(self._names)}"
            self._pending[name] = _Pending(future, decode, on_epoch, number)
            self._write({"command": "submit", "id": name, "job": to_dict(job)})
        return future

    def _ensure_host(self) -> None:
        if self._host is not None and self._host.poll() is None:
            return
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        root = str(Path(core.__file__).parents[1])
        environment = os.environ | _QUIET
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
        environment.pop("MHL_WORKER_MEMORY_MB", None)
        if self._memory_mb is not None:
            environment["MHL_WORKER_MEMORY_MB"] = str(self._memory_mb)
        with self._log_path.open("ab") as log:
            self._host = subprocess.Popen(
                [sys.executable, "-m", "core.executors.host"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,  # its own process group, so that nothing of it can be left behind
            )
        self._pending = {}  # a host that died keeps its own table, which its reader is about to report as lost
        reader = threading.Thread(target=self._read, args=(self._host, self._pending), daemon=True)
        reader.name = "worker-host-reader"
        reader.start()

    def _write(self, message: dict[str, Any]) -> None:
        assert self._host is not None and self._host.stdin is not None
        try:
            self._host.stdin.write(json.dumps(message).encode() + b"\n")
            self._host.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # the host is gone; its reader is about to report every pending job as lost

    def _read(self, host: subprocess.Popen[bytes], jobs: dict[str, _Pending]) -> None:
        assert host.stdout is not None
        try:
            for line in host.stdout:
                self._handle(jobs, json.loads(line))
        finally:  # whatever a callback does, nobody may wait for ever
            with contextlib.suppress(subprocess.TimeoutExpired):
                host.wait(timeout=_CLOSE_SECONDS)
            _kill_group(host.pid)
            self._report_lost(host.wait(), jobs)

    def _report_lost(self, code: int, jobs: dict[str, _Pending]) -> None:
        with self._lock:
            lost = list(jobs.values())
            jobs.clear()
        for pending in lost:
            reason = f"the worker host ended (exit code {code}){self._log_tail()}"
            stopped = self._closed or pending.cancelled
            pending.future.set_exception(CancelledError() if stopped else WorkerError(reason, retry=True))

    def _handle(self, pending_jobs: dict[str, _Pending], message: dict[str, Any]) -> None:
        pending = pending_jobs.get(message["id"])
        if pending is None or message["type"] == "started":
            return
        if message["type"] == "epoch":
            if pending.on_epoch is not None:
                pending.on_epoch(from_dict(EpochRecord, message["record"]))
            return
        with self._lock:
            del pending_jobs[message["id"]]
        if message["type"] == "result":
            try:
                pending.future.set_result(pending.decode(message["result"]))
            except InvalidInputError as error:
                pending.future.set_exception(WorkerError(f"the worker's answer cannot be read: {error}"))
        elif pending.cancelled:
            pending.future.set_exception(CancelledError())
        else:
            unexplained = message["retry"] and "exit code" in message["reason"]
            reason = message["reason"] + (self._log_tail() if unexplained else "")
            pending.future.set_exception(WorkerError(reason, retry=message["retry"]))

    def _log_tail(self) -> str:
        try:
            text = self._log_path.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()
        except OSError:
            return ""
        return f"; its last words: {text}" if text else ""


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _conforms(executor: LocalExecutor) -> Executor:
    """Let mypy check that the class is an Executor."""
    return executor
