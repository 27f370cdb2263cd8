"""Diagnostics on demand: a worker measures a network again that a trial has left on the disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, wait
from pathlib import Path

from core.artifacts import RunFolder
from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.split import prepare_split
from core.diagnostics import Diagnostics, load_diagnostics
from core.errors import LabError
from core.executors.jobs import DiagnoseJob, Executor
from core.records import from_json
from core.store import RunRecord
from core.trial import MODEL_FILE, SPEC_FILE, TrialSpec

_TICK = 0.5  # seconds between two calls of `on_tick`


def diagnose_trial(settings: Settings, run: RunRecord, number: int, executor: Executor) -> Diagnostics:
    """Measure the network of a completed trial, store its diagnostics and return them.

    Raises LabError when the trial's files are gone, the data is no longer that of the run, or the worker fails.
    """
    folder = RunFolder(settings, run.name)
    spec = _stored_spec(folder, number)
    dataset = prepare(run.config.dataset_name, settings)
    split = prepare_split(dataset, run.config.random_seed, settings, run.config.holdout_seed)
    if split.split_hash != spec.split_hash:
        raise LabError(
            f"trial {number} of run {run.name!r} was trained on another split of {run.config.dataset_name} than the "
            "one prepared now; bring back the data that it was trained with, or start a new run"
        )
    return measure_trial(folder, number, split.folder, executor)


def measure_trial(
    folder: RunFolder,
    number: int,
    parts: Path,
    executor: Executor,
    *,
    time_limit: float | None = None,
    on_tick: Callable[[], None] = lambda: None,
) -> Diagnostics:
    """Let a worker measure the network of a trial on the prepared rows in `parts`; `on_tick` is called meanwhile.

    Raises LabError when the trial's files are gone or the worker fails.
    """
    job = DiagnoseJob(
        spec=_stored_spec(folder, number),
        parts_folder=str(parts),
        trial_dir=str(folder.trial(number)),
        out_dir=str(folder.trial_plots(number)),
        silence_limit=time_limit,
    )
    future = executor.diagnose(job)
    while not wait([future], timeout=_TICK).done:
        on_tick()
    try:
        report = future.result()
    except CancelledError:
        raise LabError(f"measuring trial {number} was cancelled; try it again") from None
    if report.error is not None:
        raise LabError(f"trial {number} could not be measured: {report.error}; train it again if its files are damaged")
    diagnostics = load_diagnostics(folder.trial_plots(number))
    if diagnostics is None:
        raise LabError(f"the diagnostics in {folder.trial_plots(number)} cannot be read back; check that disk")
    return diagnostics


def _stored_spec(folder: RunFolder, number: int) -> TrialSpec:
    """Return what the trial was trained by. Raises LabError unless that and the model are there."""
    trial = folder.trial(number)
    try:
        spec = from_json(TrialSpec, (trial / SPEC_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(
            f"the files of trial {number} in {trial} are missing or damaged ({error}); only completed trials keep "
            "theirs, so start it again as a new trial"
        ) from None
    if not (trial / MODEL_FILE).is_file():
        raise LabError(f"{trial / MODEL_FILE} is gone, so nothing can be measured; start it again as a new trial")
    return spec
