"""The emulator as a whole: a server in a thread, and real workers as processes beside it."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from core.records import from_dict
from tests.emulator.admin_api import AdminApi, snapshot
from tests.emulator.clock import Clock
from tests.emulator.containers import Container, worker_environment
from tests.emulator.endpoint import Endpoint
from tests.emulator.faults import Fault, FaultGate, FaultQueue
from tests.emulator.guard import Guard
from tests.emulator.job import Job, LatePost
from tests.emulator.jobs import JobTable
from tests.emulator.knobs import Knobs
from tests.emulator.limits import Limit, RateLimiter
from tests.emulator.public_api import PublicApi
from tests.emulator.serving import ServerThread
from tests.emulator.webhooks import tell
from tests.emulator.worker_api import WorkerApi
from tests.emulator.workers import WorkerPool

_TICK = 0.1  # seconds between two looks at time and workers


class Emulator:
    """One endpoint on 127.0.0.1, until `close` or the end of a with block.

    `handler` is the program of the workers, of which up to `workers` run; with None, whoever speaks the worker
    protocol with the key `worker_key` is a worker. `env` is all they know beside the protocol's own variables.
    Further keywords are Knobs.
    """

    def __init__(
        self,
        handler: Path | None = None,
        *,
        workers: int = 1,
        env: Mapping[str, str] | None = None,
        api_key: str = "rpa_EMULATED",
        endpoint_id: str = "emulated",
        port: int = 0,
        clock: Clock | None = None,
        limits: dict[str, Limit] | None = None,
        folder: Path | None = None,
        **knobs: Any,
    ) -> None:
        if handler is not None and not handler.is_file():
            raise FileNotFoundError(f"there is no handler {handler}; name a Python file")
        self.clock = clock or Clock()
        self.api_key, self.worker_key, self.endpoint_id = api_key, "worker-key", endpoint_id
        self._handler = handler.resolve() if handler else None
        self._env = dict(env or {})
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="emulated-runpod-"))  # of the workers
        self._guard = None if handler is None else Guard()
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._endpoint = self._build(from_dict(Knobs, {"max_workers": workers} | knobs), limits)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v2"
        self.admin_url = self.url.removesuffix("v2") + "_admin"
        self._server = ServerThread(self._app(), self._socket, self._supervise)
        atexit.register(self.close)

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- for tests ---------------------------------------------------------------------------------------------------

    def fault(self, document: Mapping[str, Any]) -> None:
        """Add a fault, such as {"match": "status", "http": 502, "times": 2}; see Fault."""
        self._endpoint.faults.add(from_dict(Fault, dict(document)))

    def clear_faults(self) -> None:
        self._endpoint.faults.clear()

    @property
    def faults_waiting(self) -> int:
        """How many faults are not used up: 0 says that they all happened."""
        return self._endpoint.faults.left()

    def set(self, **knobs: Any) -> None:
        """Turn knobs."""
        self._server.call(lambda: self._endpoint.knobs.change(knobs))

    def advance(self, seconds: float) -> None:
        """Let the emulator's clock jump ahead, and wait until what that brings has happened."""

        def jump() -> None:
            self.clock.advance(seconds)
            self._step()

        self._server.call(jump)

    def state(self) -> dict[str, Any]:
        """Return all jobs as /status tells them, the ids of the workers, what came too late, and faults used."""
        return self._server.call(lambda: snapshot(self._endpoint))

    def late_posts(self, *statuses: str) -> list[LatePost]:
        """Return what workers sent about jobs that were not theirs any more, by the states of those; all: no argument.

        A worker cannot help being late for CANCELLED, TIMED_OUT and GONE jobs; for COMPLETED and FAILED ones it can.
        """
        late = list(self._endpoint.jobs.late)
        return [post for post in late if not statuses or post.status in statuses]

    def workers(self) -> list[str]:
        """Return the ids of the workers, starting ones included."""
        return self._server.call(self._endpoint.pool.ids)

    def kill_worker(self, name: str) -> None:
        """Take a worker's machine away, as a host that fails."""
        self._server.call(lambda: self._endpoint.pool.kill(name))

    def logs(self) -> dict[str, str]:
        """Return what each worker printed so far, ended workers included."""
        return {log.parent.name: log.read_text(errors="replace") for log in sorted(self.folder.glob("*/worker.log"))}

    def close(self) -> None:
        """End all workers with their children, and the server. Repeating it is harmless."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        self._server.call(self._end)
        self._server.stop()
        self._socket.close()
        if self._guard is not None:
            self._guard.close()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- the server --------------------------------------------------------------------------------------------------

    def _build(self, knobs: Knobs, limits: dict[str, Limit] | None) -> Endpoint:
        jobs = JobTable(self.clock.now, self._ended)
        start = None if self._handler is None else self._start
        return Endpoint(
            id=self.endpoint_id,
            api_key=self.api_key,
            worker_key=self.worker_key,
            clock=self.clock,
            knobs=knobs,
            jobs=jobs,
            pool=WorkerPool(jobs, self.clock, knobs, start),
            faults=FaultQueue(),
            limiter=RateLimiter(self.clock.now, limits),
        )

    def _app(self) -> FaultGate:
        routes = [
            Mount("/v2", routes=PublicApi(self._endpoint).routes() + WorkerApi(self._endpoint).routes()),
            Mount("/_admin", routes=AdminApi(self._endpoint).routes()),
        ]
        return FaultGate(Starlette(routes=routes), self._endpoint.faults)

    async def _supervise(self) -> None:
        while not self._endpoint.closing:
            self._step()
            await asyncio.sleep(_TICK)

    def _step(self) -> None:
        self._endpoint.jobs.tick()
        self._endpoint.pool.step()
        self._endpoint.bell.ring()

    def _start(self, worker: str) -> Container:
        assert self._handler is not None and self._guard is not None
        url = f"{self.url}/{self.endpoint_id}"
        environment = worker_environment(url, worker, self.worker_key, self._env)
        return Container(worker, self._handler, environment, self.folder, self._guard)

    def _ended(self, job: Job) -> None:
        """Tell the job's webhook, while the server goes on."""
        if job.webhook is not None:
            task = asyncio.get_running_loop().create_task(self._tell(job.id, job.webhook, job.view()))
            self._tasks.add(task)  # the loop itself holds tasks weakly
            task.add_done_callback(self._tasks.discard)

    async def _tell(self, name: str, webhook: str, view: dict[str, Any]) -> None:
        if not await tell(webhook, view, self._endpoint.knobs.webhook_pause):
            self._endpoint.lost_webhooks.append(name)

    def _end(self) -> None:
        self._endpoint.closing = True
        self._endpoint.pool.close()
        self._endpoint.bell.ring()
