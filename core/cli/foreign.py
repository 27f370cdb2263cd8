"""`foreign`: the test sets of other people on which networks are tried, and getting one onto this machine."""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.config import Settings
from core.datasets.cache import prepare_entry
from core.datasets.samples import place_of
from core.foreign import FOREIGN


def add_commands(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("foreign", help="list the foreign test sets, or fetch one")
    parser.add_argument("--fetch", metavar="NAME", help="get this set from the mirror or its source first")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=list_foreign)


def list_foreign(arguments: argparse.Namespace) -> int:
    """Print one line per foreign set and data set that it is for."""
    settings = Settings.from_environment()
    if arguments.fetch is not None:
        prepare_entry(FOREIGN[arguments.fetch].data, settings)
    rows = [
        {
            "name": entry.name,
            "label": entry.label,
            "for": dataset,
            "correspondence": use.correspondence,
            "zero_shot": use.zero_shot,
            "place": place_of(entry.data, settings),
            "licence": entry.data.licence,
        }
        for entry in FOREIGN.values()
        for dataset, use in entry.uses.items()
    ]
    if arguments.json:
        print(json.dumps({"foreign": rows}))
        return 0
    for row in rows:
        how = "as it is" if row["zero_shot"] else "probe only"
        print(f"{row['name']:<14} for {row['for']:<14} {how:<11} {row['place']:<9} {row['label']}")
    return 0
