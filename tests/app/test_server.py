"""The server's own routes, and what happens when it starts and shuts down."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from starlette.testclient import TestClient

from app.door.locks import locks
from app.mounts.tensorboard import boards
from app.server import app, lifespan
from app.state import run_service
from core.config import OptimizationConfig
from core.errors import RunStateError
from core.service import RunService


def live(meanwhile: Callable[[], None]) -> None:
    """Go through the server's life, with `meanwhile` between its start and its end."""

    async def life() -> None:
        async with lifespan(app):
            meanwhile()

    anyio.run(life)


def test_routes_share_the_port(service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MHL_ALLOW_OPEN", "1")  # nobody set server.address
    locks.cache_clear()
    with TestClient(app) as client:  # once only: Streamlit's runtime cannot be started a second time
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert client.get("/_stcore/health").text == "ok"
        assert client.get("/optuna/api/studies").json() == {"study_summaries": []}
        assert client.get("/tensorboard/nobody/").status_code == 404
        page = client.get("/exploration")
        assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    locks.cache_clear()


def test_shutting_down_closes_the_run_service(service: RunService) -> None:
    def check() -> None:
        assert run_service() is service

    live(check)
    with pytest.raises(RunStateError, match="shutting down"):
        service.start(OptimizationConfig(run_name="late"))


def test_shutting_down_ends_the_tensorboards(service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    monkeypatch.setattr(boards, "close", lambda: ended.append(True))
    live(lambda: ended.append(False))
    assert ended == [False, True]


def test_a_broken_database_does_not_keep_the_server_down(
    service: RunService, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MHL_DATABASE_URL", "nonsense")
    run_service.clear()
    reached: list[bool] = []
    live(lambda: reached.append(True))
    assert reached == [True]
    assert "MHL_DATABASE_URL" in caplog.text
