"""What a worker process does with a job. The only place that catches every exception: it becomes data."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from core.executors.jobs import CountJob, OnEpoch, ParameterBounds, TrainJob
from core.trial import TrialResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.model_config import ModelConfig


def train(job: TrainJob, on_epoch: OnEpoch) -> TrialResult:
    """Train the job's trial; whatever goes wrong in there is returned as a failed result with its traceback."""
    started = time.perf_counter()
    try:
        from core.datasets.parts import open_parts
        from core.training.trainer import train_trial

        return train_trial(job.spec, open_parts(Path(job.parts_folder)), Path(job.out_dir), on_epoch)
    except Exception as error:
        text = traceback.format_exc()
        return TrialResult(
            number=job.spec.number,
            status="failed",
            seconds=time.perf_counter() - started,
            error=explain(error),
            traceback=text,
        )


def count(job: CountJob) -> ParameterBounds:
    """Build the candidates, which needs Keras, and compare their sizes."""
    from core.training.model_builder import count_config_parameters

    def sizes(configs: Iterable[ModelConfig]) -> list[int]:
        return [count_config_parameters(c, job.shape, job.classes) for c in configs]

    return ParameterBounds(smallest=min(sizes(job.smallest)), largest=max(sizes(job.largest)))


def explain(error: BaseException) -> str:
    """One line for people: the kind of error and the first line of its message."""
    message = (str(error).strip() or "no message").splitlines()[0]
    return f"{type(error).__name__}: {message}"[:500]
