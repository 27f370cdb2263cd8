"""Real data sets for the tests: digits always, the others from a mirror folder where there is one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.config import Settings
from core.datasets import DATASETS


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
