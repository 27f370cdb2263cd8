"""The proof itself, see prove_recipe.sh: make the image, run it, train, stop it, and go on where it was."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from deploy.chroot_image import Image, build
from tests.deploy.streamlit_client import visit

REPOSITORY = Path(__file__).resolve().parents[1]
# As compose.yaml: root read-only, /tmp in memory, volumes, no capabilities, no new ones. `exec` to the end, so that
# the image's command is process 1.
RUN = """
set -e
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs tmpfs "$ROOT/tmp"
for volume in $VOLUMES; do mount --bind "$STORE$volume" "$ROOT$volume"; done
exec chroot "$ROOT" /usr/bin/setpriv --reuid="${OWNER%:*}" --regid="${OWNER#*:}" --clear-groups --no-new-privs \
  --inh-caps=-all --bounding-set=-all /usr/bin/env --ignore-environment --chdir="$FOLDER" "$@"
"""
STOP_SECONDS = 10.0


class Container:
    """An image with its volumes on this machine."""

    def __init__(self, image: Image, store: Path, **environment: str) -> None:
        self.image, self.store = image, store
        self.environment = image.environment | {"HOME": "/tmp"} | environment
        uid, gid = map(int, image.user.split(":"))
        for volume in image.volumes:
            folder = store / volume.lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, uid, gid)

    def start(self, command: list[str], stderr: int | None = None) -> subprocess.Popen[str]:
        """Run a command in the container; in one of its own, since there is no engine to enter one that runs."""
        settings = {"ROOT": str(self.image.root), "STORE": str(self.store), "VOLUMES": " ".join(self.image.volumes)}
        settings |= {"OWNER": self.image.user, "FOLDER": self.image.folder}
        inside = [f"{name}={value}" for name, value in self.environment.items()]
        return subprocess.Popen(
            ["unshare", "--fork", "--pid", "--mount", "--kill-child", "bash", "-c", RUN, "bash", *inside, *command],
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *command: str) -> str:
        """Run a command to its end and return what it printed. Raises RuntimeError when it failed."""
        process = self.start(list(command))
        out, _ = process.communicate(timeout=600)
        if process.returncode != 0:
            raise RuntimeError(f"{command} ended with {process.returncode}")
        return out

    @contextlib.contextmanager
    def serve(self) -> Iterator[subprocess.Popen[str]]:
        """Run the image's own command until its health check is content."""
        process = self.start(self.image.command)
        try:
            self._await_health(process)
            yield process
        finally:
            process.kill()  # the rest dies with it
            process.wait()

    def _await_health(self, process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end and process.poll() is None:
            if self.healthy():
                return
            time.sleep(1)
        raise RuntimeError("the health check was never content")

    def healthy(self) -> bool:
        """Ask as the HEALTHCHECK does."""
        process = self.start(self.image.health, stderr=subprocess.DEVNULL)
        process.communicate(timeout=60)
        return process.returncode == 0


def prove(image: Image, work: Path) -> None:
    """Train, serve, stop and resume in containers of the image, or raise."""
    port = str(_free_port())
    # Open to everybody, on purpose and from outside: the image itself must not be.
    container = Container(image, work / "volumes", STREAMLIT_SERVER_PORT=port, MHL_ALLOW_OPEN="1")
    say("who runs", container.run("id").strip())
    refused = Container(image, work / "volumes", STREAMLIT_SERVER_PORT=port).start(image.command).wait(120)
    say("exit code without a password", refused)
    healthy = container.healthy()
    say("health check of a server that does not run", healthy)
    assert refused != 0 and not healthy
    options = "--dataset digits --trials 1 --epochs 1 --name first --json"
    done = json.loads(container.run("python", "-m", "core", "optimize", *options.split()))
    say("trained by the command line", done["trials"])
    assert done["trials"]["completed"] == 1
    with container.serve() as process:
        say("serves", f"{container.image.command} as {_first_child(process).uids().real}")
        _start_run(f"http://127.0.0.1:{port}")
        _await_trial(container)
        seconds, code = _stop(process)
        say("stopped by SIGTERM", f"after {seconds:.1f} s with exit code {code}")
        assert seconds < STOP_SECONDS and code in (0, 128 + signal.SIGTERM)
    before = _shown(container)
    say("left behind", f"{before['status']}: {before['phase']}; {_states(before)}")
    assert before["status"] == "stopped" and "completed" in _states(before)
    container.run("python", "-m", "core", "resume", before["run_name"], "--json")
    after = _shown(container)
    say("resumed", f"{after['status']}; {_states(after)}")
    assert after["status"] == "completed" and after["trials"][0] == before["trials"][0]
    say("log", (container.store / "results/logs/lab.log").read_text().strip())
    print("PROVED", flush=True)


def say(what: str, value: object) -> None:
    """Print a finding."""
    print(f"** {what}: {value}", flush=True)


def _start_run(address: str) -> None:
    with visit(address, "view=setup&data=digits&n=4&epochs=8&workers=1", open_timeout=30) as visitor:
        visitor.draw(timeout=120)
        visitor.press("Start")


def _await_trial(container: Container) -> None:
    """Wait until the run of the server has stored a trial and trains the next."""
    results = container.store / "results" / "runs"
    end = time.monotonic() + 300
    while time.monotonic() < end:
        if list(results.glob("digits_*/trials/trial_1/*")):
            return
        time.sleep(0.2)
    raise RuntimeError("no trial was trained")


def _stop(process: subprocess.Popen[str]) -> tuple[float, int]:
    """Signal process 1 of the container as an engine does."""
    began = time.monotonic()
    _first_child(process).send_signal(signal.SIGTERM)
    code = process.wait(timeout=60)
    return time.monotonic() - began, code


def _first_child(process: subprocess.Popen[str]) -> psutil.Process:
    return psutil.Process(process.pid).children()[0]


def _shown(container: Container) -> dict[str, object]:
    name = json.loads(container.run("python", "-m", "core", "runs", "--json"))["runs"][0]["run_name"]
    return json.loads(container.run("python", "-m", "core", "show", name, "--json"))


def _states(run: dict[str, object]) -> str:
    return ", ".join(re.findall(r"'state': '(\w+)'", str(run["trials"])))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    place = Path(sys.argv[1])
    prove(build(REPOSITORY, place / "base", place, {"GPU": os.environ.get("GPU", "0")}), place)
