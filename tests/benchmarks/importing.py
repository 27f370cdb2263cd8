"""What an import costs: MNIST rows as PNG files in a ZIP and in a folder, and sentences in a CSV."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from core.config import Settings
from core.datasets import DATASETS
from core.importing.importer import commit, stage
from core.importing.options import ImportOptions
from tests.benchmarks.harness import Cell, Figure, in_turns, mirror, scratch_folder, spread, table, verdict, write

GOAL_SECONDS = 10.0  # for 10,000 images of 28 x 28
GOAL_MEMORY = 100.0  # MB that the import adds to the process at its height


def run(quick: bool) -> list[Figure]:
    """Print the table and return the figures."""
    if mirror() is None:
        print("  skipped: no mirror folder (MHL_DATASET_MIRROR)")
        return [Figure(name="import", value="skipped: no mirror folder")]
    rounds, images = (1, 2_000) if quick else (3, 10_000)
    with scratch_folder() as scratch:
        sources = _sources(scratch, images)
        kinds: dict[str, Cell] = {kind: {"source": str(source)} for kind, source in sources.items()}
        cells = in_turns("importing", scratch, kinds, rounds)
    rows, figures = [], []
    for kind, found in cells.items():
        seconds, memory = spread(found, "stage_seconds"), spread(found, "added_mb")
        rows.append(
            [
                kind,
                f"{found[0]['rows']:,}",
                f"{seconds:.2f}",
                f"{spread(found, 'commit_seconds'):.2f}",
                f"{spread(found, 'cpu_seconds'):.2f}",
                f"{memory:.0f}",
                f"{spread(found, 'peak_mb'):.0f}",
            ]
        )
        goal = GOAL_SECONDS if images == 10_000 and not kind.startswith("texts") else None
        met = None if goal is None else seconds.median <= goal
        figures.append(
            Figure(
                name=f"{kind}: read and check, s", value=f"{seconds:.2f}", goal=f"<= {goal:g}" if goal else "", met=met
            )
        )
        figures.append(
            Figure(
                name=f"{kind}: memory added, MB",
                value=f"{memory:.0f}",
                goal=f"<= {GOAL_MEMORY:g}",
                met=memory.median <= GOAL_MEMORY,
            )
        )
    table(["source", "rows", "read and check s", "keep s", "cpu s", "added MB", "peak MB"], rows)
    print(f"  {rounds} round(s); `added` is the process at its height less what the imported modules hold before.")
    print(f"  goals: {GOAL_SECONDS:g} s for 10,000 images, {GOAL_MEMORY:g} MB:", verdict(_all_met(figures)))
    write("importing", quick=quick, cells=cells, figures=figures)
    return figures


def cell(source: str) -> Cell:
    """Import one source in this process, whose memory is measured."""
    settings = Settings.from_environment()
    DATASETS.follow(settings.data_dir)
    before, busy, started = _peak_mb(), time.process_time(), time.perf_counter()
    staged = stage(Path(source), ImportOptions(name="bench", replace_existing=True), settings)
    staged_after = time.perf_counter()
    assert staged.report.usable and not staged.report.unreadable, staged.report
    cached = commit(staged, settings)
    ended = time.perf_counter()
    return {
        "rows": cached.rows,
        "stage_seconds": staged_after - started,
        "commit_seconds": ended - staged_after,
        "cpu_seconds": time.process_time() - busy,
        "peak_mb": _peak_mb(),
        "added_mb": _peak_mb() - before,
    }


def _all_met(figures: list[Figure]) -> bool:
    return all(figure.met is not False for figure in figures)


def _peak_mb() -> float:
    """The most memory that this program ever held, in MB.

    Not ru_maxrss: that of a child process begins at what its parent held.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def _sources(scratch: Path, images: int) -> dict[str, Path]:
    """Write real rows the way that people bring them."""
    folder = mirror()
    assert folder is not None
    with np.load(folder / "mnist" / "mnist.npz", allow_pickle=False) as stored:
        x, y = stored["x_train"][:images], stored["y_train"][:images]
    archive, files = scratch / "digits.zip", scratch / "digits"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for row, (image, label) in enumerate(zip(x, y, strict=True)):
            stream = io.BytesIO()
            Image.fromarray(image).save(stream, "PNG")
            name = f"{label}/{row}.png"
            target.writestr(name, stream.getvalue())
            (files / name).parent.mkdir(parents=True, exist_ok=True)
            (files / name).write_bytes(stream.getvalue())
    texts = scratch / "reviews.csv"
    with (folder / "sst2" / "train.tsv").open(encoding="utf-8", newline="") as tsv, texts.open("w", newline="") as out:
        csv.writer(out).writerows(csv.reader(tsv, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {"images in a ZIP": archive, "images in a folder": files, "texts in a CSV": texts}
