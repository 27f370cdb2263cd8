"""Do workers share the pages of the data? Time to the first batch, and whose memory the images are.

Two kinds of cell: plain reader processes that open the parts of a split and touch every row, and real trials of the
`LocalExecutor`. Memory is what the kernel says in /proc (Linux only), read while all processes of a cell hold all
rows: a page of a file counts as shared only while two processes have it mapped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets import DATASETS
from core.datasets.arrays import Arrays
from core.datasets.cache import prepare
from core.datasets.parts import Part, TrialData, open_parts
from core.datasets.split import prepare_split
from core.executors.local import LocalExecutor
from core.model_config import CnnConfig
from tests.benchmarks.harness import (
    ROOT,
    Cell,
    Figure,
    Spread,
    in_turns,
    mirror,
    scratch_folder,
    spread,
    table,
    verdict,
    write,
)
from tests.benchmarks.trials import TrialMaker

GOAL = 0.05  # share of the images' bytes that a reader may gain above what a reader of few rows gains
_SHARED_GOAL = 0.95  # of the images' bytes, with two readers
_BATCH = 128  # rows
_PARTS = ("train", "validation", "test")
_FEW = 200  # rows a part of the readers that the others are compared with: what a process needs for itself
_TIMES = 4  # the training rows are repeated so often for the trials that the others are compared with
_MODEL = CnnConfig(filters=(8,), dense_units=(16,), batch_normalization=False, dropout=0.0, batch_size=_BATCH)
_MB = 1e6
_POLL = 0.1  # seconds between two looks at a trial's memory
_ROLLUP = ("Rss", "Pss", "Private_Clean", "Private_Dirty", "Shared_Clean", "Shared_Dirty")


def run(quick: bool) -> list[Figure]:
    """Print the tables and return the figures."""
    if not Path("/proc/self/smaps_rollup").is_file():
        return [Figure(name="shared pages", value="not measured: this system has no /proc/<pid>/smaps_rollup")]
    names = _datasets()
    counts = {1: "1 process", 2: "2 processes"}
    readers = {f"{d}, {counts[n]}": {"kind": "reader", "dataset": d, "workers": n} for d in names for n in counts}
    trials = {f"{d}, {counts[n]}": {"kind": "trial", "dataset": d, "workers": n} for d in names for n in counts}
    with scratch_folder() as scratch:
        read = in_turns("data_sharing", scratch, readers, 1 if quick else 5)
        trained = {} if quick else in_turns("data_sharing", scratch, trials, 1)
    figures = _show_readers(read) + _show_trials(trained)
    cells = {f"reader: {k}": v for k, v in read.items()} | {f"trial: {k}": v for k, v in trained.items()}
    write("data_sharing", quick=quick, cells=cells, figures=figures)
    return figures


def _datasets() -> list[str]:
    """MNIST and CIFAR-10 where a mirror folder holds them, else the digits."""
    here = mirror()
    colour = "cifar10" if "cifar10" in DATASETS else "fashion_mnist"
    return [name for name in ("mnist", colour) if here is not None and (here / name).is_dir()] or ["digits"]


def _show_readers(found: dict[str, list[Cell]]) -> list[Figure]:
    keys = ("images", "x_rss", "x_pss", "x_shared", "x_private_dirty", "growth", "own_growth", "uss")
    rows, figures = [], []
    for name, cells in found.items():
        size = spread(cells, "images").median
        batch, start = spread(cells, "first_batch_seconds"), spread(cells, "start_seconds")
        rows.append([name, *(f"{spread(cells, key).median / _MB:.1f}" for key in keys), f"{batch:.4f}", str(start)])
        figures += [
            Figure(name=f"{name}: open to first batch, s", value=f"{batch:.4f}"),
            Figure(name=f"{name}: process start to first batch, s", value=str(start)),
        ]
        if cells[0]["arguments"]["workers"] < 2:
            continue
        growth = Spread.of([cell_["growth"] - cell_["own_growth"] for cell_ in cells]).median / size
        shared = spread(cells, "x_shared").median / size
        met = growth <= GOAL and shared >= _SHARED_GOAL
        value, goal = f"{growth:.1%} private, {shared:.1%} shared", f"<= {GOAL:.0%}, >= {_SHARED_GOAL:.0%}"
        figures.append(Figure(name=f"{name}: of the images", value=value, goal=goal, met=met))
        print(f"  {name}: {value}; goal {goal}: {verdict(met)}")
    headers = ["MB in each reader", "images", "x RSS", "x PSS", "x shared", "x private dirty", "growth"]
    table([*headers, f"with {_FEW} rows", "USS", "batch s", "with start s"], rows)
    print("  x: the mapped image files; growth: private dirty memory after touching all rows, less before opening them")
    print(f"  with {_FEW} rows: the growth of a reader of so few (its batch, Python itself); the goal is for the rest")
    print("  the files were just written or read: times are those of a warm page cache")
    return figures


def _show_trials(found: dict[str, list[Cell]]) -> list[Figure]:
    if not found:
        return [Figure(name="copies of the images in real trials", value="not measured: --quick")]
    keys = ("train_images", "private_dirty", "more_private_dirty", "pss", "x_rss", "x_shared", "x_private_dirty")
    rows, figures = [], []
    for name, (cell_,) in found.items():
        copies = (cell_["more_private_dirty"] - cell_["private_dirty"]) / ((_TIMES - 1) * cell_["train_images"])
        rows.append([name, *(f"{cell_[key] / _MB:.0f}" for key in keys), f"{copies:.2f}"])
        figures.append(Figure(name=f"{name}: private copies of the images in a trial", value=f"{copies:.2f}"))
    headers = ["MB at a trial's peak", "training images", "private dirty", f"rows x {_TIMES}", "PSS"]
    table([*headers, "x RSS", "x shared", "x private dirty", "copies"], rows)
    print(
        f"  copies: what {_TIMES} times the training rows add to the private dirty memory, by the bytes that they add"
    )
    return figures


def cell(kind: str, dataset: str, workers: int) -> Cell:
    """Measure `workers` processes at the same time. Bytes, and seconds, of the median process."""
    settings = Settings.from_environment()
    folder = prepare_split(prepare(dataset, settings), 42, settings).folder
    if kind == "trial":
        return _trials(dataset, folder, workers)
    few = _resized(folder, _scratch() / "few", lambda part: np.arange(min(_FEW, len(part))))
    own = read_together(few, workers)
    found = read_together(folder, workers)
    result: Cell = {key: median(reader[key] for reader in found) for key in found[0]}
    return result | {"own_growth": median(reader["growth"] for reader in own)}


def memory(pid: int | str = "self") -> dict[str, int]:
    """The memory of a process in bytes: `uss` (private pages), `pss` (its share), ... and the maps of images (`x_`)."""
    whole = _sums(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines())
    images: list[str] = []
    inside = False
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        if not line.split(None, 1)[0].endswith(":"):  # the head of a map ends in its file
            inside = line.endswith("/x.npy")
        elif inside:
            images.append(line)
    return whole | {f"x_{name}": size for name, size in _sums(images).items()}


def _sums(lines: Sequence[str]) -> dict[str, int]:
    sizes = dict.fromkeys(_ROLLUP, 0)
    for name, value in (line.split(":", 1) for line in lines if ":" in line):
        if name in sizes:
            sizes[name] += int(value.split()[0]) * 1024
    return {
        "rss": sizes["Rss"],
        "pss": sizes["Pss"],
        "uss": sizes["Private_Clean"] + sizes["Private_Dirty"],
        "private_dirty": sizes["Private_Dirty"],
        "shared": sizes["Shared_Clean"] + sizes["Shared_Dirty"],
    }


def write_back(folder: Path) -> None:
    """Wait until the images in `folder` are on the disk: until then their shared pages count as dirty."""
    for file in folder.rglob("x.npy"):
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def read_together(folder: Path, workers: int, *, copying: bool = False) -> list[dict[str, float]]:
    """Let `workers` processes read all rows of the parts in `folder`, and measure each while all hold them.

    With `copying` they also keep a copy of the training images: to see that the measure notices it.
    """
    write_back(folder)
    command = [sys.executable, "-m", "tests.benchmarks.data_sharing", str(folder), *["copying"][: int(copying)]]
    readers, started = [], []
    for _ in range(workers):
        started.append(time.time())
        readers.append(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        found = []
        for reader in readers:  # answers once it has touched every row, and then waits
            assert reader.stdout is not None
            found.append(json.loads(reader.stdout.readline()))
        now = [memory(reader.pid) for reader in readers]
    finally:
        for reader in readers:
            reader.communicate()  # closes its stdin, on which it ends
    return [
        {
            **sizes,
            "images": told["images"],
            "growth": sizes["private_dirty"] - told["private_dirty"],
            "first_batch_seconds": told["first_batch_seconds"],
            "start_seconds": told["first_batch_at"] - start,
        }
        for told, sizes, start in zip(found, now, started, strict=True)
    ]


def _read(folder: Path, copying: bool) -> None:
    """Be a reader: open, take a batch of random rows, touch all rows, report, and stay until stdin closes."""
    before = memory()["private_dirty"]
    began = time.perf_counter()
    data = open_parts(folder)
    rows = np.random.default_rng(0).integers(0, len(data.train), _BATCH)
    batch = data.train.images()[rows].astype(np.float32) / data.entry.scale
    seconds, at = time.perf_counter() - began, time.time()
    assert batch.shape == (_BATCH, *data.entry.shape)
    for part in (data.train, data.validation, data.test):
        for start in range(0, len(part), _BATCH):
            part.images()[start : start + _BATCH].sum()
    kept = [np.array(data.train.images())] if copying else []
    told = {"images": _image_bytes(data), "private_dirty": before, "first_batch_seconds": seconds, "first_batch_at": at}
    print(json.dumps(told), flush=True)
    sys.stdin.read()
    del kept  # not before


def _image_bytes(data: TrialData) -> int:
    return sum(part.images().nbytes for part in (data.train, data.validation, data.test))


def _trials(dataset: str, folder: Path, workers: int) -> Cell:
    """Train `workers` trials at a time, then as many on several times the training rows; follow their memory."""
    scratch = _scratch()
    more = _resized(folder, scratch / "more", lambda part: np.tile(np.arange(len(part)), _TIMES), ["train"])
    once = _train(dataset, folder, workers, scratch / "once")
    several = _train(dataset, more, workers, scratch / "several")
    images = open_parts(folder).train.images().nbytes
    return once | {"more_private_dirty": several["private_dirty"], "train_images": images}


def _scratch() -> Path:
    return Path(os.environ["MHL_RESULTS_DIR"]) / f"sharing_{time.time_ns()}"


def _resized(
    folder: Path, target: Path, choose: Callable[[Part], NDArray[np.int64]], parts: Sequence[str] = _PARTS
) -> Path:
    """Write the parts of `folder` to `target` with other rows: those that `choose` names, in the given parts."""
    data = open_parts(folder)
    meta = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
    for name in _PARTS:
        part: Part = getattr(data, name)
        rows = choose(part) if name in parts else np.arange(len(part))
        (target / name).mkdir(parents=True)
        Arrays(x=part.images()[rows], y=part.y[rows]).save(target / name)
        meta["sizes"][name] = len(rows)
    (target / "parts.json").write_text(json.dumps(meta), encoding="utf-8")
    return target


def _train(dataset: str, folder: Path, workers: int, out: Path) -> dict[str, float]:
    """Train and return, by name, the median over the workers of each one's greatest memory."""
    split = prepare_split(prepare(dataset, Settings.from_environment()), 42, Settings.from_environment())
    maker = TrialMaker(split=replace(split, folder=folder), out=out, model=_MODEL, epochs=1)
    write_back(folder)
    executor = LocalExecutor(out / "workers.log")
    peaks: dict[int, dict[str, int]] = {}
    try:
        jobs = [maker.job(number) for number in range(workers)]
        jobs = [replace(job, spec=replace(job.spec, dataset=dataset)) for job in jobs]
        running = [executor.train(job, lambda _: None) for job in jobs]
        while wait(running, timeout=_POLL).not_done:
            for pid in _group(executor.host_pid):
                for name, size in _looked(pid).items():
                    peaks.setdefault(pid, {})[name] = max(size, peaks.get(pid, {}).get(name, 0))
        errors = [future.result().error for future in running]
        assert not any(errors), errors
    finally:
        executor.close()
    trained = [peak for peak in peaks.values() if peak["x_rss"] > 0]  # neither the host nor its fork server
    assert len(trained) == workers, f"{len(trained)} of {workers} workers were seen with images"
    return {name: median(peak[name] for peak in trained) for name in trained[0]}


def _group(group: int | None) -> list[int]:
    """The processes of a process group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[2]) == group:
            found.append(int(path.parent.name))
    return found


def _looked(pid: int) -> dict[str, int]:
    try:
        return memory(pid)
    except OSError:
        return {}


if __name__ == "__main__":
    _read(Path(sys.argv[1]), copying="copying" in sys.argv[2:])
