"""The files of a run: where they lie, and the folder of the final model."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.config import Settings, check_run_name
from core.errors import LabError
from core.records import from_json, to_dict
from core.store import TrialRecord
from core.trial import MODEL_FILE, PLOTS, RESULT_FILE, SPEC_FILE, TrialResult, TrialSpec


class RunFolder:
    """`results/{run}/` and everything below it. Raises InvalidInputError for a name that would lead elsewhere."""

    def __init__(self, settings: Settings, run: str) -> None:
        check_run_name(run)
        self.path = settings.results_dir / run
        self.trials = self.path / "trials"
        self.plots = self.path / "plots"
        self.optimized_model = self.path / "optimized_model"
        self.log = self.path / "workers.log"
        self.summary = self.path / "summary.json"
        self.table = self.path / "trials.csv"
        self.remote_jobs = self.path / "remote_jobs.jsonl"

    def trial(self, number: int) -> Path:
        """Folder that the worker of a trial writes to."""
        return self.trials / f"trial_{number}"

    def trial_plots(self, number: int) -> Path:
        """Folder of a trial's stored diagnostics."""
        return self.plots / f"trial_{number}"

    def committed_result(self, spec: TrialSpec) -> TrialResult | None:
        """Return the result that an earlier process left for exactly this specification, if it is whole."""
        folder = self.trial(spec.number)
        try:
            same = from_json(TrialSpec, (folder / SPEC_FILE).read_text(encoding="utf-8")) == spec
            result = from_json(TrialResult, (folder / RESULT_FILE).read_text(encoding="utf-8"))
            whole = all(sha256(folder / artifact.path) == artifact.sha256 for artifact in result.artifacts)
        except (OSError, ValueError):  # ValueError: no UTF-8, or no such document
            return None
        return result if same and whole else None

    def load_result(self, number: int) -> TrialResult | None:
        """Return a finished trial's full result with its trace, or None when its files are gone."""
        try:
            return from_json(TrialResult, (self.trial(number) / RESULT_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # ValueError: no UTF-8, or no such document
            return None

    def publish_plots(self, number: int) -> None:
        """Move the diagnostics of a trial to where the pages look for them."""
        source, target = self.trial(number) / PLOTS, self.trial_plots(number)
        if source.is_dir():  # else a process that died had moved them already
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(target, ignore_errors=True)
            source.rename(target)

    def set_aside(self) -> Path | None:
        """Rename the folder to one that no run can have, to be removed; return it, or None when there is none.

        Raises LabError when the disk refuses.
        """
        if not self.path.is_dir():
            return None
        gone = self.path.with_name(f".deleted-{self.path.name}-{os.urandom(4).hex()}")
        try:
            self.path.rename(gone)
        except OSError as error:
            raise LabError(f"{self.path} cannot be removed: {error.strerror}; check the rights of its folder") from None
        return gone

    def drop_trial(self, number: int) -> None:
        """Remove what a trial that did not complete has written."""
        shutil.rmtree(self.trial(number), ignore_errors=True)

    def publish_best(self, dataset: str, best: TrialRecord, result: TrialResult, document: dict[str, Any]) -> Path:
        """Copy the best trial's files, never retrained, and diagnostics to `optimized_model/`; return the model's path.

        Raises LabError when a file is not what the worker wrote.
        """
        source = self.trial(best.number)
        staging = self.path / "optimized_model.part"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        model_name = f"optimized_{dataset}_acc_{best.accuracy or 0:.4f}.keras"
        for artifact in result.artifacts:
            if sha256(source / artifact.path) != artifact.sha256:
                raise LabError(f"{source / artifact.path} has changed since trial {best.number} wrote it; run it again")
            target = staging / (model_name if artifact.path == MODEL_FILE else artifact.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / artifact.path, target)
        if self.trial_plots(best.number).is_dir():
            shutil.copytree(self.trial_plots(best.number), staging / PLOTS, dirs_exist_ok=True)  # older runs: both
        write_json(staging / "model_card.json", document)
        shutil.rmtree(self.optimized_model, ignore_errors=True)
        staging.rename(self.optimized_model)
        return self.optimized_model / model_name

    def write_table(self, trials: Iterable[TrialRecord], costs: Mapping[int, float]) -> None:
        """Write `trials.csv`; `costs` as for `trials_csv`."""
        write_text(self.table, trials_csv(trials, costs))


def trials_csv(trials: Iterable[TrialRecord], costs: Mapping[int, float]) -> str:
    """Return one line per trial: state, scores, health components, size, time, place, cost, then the parameters.

    `costs` are US dollars by trial, lower bounds, of those that remote workers trained.
    """
    import io

    rows = [table_row(trial, costs.get(trial.number)) for trial in trials]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or ["trial"], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def table_row(trial: TrialRecord, cost: float | None = None) -> dict[str, Any]:
    """Return a trial, and what it cost at least, as one flat row."""
    row: dict[str, Any] = {
        "trial": trial.number,
        "state": trial.state,
        "total_score": trial.total_score,
        "accuracy": trial.accuracy,
        "test_accuracy": trial.test_accuracy,
        "health": trial.health,
    }
    row |= trial.components
    row |= {"parameters": trial.parameters, "seconds": trial.seconds, "device": trial.device, "cost_usd": cost}
    row |= {"feasible": trial.feasible, "note": trial.note}
    return row | trial.params


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, document: Any) -> None:
    """Write a JSON document by way of a temporary name, so that nobody reads half of it."""
    write_text(path, json.dumps(document, indent=2, allow_nan=False))


def write_text(path: Path, text: str) -> None:
    """Write a text file by way of a temporary name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def record_dict(trial: TrialRecord) -> dict[str, Any]:
    """Return a trial as JSON types, without its traceback."""
    data = to_dict(trial)
    del data["traceback"]
    return data
