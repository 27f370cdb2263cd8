"""A run of many trials in the store without training: for measuring what looking at it costs."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from core.config import OptimizationConfig
from core.datasets import DATASETS
from core.health import METRICS
from core.search_space import search_space
from core.store import Store

EPOCHS = 10
_BORN = datetime(2026, 1, 1, 12)


def fill(store: Store, name: str, trials: int, seed: int = 0) -> None:
    """Store an active run of `trials` trials of ten epochs: most completed, some pruned, a few failed."""
    config = OptimizationConfig(run_name=name, trials=trials + 50, max_epochs_per_trial=EPOCHS, pruning=False)
    store.create_run(name, config)
    entry = DATASETS[config.dataset_name]
    space = search_space(entry.kind, entry.shape)
    sampler = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    rng = np.random.default_rng(seed)
    store.study(name).add_trials([_trial(sampler.ask(space), rng, number) for number in range(trials)])
    facts = {"sizes": {"train": 1080, "validation": 359, "test": 179, "holdout": 179}}
    store.claim(name)
    store.update_run(name, phase="training", facts=facts, seconds=3600.0)


def _trial(asked: optuna.trial.Trial, rng: np.random.Generator, number: int) -> FrozenTrial:
    state = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)[int(rng.choice(3, p=[0.8, 0.17, 0.03]))]
    accuracy = float(rng.beta(20, 2))
    epochs = EPOCHS if state == TrialState.COMPLETE else int(rng.integers(1, EPOCHS))
    components = {metric: float(rng.uniform(0.2, 1.0)) for metric in METRICS}
    readings = {
        metric: {"name": metric, "value": value, "n": 100, "status": "ok", "reason": None, "components": {}}
        | {"cost_s": None, "version": METRICS[metric].version}
        for metric, value in components.items()
    }
    health = float(np.mean(list(components.values())))
    attributes = {
        "metrics": {"val_accuracy": accuracy, "test_accuracy": accuracy - 0.01},
        "health": readings,
        "health_score": health,
        "parameters": int(rng.integers(1_000, 300_000)),
        "seconds": float(rng.uniform(3, 9)),
        "device": "cpu",
    }
    trial = create_trial(
        state=state,
        params=asked.params,
        distributions=asked.distributions,
        value=0.7 * accuracy + 0.3 * health if state == TrialState.COMPLETE else None,
        user_attrs=attributes if state == TrialState.COMPLETE else {"note": "ended early"},
        intermediate_values={e: accuracy * (1 - 0.7 ** (e + 1)) for e in range(1, epochs + 1)},
    )
    trial.datetime_start = _BORN + timedelta(seconds=3 * number)
    trial.datetime_complete = trial.datetime_start + timedelta(seconds=6)
    return trial
