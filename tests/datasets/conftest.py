"""Real data sets for the tests: digits always, the others from a mirror folder where there is one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.config import Settings
from core.datasets import DATASETS

REPOSITORY = Path(__file__).resolve().parents[2]


def settings_for(data_dir: Path, mirror: Path | None = None) -> Settings:
    """Return settings that keep their data in `data_dir`."""
    environ = {"MHL_DATA_DIR": str(data_dir), "MHL_RESULTS_DIR": str(data_dir / "results")}
    return Settings.from_environment(environ | ({"MHL_DATASET_MIRROR": str(mirror)} if mirror else {}))


def find_mirror() -> Path | None:
    """Return the mirror named by the environment, or the one beside the repository."""
    named = os.environ.get("MHL_DATASET_MIRROR")
    mirror = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return mirror if mirror.is_dir() else None


@pytest.fixture(scope="session")
def mirror() -> Path:
    found = find_mirror()
    if found is None:
        pytest.skip("no data set mirror: set MHL_DATASET_MIRROR")
    return found


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose cache the whole test session shares; tests that damage things use `settings`."""
    return settings_for(tmp_path_factory.mktemp("data"), find_mirror())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty cache and no mirror."""
    return settings_for(tmp_path / "data")


@pytest.fixture(params=sorted(DATASETS))
def name(request: pytest.FixtureRequest, lab: Settings) -> str:
    """Every registered data set; those that need files are skipped where no mirror holds them."""
    dataset = str(request.param)
    sets = DATASETS[dataset].file_sets
    here = lab.dataset_mirror
    if sets and not (here and any(all((here / file).is_file() for file in files) for files in sets)):
        pytest.skip("no data set mirror: set MHL_DATASET_MIRROR")
    return dataset


@dataclass
class FileServer:
    """A server on this machine: `files` by path, and which paths were asked for."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shared.asked.append(self.path)
            content = shared.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shared = FileServer(f"http://127.0.0.1:{http.server_address[1]}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield shared
    http.shutdown()
    thread.join()
    http.server_close()
