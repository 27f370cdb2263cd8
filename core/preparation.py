"""What must be ready before the first trial: data, split and the size of the search space."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass
from typing import Any

from core.artifacts import RunFolder, write_json
from core.config import OptimizationConfig, Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare
from core.datasets.split import SplitParts, prepare_split
from core.datasets.text import WORD_INDEX_FILE
from core.errors import RunStateError
from core.executors.jobs import CountJob, Executor, ParameterBounds
from core.health import METRICS
from core.model_config import ModelConfig
from core.records import to_dict

_TICK = 0.5  # seconds between looks at the stop flag
Candidates = tuple[list[ModelConfig], list[ModelConfig]]


class Stopped(Exception):
    """The run was asked to stop while it was being prepared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """`facts` are stored with the run at its first start and must hold for as long as it goes on."""

    split: SplitParts
    bounds: ParameterBounds
    facts: dict[str, Any]


def prepare_run(
    config: OptimizationConfig,
    settings: Settings,
    folder: RunFolder,
    executor: Executor,
    candidates: Candidates,
    known: dict[str, Any],
    set_phase: Callable[[str], None],
    stopping: Callable[[], bool],
) -> Preparation:
    """Get everything ready; `known` are the facts of an earlier session, or empty.

    Raises RunStateError when data, split or metrics are no longer those that the run began with, and
    DataUnavailableError when the data cannot be had, and Stopped as soon as `stopping` says so.
    """
    entry = DATASETS[config.dataset_name]
    folder.path.mkdir(parents=True, exist_ok=True)
    write_json(folder.path / "config.json", to_dict(config))
    set_phase(f"preparing {entry.label}")

    told = ""

    def tell_download(done: int, total: int | None, file: str) -> None:
        nonlocal told
        phase = f"fetching {file}" + (f" {done / total:.0%}" if total else "")
        if phase != told:  # once per percent: there may be thousands of chunks
            if stopping():
                raise Stopped
            told = phase
            set_phase(phase)

    dataset = prepare(entry.name, settings, tell_download)
    split = prepare_split(dataset, config.random_seed, settings, config.holdout_seed)
    shutil.copyfile(split.indices_path, folder.path / "split.npz")
    if entry.custom and entry.kind == "text":  # its word index belongs to this split
        shutil.copyfile(split.folder / WORD_INDEX_FILE, folder.path / WORD_INDEX_FILE)
    facts: dict[str, Any] = {
        "data_hash": dataset.content_hash,
        "split_hash": split.split_hash,
        "split_seed": config.random_seed,
        "sizes": dict(split.sizes),
        "metric_versions": {name: METRICS[name].version for name in METRICS},
    }
    if known:
        changed = [key for key, value in facts.items() if known.get(key) != value]
        if changed:
            raise RunStateError(
                f"run {config.run_name!r} cannot go on: {', '.join(changed)} differ from its first start, so its "
                "trials could not be compared; start a new run"
            )
        bounds = ParameterBounds(**known["parameter_bounds"])
    else:
        set_phase("measuring the search space")
        smallest, largest = map(tuple, candidates)
        counting = executor.count(
            CountJob(smallest=smallest, largest=largest, shape=entry.shape, classes=entry.classes)
        )
        while not wait([counting], timeout=_TICK).done:
            if stopping():
                raise Stopped
        bounds = counting.result()
    return Preparation(split=split, bounds=bounds, facts=facts | {"parameter_bounds": to_dict(bounds)})
