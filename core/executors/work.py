"""What a worker process does with a job. The only place that catches every exception: it becomes data."""

from __future__ import annotations

import logging
import time
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.datasets.text import WORD_INDEX_FILE
from core.executors.jobs import CountJob, DiagnoseJob, DiagnoseReport, OnEpoch, ParameterBounds, TrainJob
from core.trial import MODEL_FILE, PLOTS, TrialResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from core.datasets.text import WordIndex
    from core.model_config import ModelConfig

_log = logging.getLogger(__name__)


def train(job: TrainJob, on_epoch: OnEpoch) -> TrialResult:
    """Train the job's trial; whatever goes wrong in there is returned as a failed result with its traceback."""
    started = time.perf_counter()
    try:
        from core.datasets.parts import open_parts
        from core.training.trainer import train_trial

        data = open_parts(Path(job.parts_folder))
        on_trained = partial(_diagnose_trained, job) if job.spec.store_plots else None
        return train_trial(job.spec, data, Path(job.out_dir), on_epoch, on_trained)
    except Exception as error:
        text = traceback.format_exc()
        return TrialResult(
            number=job.spec.number,
            status="failed",
            seconds=time.perf_counter() - started,
            error=explain(error),
            traceback=text,
        )


def _diagnose_trained(job: TrainJob, model: Any, probabilities: np.ndarray) -> None:
    """Store the diagnostics while the model is in memory; a trial does not fail for want of them."""
    try:
        from core.datasets.parts import open_parts
        from core.training.diagnostics.collect import diagnose

        parts = Path(job.parts_folder)
        folder = Path(job.out_dir) / PLOTS
        diagnose(job.spec, open_parts(parts), model, folder, words=_words(parts), probabilities=probabilities)
    except Exception:
        _log.warning("trial %d of run %s was not diagnosed", job.spec.number, job.spec.run, exc_info=True)


def diagnose(job: DiagnoseJob) -> DiagnoseReport:
    """Measure a network from its saved model; whatever goes wrong in there is told by the report."""
    started = time.perf_counter()
    try:
        from core.datasets.parts import open_parts
        from core.training import devices
        from core.training.diagnostics.collect import diagnose
        from core.training.predictor import load_model

        devices.prepare()
        parts = Path(job.parts_folder)
        model = load_model(Path(job.trial_dir) / MODEL_FILE)
        diagnose(job.spec, open_parts(parts), model, Path(job.out_dir), words=_words(parts))
        return DiagnoseReport(seconds=time.perf_counter() - started)
    except Exception as error:
        text = traceback.format_exc()
        return DiagnoseReport(seconds=time.perf_counter() - started, error=explain(error), traceback=text)


def _words(parts: Path) -> WordIndex | None:
    """The word index beside the prepared rows of texts."""
    from core.datasets.text import WordIndex

    return WordIndex.load(parts) if (parts / WORD_INDEX_FILE).is_file() else None


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
