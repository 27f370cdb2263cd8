"""The API that a client calls: /v2/<endpoint>/run, /status, /cancel and so on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import InvalidInputError, RunStateError
from tests.emulator.endpoint import Endpoint, parse, problem
from tests.emulator.job import Job
from tests.emulator.policy import read_policy

RUN_LIMIT = 10 * 10**6  # bytes of a submission; the code that RunPod answers beyond it is not known
RUNSYNC_LIMIT = 20 * 10**6
_Answer = Callable[[Request], Awaitable[Response]]


class TooLargeError(ValueError):
    """A submission beyond the limit."""


class PublicApi:
    """The public routes of an endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def routes(self) -> list[Route]:
        """Return the routes below /v2/."""
        table: list[tuple[str, str, list[str], _Answer]] = [
            ("run", "", ["POST"], self.run),
            ("runsync", "", ["POST"], self.runsync),
            ("status", "/{job}", ["GET", "POST"], self.status),
            ("stream", "/{job}", ["GET", "POST"], self.stream),
            ("cancel", "/{job}", ["POST"], self.cancel),
            ("retry", "/{job}", ["POST"], self.retry),
            ("purge-queue", "", ["POST"], self.purge),
            ("health", "", ["GET"], self.health),
        ]
        return [
            Route(f"/{{endpoint}}/{name}{rest}", self._guarded(name, answer), methods=methods)
            for name, rest, methods, answer in table
        ]

    # -- the operations ----------------------------------------------------------------------------------------------

    async def run(self, request: Request) -> Response:
        job = await self._submit(request, RUN_LIMIT, sync=False)
        return JSONResponse({"id": job.id, "status": job.status})

    async def runsync(self, request: Request) -> Response:
        text = request.query_params.get("wait", "90000")
        wait = int(text) if text.isdecimal() else 0
        if not 1000 <= wait <= 300_000:
            raise InvalidInputError(f"wait must be 1000 to 300000 milliseconds, got {text!r:.40}")
        job = await self._submit(request, RUNSYNC_LIMIT, sync=True)
        wall, bell = self._endpoint.clock.wall, self._endpoint.bell
        deadline = wall() + wait / 1000
        while not job.final and wall() < deadline and not self._endpoint.closing:
            await bell.wait(deadline - wall())
        return JSONResponse(job.view())

    async def status(self, request: Request) -> Response:
        return self._with_job(request, lambda job: job.view())

    async def stream(self, request: Request) -> Response:
        def drain(job: Job) -> dict[str, Any]:
            parts, job.stream = job.stream, []
            return {"status": job.status, "stream": [{"output": part} for part in parts]}

        return self._with_job(request, drain)

    async def cancel(self, request: Request) -> Response:
        def end(job: Job) -> dict[str, Any]:
            self._endpoint.jobs.cancel(job)
            self._endpoint.bell.ring()
            return {"id": job.id, "status": job.status}

        return self._with_job(request, end)

    async def retry(self, request: Request) -> Response:
        def again(job: Job) -> dict[str, Any]:
            self._endpoint.jobs.retry(job)
            self._endpoint.bell.ring()
            return {"id": job.id, "status": job.status}

        return self._with_job(request, again)

    async def purge(self, request: Request) -> Response:
        return JSONResponse({"removed": self._endpoint.jobs.purge(), "status": "completed"})

    async def health(self, request: Request) -> Response:
        return JSONResponse({"jobs": self._endpoint.jobs.counts(), "workers": self._endpoint.pool.counts()})

    # -- steps -------------------------------------------------------------------------------------------------------

    def _guarded(self, name: str, answer: _Answer) -> _Answer:
        """Put the key, the endpoint's name and the rate limit before an operation."""

        async def guarded(request: Request) -> Response:
            endpoint = self._endpoint
            if not endpoint.holds(request, endpoint.api_key):
                return problem(401, "unauthorized")
            if request.path_params["endpoint"] != endpoint.id:
                return problem(404, "endpoint not found")
            limited = endpoint.knobs.rate_limits
            if limited and not endpoint.limiter.enter(name):
                return problem(429, "too many requests")
            try:
                return await answer(request)
            except TooLargeError as error:
                return problem(413, str(error))
            except (InvalidInputError, RunStateError) as error:
                return problem(400, str(error))
            except ClientDisconnect:
                return Response(status_code=400)  # which nobody reads
            finally:
                if limited:
                    endpoint.limiter.leave(name)

        return guarded

    async def _submit(self, request: Request, limit: int, *, sync: bool) -> Job:
        body = await request.body()
        if len(body) > limit:
            raise TooLargeError(f"the request has {len(body)} bytes, more than {limit}")
        document = parse(body)
        if not isinstance(document, dict) or document.get("input") is None:
            raise InvalidInputError("the request must be a JSON object with input")
        webhook = document.get("webhook")
        if webhook is not None and not str(webhook).startswith(("http://", "https://")):
            raise InvalidInputError("webhook must be a web address")
        policy = read_policy(document.get("policy"))
        job = self._endpoint.jobs.submit(document["input"], policy, sync=sync, webhook=webhook)
        self._endpoint.bell.ring()
        return job

    def _with_job(self, request: Request, answer: Callable[[Job], dict[str, Any]]) -> Response:
        job = self._endpoint.jobs.find(request.path_params["job"])
        return problem(404, "job not found") if job is None else JSONResponse(answer(job))
