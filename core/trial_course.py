"""The course of a trial: what a worker is asked for, and what becomes of that it brings."""

from __future__ import annotations

from core.artifacts import RunFolder
from core.config import OptimizationConfig
from core.executors.jobs import ParameterBounds
from core.health import measure
from core.model_config import ModelConfig
from core.records import to_dict
from core.sampling import TrialQueue
from core.scoring import score
from core.seeds import derive_seed
from core.trial import TrialResult, TrialSpec


def make_spec(
    config: OptimizationConfig, number: int, split_hash: str, model: ModelConfig, bounds: ParameterBounds
) -> TrialSpec:
    """Return all that a worker needs to train trial `number` of a run."""
    return TrialSpec(
        run=config.run_name or "",
        number=number,
        dataset=config.dataset_name,
        split_hash=split_hash,
        seed=derive_seed(config.random_seed, number, "weights"),
        model=model,
        epochs=config.max_epochs_per_trial,
        patience=config.early_stopping_patience,
        store_plots=config.plot_generation == "all",  # `best` is measured at the end
        gpus=config.target_gpus_per_worker,
        max_parameters=config.max_parameters,
        max_seconds=config.max_seconds_per_trial,
        smallest_parameters=bounds.smallest,
        largest_parameters=bounds.largest,
    )


def end_trial(queue: TrialQueue, folder: RunFolder, config: OptimizationConfig, result: TrialResult) -> None:
    """Tell the study how the trial ended that `result` is of, and tidy up its files."""
    number = result.number
    queue.note(number, seconds=result.seconds, parameters=result.parameters, device=result.device)
    if config.max_parameters is not None and result.parameters is not None:
        queue.constrain(number, parameters=float(result.parameters - config.max_parameters))
    if result.status == "over_budget":
        queue.note(number, note=result.error)
        queue.prune(number)
    elif result.status == "failed" or result.trace is None or result.metrics is None:
        queue.note(number, note=result.error, traceback=result.traceback)
        queue.fail(number)
        folder.drop_trial(number)
    else:
        _complete(queue, folder, config, result)


def _complete(queue: TrialQueue, folder: RunFolder, config: OptimizationConfig, result: TrialResult) -> None:
    assert result.trace is not None and result.metrics is not None
    number = result.number
    health = measure(result.trace)
    total = score(result.metrics.val_accuracy or 0.0, health, config.effective_weights)
    if config.max_seconds_per_trial is not None:
        queue.constrain(number, seconds=result.seconds - config.max_seconds_per_trial)
    if not result.artifacts:  # its files were lost on their way: what cannot be handed over is never the best
        queue.constrain(number, files=1.0)
    queue.note(
        number,
        metrics=to_dict(result.metrics),
        health={name: to_dict(value) for name, value in health.items()},
        health_score=total.health,
        used_weights=total.used,
        note=result.trace.diverged or total.note or result.error,
    )
    folder.publish_plots(number)
    queue.complete(number, total.total)
