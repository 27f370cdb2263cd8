"""`python -m tests.emulator --handler FILE`: an emulated RunPod endpoint to try the program with, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from tests.emulator import Clock, Emulator


def main() -> int:
    """Exit code 0 when it was ended by Ctrl-C or SIGTERM."""
    arguments = _arguments()
    env = dict(arguments.env) | {name: os.environ[name] for name in arguments.pass_env if name in os.environ}
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Emulator(
        arguments.handler,
        workers=arguments.workers,
        env=env,
        api_key=arguments.key,
        endpoint_id=arguments.endpoint,
        port=arguments.port,
        clock=Clock(arguments.scale),
        min_workers=arguments.min_workers,
        cold_start=arguments.cold_start,
        idle_timeout=arguments.idle_timeout,
    ) as emulator:
        print(f"emulated RunPod: {emulator.url} endpoint {emulator.endpoint_id}, key {emulator.api_key}")
        print(f"workers: up to {arguments.workers}, each runs {arguments.handler}; their logs: {emulator.folder}")
        print(f'trouble: curl -d \'{{"match": "status", "http": 502}}\' {emulator.admin_url}/fault', flush=True)
        ended.wait()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--handler", type=Path, default=Path("runpod_handler/handler.py"), help="the worker's program")
    parser.add_argument("--port", type=int, default=8990, help="of 127.0.0.1; 0: any free one")
    parser.add_argument("--workers", type=int, default=2, help="at most")
    parser.add_argument("--min-workers", type=int, default=0, help="kept running without jobs")
    parser.add_argument("--key", default="rpa_EMULATED", help="the API key that clients must send")
    parser.add_argument("--endpoint", default="emulated", help="the endpoint's id")
    parser.add_argument("--env", type=_pair, action="append", default=[], metavar="NAME=VALUE", help="for the workers")
    parser.add_argument("--pass-env", action="append", default=[], metavar="NAME", help="a variable to hand on")
    parser.add_argument("--scale", type=float, default=1.0, help="how much faster than the wall's its clock runs")
    parser.add_argument("--cold-start", type=float, default=0.0, help="seconds before a worker starts")
    parser.add_argument("--idle-timeout", type=float, default=60.0, help="seconds after which an idle worker stops")
    arguments = parser.parse_args()
    if not arguments.handler.is_file():
        parser.error(f"there is no handler {arguments.handler}")
    return arguments


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not name or not mark:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


if __name__ == "__main__":
    raise SystemExit(main())
