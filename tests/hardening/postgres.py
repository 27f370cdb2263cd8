"""A PostgreSQL server of one's own in a temporary folder, as teams use it: with passwords."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg import sql


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs; skips the test where there is none."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    if found is None:
        pytest.skip("no PostgreSQL: install Debian's package postgresql")
    return Path(found).parent


class Cluster:
    """A server on a free port of this machine. It refuses root, so for root it runs as another user.

    Its folder is not one of pytest's: every session of pytest takes those away from other users.
    """

    def __init__(self) -> None:
        self._bin = binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="mhl-postgresql-"))
        self._data = self._folder / "data"
        self.password = secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        secret = self._folder / "password"
        secret.write_text(self.password)
        self._as: list[str] = []
        if os.geteuid() == 0:
            user = _unprivileged()
            self._as = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            for path in (self._folder, secret):
                os.chown(path, user.pw_uid, user.pw_gid)
        self._do("initdb", "-D", self._data, "-U", "lab", f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync")

    def address(self, database: str = "lab", password: str | None = None) -> str:
        """Return what MHL_DATABASE_URL would be."""
        return f"postgresql+psycopg://lab:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._do("pg_ctl", "-D", self._data, "-w", "-l", self._folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """End it at once, as a crash would."""
        self._do("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def remove(self) -> None:
        """End it if it runs, and take all of it away."""
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self._folder)

    def create(self, database: str) -> str:
        """Make an empty database and return its address."""
        place = self.address("postgres").replace("+psycopg", "")
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.address(database)

    def _do(self, program: str, *words: object) -> None:
        command = [*self._as, str(self._bin / program), *map(str, words)]
        # No pipes: a server that goes on would hold them open.
        with (self._folder / f"{program}.out").open("ab") as output:
            done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {(self._folder / f'{program}.out').read_text()}")


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no other user")
