"""How a test from another process turns the emulator: faults, knobs, the clock. RunPod has nothing of this."""

from __future__ import annotations

import dataclasses
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import InvalidInputError
from core.records import from_dict, to_dict
from tests.emulator.endpoint import Endpoint, parse, problem
from tests.emulator.faults import Fault


class AdminApi:
    """The routes below /_admin/. They need no key: the emulator listens on this machine only."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def routes(self) -> list[Route]:
        return [
            Route("/fault", self.fault, methods=["POST"]),
            Route("/fault", self.clear, methods=["DELETE"]),
            Route("/knobs", self.knobs, methods=["POST"]),
            Route("/clock", self.clock, methods=["POST"]),
            Route("/kill/{worker}", self.kill, methods=["POST"]),
            Route("/state", self.state, methods=["GET"]),
        ]

    async def fault(self, request: Request) -> Response:
        """Take one fault, such as {"match": "status", "http": 502, "times": 2}."""
        try:
            self._endpoint.faults.add(from_dict(Fault, parse(await request.body())))
        except InvalidInputError as error:
            return problem(400, str(error))
        return JSONResponse({"waiting": self._endpoint.faults.left()})

    async def clear(self, request: Request) -> Response:
        self._endpoint.faults.clear()
        return JSONResponse({"waiting": 0})

    async def knobs(self, request: Request) -> Response:
        """Turn knobs, such as {"throttled": 2}, and tell all."""
        try:
            changes = parse(await request.body())
            if not isinstance(changes, dict):
                raise InvalidInputError("knobs must be a JSON object")
            self._endpoint.knobs.change(changes)
        except InvalidInputError as error:
            return problem(400, str(error))
        self._endpoint.bell.ring()
        return JSONResponse(to_dict(self._endpoint.knobs))

    async def clock(self, request: Request) -> Response:
        """Jump ahead: {"advance": seconds}."""
        try:
            self._endpoint.clock.advance(float(parse(await request.body())["advance"]))
        except (InvalidInputError, TypeError, KeyError, ValueError):
            return problem(400, 'the clock takes {"advance": seconds}')
        self._endpoint.bell.ring()
        return JSONResponse({"now": self._endpoint.clock.now()})

    async def kill(self, request: Request) -> Response:
        """Take a worker's machine away."""
        name = request.path_params["worker"]
        if name not in self._endpoint.pool.ids():
            return problem(404, "no such worker")
        self._endpoint.pool.kill(name)
        return JSONResponse({"killed": name})

    async def state(self, request: Request) -> Response:
        return JSONResponse(snapshot(self._endpoint))


def snapshot(endpoint: Endpoint) -> dict[str, Any]:
    """Return all jobs, the workers, and what came too late."""
    return {
        "jobs": [job.view() for job in endpoint.jobs.all()],
        "workers": endpoint.pool.ids(),
        "late": [dataclasses.asdict(post) for post in endpoint.jobs.late],
        "lost_webhooks": list(endpoint.lost_webhooks),
        "faults_waiting": endpoint.faults.left(),
        "faults_used": endpoint.faults.used,
    }
