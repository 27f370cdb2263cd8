"""`datasets` and `fetch`: what there is to learn from, and getting it onto this machine."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from tqdm import tqdm

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import is_cached, prepare


def add_commands(commands: Any) -> None:
    """Add both commands."""
    parser = commands.add_parser("datasets", help="list the data sets and whether they are on this machine")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=list_datasets)
    parser = commands.add_parser("fetch", help="get a data set from the mirror or its official source")
    parser.add_argument("dataset", metavar="D")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=fetch)


def list_datasets(arguments: argparse.Namespace) -> int:
    """Print one line per data set."""
    settings = Settings.from_environment()
    rows = [
        {
            "name": entry.name,
            "label": entry.label,
            "kind": entry.kind,
            "classes": entry.classes,
            "shape": list(entry.shape),
            "cached": is_cached(entry.name, settings),
            "default_batch_size": entry.default_batch_size,
        }
        for entry in DATASETS.values()
    ]
    if arguments.json:
        print(json.dumps({"datasets": rows}))
        return 0
    for row in rows:
        state = "ready" if row["cached"] else "to fetch"
        print(f"{row['name']:<15} {row['kind']:<6} {row['classes']:>3} classes  {state:<9} {row['label']}")
    return 0


def fetch(arguments: argparse.Namespace) -> int:
    """Prepare a data set, with a bar for what is downloaded."""
    entry = DATASETS[arguments.dataset]
    with tqdm(total=0, unit="B", unit_scale=True, file=sys.stderr, desc=entry.name) as bar:

        def show(done: int, total: int | None, file: str) -> None:
            bar.set_description_str(file, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        dataset = prepare(entry.name, Settings.from_environment(), show)
    rows = len(dataset.labels())
    if arguments.json:
        print(json.dumps({"dataset": entry.name, "rows": rows, "content_hash": dataset.content_hash}))
    else:
        print(f"{entry.name}: {rows:,} rows ready in {dataset.folder}")
    return 0
