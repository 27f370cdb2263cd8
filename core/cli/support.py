"""`support`: one ZIP file with what is needed to help somebody, and nothing secret."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.config import Settings
from core.errors import LabError
from core.store import Store
from core.support_bundle import build_bundle


def add_commands(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("support", help="write versions, settings without secrets, run list and logs to a ZIP")
    parser.add_argument("--output", required=True, metavar="FILE", help="the ZIP file to write")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=support)


def support(arguments: argparse.Namespace) -> int:
    """Write the bundle, also when the database cannot be opened: that may be what help is needed for."""
    settings, target = Settings.from_environment(), Path(arguments.output)
    try:
        store: Store | LabError = Store(settings)
    except LabError as error:
        store = error
    try:
        target.write_bytes(build_bundle(settings, store))
    except OSError as error:
        raise LabError(f"{target} cannot be written ({error.strerror}); choose another file for --output") from None
    size = target.stat().st_size
    if arguments.json:
        print(json.dumps({"file": str(target), "bytes": size}))
    else:
        print(f"{target}: {size:,} bytes; look through it before you hand it on")
    return 0
