"""Images in class folders -> x.npy and y.npy in the staging folder, with the report of what was found."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from core.importing.image_rows import ImageRows
from core.importing.layout import class_names, places
from core.importing.options import SMALLEST_SIDE, ImportOptions
from core.importing.pictures import Picture, decode, header_size
from core.importing.problems import Unusable
from core.importing.report import ImportReport
from core.importing.staging import Watch
from core.importing.tree import Inventory, Member, Tree

_LARGEST_DEFAULT_SIDE = 64
_SIZED = 5_000  # images, evenly spread, whose sizes decide about the side
_HEAD_BYTES = 1 << 16  # of a file in which its size is looked for
_CHUNK = 16  # images per task: small ones are decoded faster than a task is handed over


def stage_images(tree: Tree, source: str, options: ImportOptions, folder: Path, watch: Watch) -> ImportReport:
    """Read all images of `tree`, write the arrays of the usable ones into `folder`, and return the report.

    Raises InvalidInputError for a source that exceeds a limit, DataUnavailableError for a full disk, ImportStopped.
    """
    watch.step(0, 0, "looking through the files")
    found = tree.inventory()
    placed = places([member.path for member in found.members])
    members, folders, parts = [], [], []
    for member, (part, name) in zip(found.members, placed, strict=True):
        if name is None:
            found.problems.add(member.name, "not inside a class folder")
        else:
            members.append(member)
            folders.append(name)
            parts.append(part or "")
    if not members:
        return _nothing(source, found)
    side = options.image_side or _default_side(tree, members, watch)
    names = class_names(set(folders))
    number = {raw: label for label, raw in enumerate(names)}
    with ImageRows(folder, side, options) as rows:
        for done, (at, picture) in enumerate(_pictures(tree, members, side, options), 1):
            watch.step(done, len(members), "reading images")
            if isinstance(picture, Picture):
                rows.add(picture, number[folders[at]], parts[at])
            else:
                found.problems.add(members[at].name, picture)
    return rows.report(source, list(names.values()), found) if rows.labels else _nothing(source, found)


def _nothing(source: str, found: Inventory) -> ImportReport:
    why = f" ({found.problems.reasons()})" if found.problems.count else ""
    return ImportReport(
        kind="image",
        source=source,
        rows=0,
        class_counts={},
        unreadable=found.problems.count,
        unreadable_examples=tuple(found.problems.examples),
        ignored=found.ignored,
        errors=(
            f"{source} holds no usable image{why}: bring PNG or JPEG files, those of each class in a folder of their "
            "own. Texts are brought as one CSV, TSV or Parquet file",
        ),
    )


def _default_side(tree: Tree, members: Sequence[Member], watch: Watch) -> int:
    """Return the median of the shorter sides (of at most 5,000 images), 8 to 64, rounded to a multiple of 4."""
    chosen = members[:: -(-len(members) // _SIZED)]
    shorter = []
    for done, member in enumerate(chosen):
        watch.step(done, len(chosen), "looking at sizes")
        try:
            size = header_size(tree.read(member, _HEAD_BYTES))
        except Unusable:  # it is counted when it is read
            continue
        if size is not None:
            shorter.append(min(size))
    median = float(np.median(shorter)) if shorter else SMALLEST_SIDE
    return int(np.clip(round(median / 4) * 4, SMALLEST_SIDE, _LARGEST_DEFAULT_SIDE))


def _pictures(
    tree: Tree, members: Sequence[Member], side: int, options: ImportOptions
) -> Iterator[tuple[int, Picture | str]]:
    """Yield every member's picture, or why there is none, in order; read and decoded by as many threads as cores."""

    def work(first: int) -> list[tuple[int, Picture | str]]:
        return [
            (at, _picture(tree, members[at], side, options)) for at in range(first, min(first + _CHUNK, len(members)))
        ]

    threads = min(os.cpu_count() or 1, 4)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="import")
    waiting: deque[Future[list[tuple[int, Picture | str]]]] = deque()
    try:
        for first in range(0, len(members), _CHUNK):
            waiting.append(pool.submit(work, first))
            if len(waiting) > 2 * threads:  # bounds the memory, however slow the disk is
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _picture(tree: Tree, member: Member, side: int, options: ImportOptions) -> Picture | str:
    try:
        return decode(tree.read(member), side, options.resize, options.limits.max_pixels)
    except Unusable as error:
        return str(error)
