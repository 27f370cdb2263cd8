"""A real study with all results, as it was stored: `python -m tests.report.stored STUDY` takes a new one.

What is stored once must be reported for ever, so its results are not made anew for every test.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from core.config import Settings
from core.records import to_dict
from core.store import Store
from core.study_store import StudyStore

FILE = Path(__file__).with_name("stored_study.json.gz")


def load() -> dict[str, Any]:
    """Return `config`, `results` and `openings`."""
    document: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes()))
    return document


def keep(name: str) -> None:
    """Write the study `name` of the lab that the environment names."""
    store = Store(Settings.from_environment())
    study = StudyStore(store.engine).study(name)
    document = {"config": to_dict(study.config), "results": study.results, "openings": list(study.openings)}
    FILE.write_bytes(gzip.compress(json.dumps(document).encode(), mtime=0))


if __name__ == "__main__":
    keep(sys.argv[1])
