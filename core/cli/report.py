"""`report` and `run-report`: a study, or a single run, as a document to print and to keep."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.config import Settings, check_choice
from core.errors import LabError
from core.store import Store
from core.study_store import StudyStore

_PAPERS = ("A4", "Letter")


def add_commands(commands: Any) -> None:
    """Add both commands."""
    parser = commands.add_parser("report", help="write the PDF report of a study that was compared")
    parser.add_argument("name", metavar="STUDY")
    parser.set_defaults(run=report)
    _add_options(parser)
    parser = commands.add_parser("run-report", help="write a shorter report of a single run, as PDF or HTML")
    parser.add_argument("name", metavar="RUN")
    parser.add_argument("--html", action="store_true", help="a page for a browser instead of a PDF")
    parser.set_defaults(run=run_report)
    _add_options(parser)


def _add_options(parser: Any) -> None:
    parser.add_argument("--output", required=True, metavar="FILE", help="the file to write")
    parser.add_argument("--paper", default="A4", help=" | ".join(_PAPERS))
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def report(arguments: argparse.Namespace) -> int:
    """Write the report of a study."""
    from core.report.study_report import study_report

    check_choice("paper", arguments.paper, _PAPERS)
    settings = Settings.from_environment()
    store = Store(settings)
    return _write(arguments, study_report(settings, store, StudyStore(store.engine), arguments.name, arguments.paper))


def run_report(arguments: argparse.Namespace) -> int:
    """Write the report of a run."""
    from core.report.run_report import run_page
    from core.report.run_report import run_report as run_pdf

    check_choice("paper", arguments.paper, _PAPERS)
    settings = Settings.from_environment()
    store = Store(settings)
    if arguments.html:
        return _write(arguments, run_page(settings, store, arguments.name).encode())
    return _write(arguments, run_pdf(settings, store, arguments.name, arguments.paper))


def _write(arguments: argparse.Namespace, document: bytes) -> int:
    target = Path(arguments.output)
    try:
        target.write_bytes(document)
    except OSError as error:
        raise LabError(f"{target} cannot be written ({error.strerror}); choose another file for --output") from None
    if arguments.json:
        print(json.dumps({"file": str(target), "bytes": len(document)}))
    else:
        print(f"{target}: {len(document):,} bytes")
    return 0
