"""The protocol that RunPod's library speaks inside a worker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import InvalidInputError
from tests.emulator.endpoint import Endpoint, parse, problem
from tests.emulator.job import ABSENT, Job

_T = TypeVar("_T")
_Answer = Callable[[Request, str], Awaitable[Response]]


class WorkerApi:
    """The routes that workers call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def routes(self) -> list[Route]:
        """Return the routes below /v2/."""
        table: list[tuple[str, str, _Answer]] = [
            ("job-take/{worker}", "GET", self.take),
            ("job-take-batch/{worker}", "GET", self.take_batch),
            ("job-done/{worker}/{job}", "POST", self.done),
            ("job-stream/{worker}/{job}", "POST", self.stream),
            ("job-stop/{worker}", "GET", self.stop),
            ("ping/{worker}", "GET", self.ping),
        ]
        return [Route(f"/{{endpoint}}/{path}", self._guarded(answer), methods=[verb]) for path, verb, answer in table]

    async def take(self, request: Request, worker: str) -> Response:
        jobs = await self._take(request, worker, 1)
        return JSONResponse(_handed(jobs[0])) if jobs else Response(status_code=204)

    async def take_batch(self, request: Request, worker: str) -> Response:
        text = request.query_params.get("batch_size", "1")
        if not text.isdecimal() or not int(text):
            return problem(400, "batch_size must be 1 or more")
        jobs = await self._take(request, worker, int(text))
        return JSONResponse([_handed(job) for job in jobs]) if jobs else Response(status_code=204)

    async def done(self, request: Request, worker: str) -> Response:
        """Take progress or the answer; the body is JSON whatever its content type says."""
        document, jobs, name = await _document(request), self._endpoint.jobs, request.path_params["job"]
        if document.get("status") == "IN_PROGRESS":
            jobs.late_progress_wins = self._endpoint.knobs.late_progress_wins
            jobs.progress(worker, name, document.get("output"))
        else:
            jobs.finish(worker, name, document.get("output", ABSENT), document.get("error"))
            if document.get("stopPod"):
                self._endpoint.pool.retire(worker)
        self._endpoint.bell.ring()
        return Response(status_code=200)

    async def stream(self, request: Request, worker: str) -> Response:
        document = await _document(request)
        self._endpoint.jobs.stream(worker, request.path_params["job"], document.get("output"))
        return Response(status_code=200)

    async def stop(self, request: Request, worker: str) -> Response:
        names = await self._hold(request, worker, lambda: self._endpoint.jobs.take_stops(worker))
        return JSONResponse({"jobsToStop": names}) if names else Response(status_code=204)

    async def ping(self, request: Request, worker: str) -> Response:
        self._endpoint.pool.ping(worker)
        return Response(status_code=200)

    # -- steps -------------------------------------------------------------------------------------------------------

    def _guarded(self, answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            endpoint = self._endpoint
            if not endpoint.holds(request, endpoint.worker_key):
                return problem(401, "unauthorized")
            if request.path_params["endpoint"] != endpoint.id:
                return problem(404, "endpoint not found")
            try:
                return await answer(request, request.path_params["worker"])
            except InvalidInputError as error:
                return problem(400, str(error))
            except ClientDisconnect:
                return Response(status_code=400)  # which nobody reads

        return guarded

    async def _take(self, request: Request, worker: str, most: int) -> list[Job]:
        def some() -> list[Job]:
            return self._endpoint.jobs.take(worker, most) if self._endpoint.pool.admit(worker) else []

        if not self._endpoint.pool.admit(worker):
            raise InvalidInputError("this worker gets no jobs")
        return await self._hold(request, worker, some)

    async def _hold(self, request: Request, worker: str, look: Callable[[], list[_T]]) -> list[_T]:
        """Look again whenever something changes, until there is something, the poll is old, or its worker ended."""
        endpoint = self._endpoint
        deadline = endpoint.clock.wall() + endpoint.knobs.poll_hold
        while not endpoint.closing and not await request.is_disconnected():
            found = look()
            if found or endpoint.clock.wall() >= deadline:
                return found
            await endpoint.bell.wait(deadline - endpoint.clock.wall())
        return []


def _handed(job: Job) -> dict[str, Any]:
    return {"id": job.id, "input": job.input} | ({"webhook": job.webhook} if job.webhook else {})


async def _document(request: Request) -> dict[str, Any]:
    document = parse(await request.body())
    if not isinstance(document, dict):
        raise InvalidInputError("the document must be a JSON object")
    return document
