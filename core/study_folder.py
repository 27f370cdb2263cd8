"""The files of a study: `comparison_studies/{study}/` with a folder for every run's best network."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.artifacts import RunFolder, write_json
from core.config import Settings, check_run_name
from core.records import to_dict
from core.store import TrialRecord
from core.study_config import STUDY_MODES, StudyConfig, StudyMode


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """Where the files of the study `name` lie."""

    path: Path

    @classmethod
    def of(cls, settings: Settings, name: str) -> StudyFolder:
        """Return the folder of a study; it need not exist. InvalidInputError for a name that would lead elsewhere."""
        check_run_name(name)
        return cls(settings.studies_dir / name)

    @property
    def metadata(self) -> Path:
        """What the study was asked to do."""
        return self.path / "metadata.json"

    @property
    def results(self) -> Path:
        """Folder with a JSON file for every analysis."""
        return self.path / "analysis_results"

    def run(self, mode: StudyMode, pair: int) -> Path:
        """Return the folder of a run's best network: the original request calls the runs of a study trials."""
        return self.path / mode / f"trial_{pair}"

    def begin(self, name: str, config: StudyConfig, created: float) -> None:
        """Write what the study does: configuration, seeds and names of its runs."""
        pairs = [
            {"pair": pair, "seed": config.pair_seed(pair)} | {mode: config.run_name(mode, pair) for mode in STUDY_MODES}
            for pair in range(config.runs)
        ]
        write_json(self.metadata, {"study": name, "created": created, "config": to_dict(config), "pairs": pairs})

    def keep_best(self, mode: StudyMode, pair: int, run: RunFolder, best: TrialRecord, config: StudyConfig) -> None:
        """Copy a finished run's final network with diagnostics, and write what it was made of and what it reached."""
        target = self.run(mode, pair)
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(run.optimized_model, part)
        (network,) = part.glob("optimized_*.keras")
        network.rename(part / "model.keras")
        write_json(part / "metrics.json", _metrics(best))
        write_json(part / "parameters.json", best.params)
        write_json(part / "seeds.json", _seeds(config, mode, pair, best))
        shutil.copyfile(run.path / "split.npz", part / "split.npz")
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)


def _metrics(best: TrialRecord) -> dict[str, Any]:
    return {
        "total_score": best.total_score,
        "validation_accuracy": best.accuracy,
        "test_accuracy": best.test_accuracy,
        "health": {"overall": best.health, "components": best.components},
        "parameters": best.parameters,
    }


def _seeds(config: StudyConfig, mode: StudyMode, pair: int, best: TrialRecord) -> dict[str, Any]:
    run = config.run_config(mode, pair)
    return {
        "study": config.random_seed,
        "run": run.random_seed,
        "holdout": run.holdout_seed,
        "run_name": run.run_name,
        "trial": best.number,
    }
