"""`python -m tests.emulator.demo`: the app with an emulated RunPod endpoint and a bucket, until Ctrl-C.

The workers are real: they run `runpod_handler/handler.py` with RunPod's own library, see nothing of this machine's
environment, and exchange files with the app over a real S3 server only.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from tests.emulator import Emulator
from tests.emulator.guard import Guard
from tests.storage.rclone import RcloneServer, free_port

ROOT = Path(__file__).resolve().parents[2]
HANDLER = ROOT / "runpod_handler" / "handler.py"
_LOOK = 0.5  # seconds between two looks whether the app still runs
_APP_SECONDS = 60.0  # for the app's own end: it books what it has submitted
_FOREIGN = ("RUNPOD_", "BUCKET_", "AWS_")  # nobody's real account gets into the demo


def main() -> int:
    """Exit code 0 when it was ended by Ctrl-C or SIGTERM, 1 when the app ended by itself."""
    arguments = _arguments()
    over = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        guard = Guard()  # ends the others should this process be killed
        stack.callback(guard.close)
        bucket = RcloneServer(folder / "s3")
        stack.callback(bucket.close)
        guard.started(bucket.group)
        emulator = stack.enter_context(
            Emulator(
                HANDLER,
                workers=arguments.workers,
                min_workers=arguments.min_workers,
                idle_timeout=300.0,
                port=arguments.endpoint_port,
                env=bucket.environ | {"MHL_WORKER_CACHE": str(folder / "worker-cache")},
            )
        )
        port = arguments.port or free_port()
        app = stack.enter_context(_app(port, app_environment(emulator, bucket, folder), folder / "app.log", guard))
        print(_welcome(port, emulator, bucket, folder, arguments.workers), flush=True)
        while not over.wait(_LOOK):
            if app.poll() is not None:
                print(f"the app ended with exit code {app.returncode}; see {folder / 'app.log'}", file=sys.stderr)
                return 1
        print("ending the app, the workers and the bucket", flush=True)
    return 0


def app_environment(emulator: Emulator, bucket: RcloneServer, folder: Path) -> dict[str, str]:
    """Return the environment of an app that knows this endpoint and this bucket, and keeps its things in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    own = {
        "RUNPOD_API_KEY": emulator.api_key,
        "RUNPOD_ENDPOINT_ID": emulator.endpoint_id,
        "RUNPOD_API_URL": emulator.url,
        "MHL_DATA_DIR": str(folder / "data"),
        "MHL_RESULTS_DIR": str(folder / "results"),
    }
    return kept | own | bucket.environ


@contextmanager
def _app(port: int, environment: Mapping[str, str], log: Path, guard: Guard) -> Iterator[subprocess.Popen[bytes]]:
    """Start the app in a session of its own, so that Ctrl-C is told to it once, and end it with all its workers."""
    command = [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.address", "127.0.0.1"]
    command += ["--server.port", str(port), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    with log.open("wb") as output:
        app = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    guard.started(app.pid)
    try:
        yield app
    finally:
        app.terminate()
        with suppress(subprocess.TimeoutExpired):
            app.wait(_APP_SECONDS)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(app.pid, signal.SIGKILL)
        app.wait()
        guard.ended(app.pid)


def _welcome(port: int, emulator: Emulator, bucket: RcloneServer, folder: Path, workers: int) -> str:
    admin = emulator.admin_url
    return f"""
The app:        http://127.0.0.1:{port}
                Choose RunPod under 'Where it trains', press Start.
The endpoint:   {emulator.url}/{emulator.endpoint_id}, key {emulator.api_key}
Its workers:    up to {workers}, started with the first jobs; logs: {emulator.folder}/*/worker.log
The bucket:     {bucket.config.endpoint_url}/{bucket.config.bucket}, its objects are files: {bucket.root}
The app's data: {folder}, its log: {folder / "app.log"}

Trouble, while a run trains:
  the next two looks at a job fail      curl -d '{{"match": "status", "http": 502, "times": 2}}' {admin}/fault
  the service is down until DELETE      curl -d '{{"match": "*", "http": 503, "times": null}}' {admin}/fault
  a job is taken, its id never told     curl -d '{{"match": "run", "drop": true, "after_accept": true}}' {admin}/fault
  the key is refused until DELETE       curl -d '{{"match": "*", "http": 401, "times": null}}' {admin}/fault
  end of all faults                     curl -X DELETE {admin}/fault
  no machine is free (0: there is)      curl -d '{{"throttled": {workers}}}' {admin}/knobs
  jobs, workers, faults                 curl {admin}/state
  a worker's machine is lost            curl -X POST {admin}/kill/NAME
Ctrl-C ends all of it.
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8501, help="of the app; 0: any free one")
    parser.add_argument("--endpoint-port", type=int, default=8990, help="of the emulated RunPod; 0: any free one")
    parser.add_argument("--workers", type=int, default=2, help="at most")
    parser.add_argument("--min-workers", type=int, default=0, help="kept running without jobs")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="for everything that is kept")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
