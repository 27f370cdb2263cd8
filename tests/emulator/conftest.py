"""An endpoint whose workers are made by hand: no processes, so that a test takes a fraction of a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator import Emulator
from tests.emulator.client import Client, HandWorker


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(poll_hold=0.2) as found:
        yield found


@pytest.fixture(scope="session")
def refusing() -> Iterator[Emulator]:
    """An endpoint for requests that are refused and so leave nothing behind: one for all tests."""
    with Emulator(poll_hold=0.2) as found:
        yield found


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return Client(emulator)


@pytest.fixture
def worker(emulator: Emulator) -> HandWorker:
    return HandWorker(emulator)
