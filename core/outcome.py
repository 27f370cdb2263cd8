"""How a run ends: the best trial becomes the final model, and the run is summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.artifacts import RunFolder, record_dict, write_json
from core.config import OptimizationConfig
from core.datasets import DATASETS
from core.errors import LabError
from core.progress import best_trial
from core.records import to_dict
from core.remote_use import read_books
from core.store import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationResult:
    """What a run found. The `best_*` fields are None when no trial completed within the budgets."""

    run_name: str
    status: str  # completed or stopped
    dataset_name: str
    optimization_mode: str
    best_trial: int | None
    best_total_score: float | None
    best_accuracy: float | None  # validation: what trials are selected by
    test_accuracy: float | None  # reported, never used for selection
    best_health_score: float | None
    best_health: dict[str, float | None]
    best_params: dict[str, Any] | None
    best_model_path: str | None
    trials: tuple[TrialRecord, ...]
    seconds: float

    def count(self, state: str) -> int:
        """Number of trials in `state`."""
        return sum(trial.state == state for trial in self.trials)


def conclude(
    config: OptimizationConfig,
    folder: RunFolder,
    trials: list[TrialRecord],
    facts: dict[str, Any],
    *,
    status: str,
    seconds: float,
) -> OptimizationResult:
    """Copy the best trial's files to `optimized_model/`, and write `summary.json` and `trials.csv`."""
    best = best_trial(trials)
    result = OptimizationResult(
        run_name=config.run_name or "",
        status=status,
        dataset_name=config.dataset_name,
        optimization_mode=config.optimization_mode,
        best_trial=best.number if best else None,
        best_total_score=best.total_score if best else None,
        best_accuracy=best.accuracy if best else None,
        test_accuracy=best.test_accuracy if best else None,
        best_health_score=best.health if best else None,
        best_health=best.components if best else {},
        best_params=best.params if best else None,
        best_model_path=_publish(config, folder, best, facts) if best else None,
        trials=tuple(trials),
        seconds=seconds,
    )
    write_json(folder.summary, summarize(result) | {"config": to_dict(config), "facts": facts})
    use = read_books(folder.remote_jobs)
    folder.write_table(trials, use.costs if use else {})
    return result


def _publish(config: OptimizationConfig, folder: RunFolder, best: TrialRecord, facts: dict[str, Any]) -> str:
    result = folder.load_result(best.number)
    if result is None:
        raise LabError(f"the files of the best trial, {best.number}, are gone from {folder.trials}; run it again")
    card = {
        "run": config.run_name,
        "dataset": config.dataset_name,
        "class_names": DATASETS[config.dataset_name].class_names,
        "split_hash": facts["split_hash"],
        "trial": record_dict(best),
    }
    return str(folder.publish_best(config.dataset_name, best, result, card))


def summarize(result: OptimizationResult) -> dict[str, Any]:
    """Return the result as the JSON object that the command line prints and `summary.json` holds."""
    best = None
    if result.best_trial is not None:
        best = {
            "trial": result.best_trial,
            "total_score": result.best_total_score,
            "accuracy": result.best_accuracy,
            "test_accuracy": result.test_accuracy,
            "health": {"overall": result.best_health_score, "components": result.best_health},
            "params": result.best_params,
            "model_path": result.best_model_path,
        }
    return {
        "run_name": result.run_name,
        "status": result.status,
        "dataset": result.dataset_name,
        "mode": result.optimization_mode,
        "trials": {state: result.count(state) for state in ("completed", "pruned", "failed")},
        "best": best,
        "seconds": round(result.seconds, 3),
    }
