"""`import` and `remove-dataset`: bring one's own images or texts, and take them away again."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.config import Settings
from core.dataset_removal import remove_dataset
from core.errors import InvalidInputError
from core.importing.importer import commit, discard, stage
from core.importing.options import COLOURS, RESIZES, ImportLimits, ImportOptions
from core.importing.report import ImportReport
from core.records import to_dict
from core.store import Store

_SHOWN_CLASSES, _SHOWN_PROBLEMS = 20, 10


def add_commands(commands: Any) -> None:
    """Add both commands. Defaults stay with ImportOptions: an option left out is not passed on."""
    parser = commands.add_parser("import", help="bring your own images (ZIP or folder) or texts (CSV, TSV, Parquet)")
    parser.add_argument("source", metavar="SOURCE", type=Path, help="class folders of PNG or JPEG images, or a table")
    parser.add_argument("--name", required=True, help="name of the data set: lower-case letters, digits and '_'")
    parser.add_argument("--label", help="name for people; default: the name")
    parser.add_argument("--side", type=int, help="pixels per side; default: the median of the images, at most 64")
    parser.add_argument("--colour", help=" | ".join(COLOURS))
    parser.add_argument("--resize", help=" | ".join(RESIZES))
    parser.add_argument("--text-column", metavar="C", help="column that holds the texts")
    parser.add_argument("--label-column", metavar="C", help="column that holds the labels")
    parser.add_argument("--drop-small-classes", action="store_true", help="leave out classes with too few rows")
    parser.add_argument("--replace", action="store_true", help="replace your own data set of this name")
    parser.add_argument("--check", action="store_true", help="only read and report, keep nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=import_data)
    parser = commands.add_parser("remove-dataset", help="delete the rows of a data set of your own")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=remove)


def import_data(arguments: argparse.Namespace) -> int:
    """Check the data, print the report, and keep the data unless that was not wanted. Exit code 2: unusable."""
    options, settings = build_options(arguments), Settings.from_environment()
    with tqdm(total=0, file=sys.stderr, desc="import", bar_format="{desc} |{bar:24}| {percentage:3.0f}%") as bar:

        def show(done: int, total: int, note: str) -> None:
            bar.set_description_str(note, refresh=False)
            bar.total = max(total, 1)
            bar.n = done
            bar.update(0)

        staged = stage(arguments.source, options, settings, show)
    try:
        kept = staged.report.usable and not arguments.check
        content_hash = commit(staged, settings).content_hash if kept else None
    finally:
        discard(staged)
    if arguments.json:
        document = {"dataset": options.name, "imported": kept, "content_hash": content_hash}
        print(json.dumps(document | {"report": to_dict(staged.report)}))
    else:
        print(describe(staged.report))
        if kept:
            print(f"imported as {options.name}; train on it with: python -m core optimize --dataset {options.name}")
        elif staged.report.usable:
            print("checked only, nothing was kept; leave out --check to import it")
    return 0 if staged.report.usable else 2


def remove(arguments: argparse.Namespace) -> int:
    """Delete a custom data set, after asking."""
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise InvalidInputError(
                f"removing {arguments.name!r} cannot be undone; add --yes to do it without being asked"
            )
        print(
            f"Delete the rows of {arguments.name!r}? Files of its runs stay. [y/N] ",
            end="",
            file=sys.stderr,
            flush=True,
        )
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            print("nothing was removed", file=sys.stderr)
            return 1
    settings = Settings.from_environment()
    remove_dataset(arguments.name, Store(settings), settings)
    print(json.dumps({"removed": arguments.name}) if arguments.json else f"removed {arguments.name}")
    return 0


def build_options(arguments: argparse.Namespace) -> ImportOptions:
    """Turn the words into options; the first wrong value raises InvalidInputError."""
    wanted = {
        "label": arguments.label,
        "image_side": arguments.side,
        "colour": arguments.colour,
        "resize": arguments.resize,
        "text_column": arguments.text_column,
        "label_column": arguments.label_column,
    }
    return ImportOptions(
        name=arguments.name,
        drop_small_classes=arguments.drop_small_classes,
        replace_existing=arguments.replace,
        limits=ImportLimits.from_environment(),
        **{name: value for name, value in wanted.items() if value is not None},
    )


def describe(report: ImportReport) -> str:
    """Write a report for people."""
    lines = [
        f"{report.source}: {report.rows:,} usable {'images' if report.kind == 'image' else 'texts'}",
        *_facts(report),
    ]
    width = max((len(name) for name in report.class_counts), default=0)
    shown = list(report.class_counts.items())[:_SHOWN_CLASSES]
    lines += [f"  {name:<{width}}  {count:>9,}" for name, count in shown]
    if len(report.class_counts) > len(shown):
        lines.append(f"  and {len(report.class_counts) - len(shown):,} more classes")
    if report.unreadable:
        lines.append(f"not usable: {report.unreadable:,}")
        lines += [f"  {one.name}: {one.reason}" for one in report.unreadable_examples[:_SHOWN_PROBLEMS]]
    lines += [f"note: {remark}" for remark in report.remarks]
    lines += [f"error: {error}" for error in report.errors]
    return "\n".join(lines)


def _facts(report: ImportReport) -> list[str]:
    facts = []
    if report.widths and report.heights:
        sizes = " x ".join(f"{low}-{high} (median {middle})" for low, middle, high in (report.widths, report.heights))
        facts.append(f"  sizes {sizes} pixels, kept as {' x '.join(map(str, report.shape))}")
    if report.text_column is not None:
        facts.append(f"  texts from column {report.text_column!r}, labels from column {report.label_column!r}")
    if report.lengths is not None:
        low, middle, high = report.lengths
        facts.append(
            f"  {low} to {high} words (median {middle}, 5 % are longer), {report.vocabulary:,} different words"
        )
    counts = {"ignored": report.ignored, "repeated": report.duplicates, "contradicting": report.conflicting}
    found = [f"{count:,} {what}" for what, count in counts.items() if count]
    return facts + ([f"  {', '.join(found)}"] if found else [])
