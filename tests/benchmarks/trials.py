"""Equal little trials on the digits, for the benchmarks of the executor."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.split import SplitParts, prepare_split
from core.executors.jobs import TrainJob
from core.model_config import CnnConfig
from core.trial import TrialSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMaker:
    """Makes jobs that differ in nothing but their number and folder."""

    split: SplitParts
    out: Path
    model: CnnConfig
    epochs: int

    def job(self, number: int) -> TrainJob:
        """The job of trial `number`."""
        spec = TrialSpec(
            run="benchmark",
            number=number,
            dataset="digits",
            split_hash=self.split.split_hash,
            seed=42,
            model=self.model,
            epochs=self.epochs,
            patience=self.epochs,
            store_plots=False,
        )
        return TrainJob(spec=spec, parts_folder=str(self.split.folder), out_dir=str(self.out / f"trial_{number}"))


def prepare_trials(model: CnnConfig, epochs: int) -> tuple[TrialMaker, Path]:
    """Prepare the digits as a run would; also return the file for the workers' log."""
    settings = Settings.from_environment()
    split = prepare_split(prepare("digits", settings), 42, settings)
    out = settings.results_dir / f"cell_{time.time_ns()}"
    return TrialMaker(split=split, out=out, model=model, epochs=epochs), out / "workers.log"
