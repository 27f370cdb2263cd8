"""The sample configuration in a real nginx, with TLS, before real servers: one at the root, one below /lab."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.deploy.streamlit_client import visit
from tests.e2e.harness import LabServer

NGINX, OPENSSL = shutil.which("nginx"), shutil.which("openssl")
pytestmark = [
    pytest.mark.skipif(not (NGINX and OPENSSL), reason="needs nginx and openssl: apt-get install nginx-light"),
    pytest.mark.xdist_group("nginx"),  # its servers start once
]
CONFIGURATION = (REPOSITORY / "deploy" / "nginx.conf").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Site:
    """One server block, as its visitors reach it. `base`: what stands before every path."""

    host: str
    port: int
    base: str
    trust: ssl.SSLContext

    def get(self, path: str) -> tuple[int, str, str]:
        """Return status, content type and body; the name in the certificate is looked at."""
        request = urllib.request.Request(f"https://localhost:{self.port}{path}")
        request.add_header("Host", f"{self.host}:{self.port}")
        handlers = [urllib.request.HTTPSHandler(context=self.trust), _Stay()]
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=30) as answer:
                return answer.status, answer.headers.get_content_type(), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("location", ""), error.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    folder = tmp_path_factory.mktemp("nginx")
    opened = {"MHL_ALLOW_OPEN": "1"}  # asked for by another name than localhost; the door has tests of its own
    for name in ("root", "below"):
        (folder / name).mkdir()
    root = LabServer(folder / "root", opened)
    below = LabServer(folder / "below", opened | {"STREAMLIT_SERVER_BASE_URL_PATH": "lab"})
    try:
        plain, secure = _free_ports(2)
        trust = _certificate(folder)
        process = _start(folder, plain, secure, root.port, below.port)
        try:
            root.wait_until_up()
            _wait_for(f"http://127.0.0.1:{below.port}/lab/healthz")
            yield {
                "/": Site("lab.example.org", secure, "", trust),
                "/lab/": Site("www.example.org", secure, "/lab", trust),
                "plain": Site("lab.example.org", plain, "", trust),
            }
        finally:
            process.terminate()
            process.wait(10)
    finally:
        root.kill()
        below.kill()


@pytest.mark.parametrize("at", ["/", "/lab/"])
def test_every_part_of_the_lab_is_reached(sites: dict[str, Site], at: str) -> None:
    site = sites[at]
    assert site.get(f"{site.base}/healthz") == (200, "application/json", '{"status":"ok"}')
    status, kind, page = site.get(f"{site.base}/exploration")
    assert (status, kind) == (200, "text/html") and "<title>Streamlit</title>" in page
    script = re.search(r'src="\.?/?([^"]*static/js/index[^"]*\.js)"', page)
    assert script is not None
    assert site.get(f"{site.base}/{script[1].removeprefix('lab/')}")[1] in ("text/javascript", "application/javascript")
    assert site.get(f"{site.base}/optuna")[:2] == (307, f"{site.base}/optuna/dashboard")
    assert f'src="{site.base}/optuna/bundle.js"' in site.get(f"{site.base}/optuna/dashboard")[2]
    assert site.get(f"{site.base}/optuna/api/studies")[2] == '{"study_summaries": []}'
    status, _, page = site.get(f"{site.base}/tensorboard/nobody/")
    assert status == 404 and "There is no such run" in page


@pytest.mark.parametrize("at", ["/", "/lab/"])
def test_pages_are_drawn_over_the_websocket(sites: dict[str, Site], at: str) -> None:
    """The page's origin is the proxy's name and port; a page of another name is turned away."""
    site = sites[at]
    address = f"https://{site.host}:{site.port}{site.base}"
    with (
        socket.create_connection(("127.0.0.1", site.port)) as plain,
        visit(address, ssl=site.trust, sock=plain, server_hostname="localhost") as visitor,
    ):
        visitor.draw()
    assert "Hyperparameter Exploration" in visitor.texts


def test_whoever_comes_without_tls_or_slash_is_sent_on(sites: dict[str, Site]) -> None:
    assert sites["/lab/"].get("/lab")[:2] == (301, "/lab/")
    with socket.create_connection(("127.0.0.1", sites["plain"].port)) as plain:
        plain.sendall(b"GET /study?run=x HTTP/1.1\r\nHost: lab.example.org\r\nConnection: close\r\n\r\n")
        answer = plain.makefile().read()
    assert " 301 " in answer and "Location: https://lab.example.org/study?run=x\n" in answer


def test_a_file_of_500_mb_may_come_in() -> None:
    size = re.search(r"^maxUploadSize = (\d+)", (REPOSITORY / ".streamlit/config.toml").read_text(), re.MULTILINE)
    assert size is not None and f"client_max_body_size    {size[1]}m;" in CONFIGURATION


def _start(folder: Path, plain: int, secure: int, root: int, below: int) -> subprocess.Popen[bytes]:
    """Start nginx with the sample, but for ports and the place of the certificate."""
    text = CONFIGURATION
    for old, new in {
        "127.0.0.1:8501": f"127.0.0.1:{root}",
        "127.0.0.1:8502": f"127.0.0.1:{below}",
        "listen      443 ssl": f"listen      127.0.0.1:{secure} ssl",
        "listen      80;": f"listen      127.0.0.1:{plain};",
        "/etc/nginx/tls/": f"{folder}/",
    }.items():
        assert old in text, f"{old} is no longer in deploy/nginx.conf"
        text = text.replace(old, new)
    (folder / "temporary").mkdir()
    paths = "".join(f"{kind}_temp_path {folder}/temporary/{kind}; " for kind in ("client_body", "proxy"))
    text = text.replace("http {", f"http {{ {paths} access_log off;", 1)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    assert NGINX is not None
    command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen([*command, "-g", f"daemon off; pid {folder}/pid;"])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", secure), timeout=1):
            return process
        time.sleep(0.05)
    raise RuntimeError(f"nginx did not start: {(folder / 'error.log').read_text()}")


def _certificate(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "privkey.pem", folder / "fullchain.pem"
    made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    names = [
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([str(OPENSSL), *made, *names], check=True, capture_output=True)
    return ssl.create_default_context(cafile=str(certificate))


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2) as answer:
            if answer.read() == b'{"status":"ok"}':
                return
        time.sleep(0.1)
    raise RuntimeError(f"{address} did not answer")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
