"""A run of many trials in the store without training, drawn at random from the real search space."""

from __future__ import annotations

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from core.config import OptimizationConfig
from core.datasets import DATASETS
from core.health import METRICS
from core.search_space import Space, search_space
from core.store import Store

EPOCHS = 10
_STATES = (TrialState.COMPLETE,) * 8 + (TrialState.PRUNED, TrialState.FAIL)  # of ten trials


def fill(store: Store, name: str, trials: int) -> None:
    """Store an ended run of `trials` trials: of ten, eight completed, one pruned and one failed."""
    store.create_run(name, OptimizationConfig(run_name=name, trials=trials, max_epochs_per_trial=EPOCHS))
    entry = DATASETS["digits"]
    space, rng = search_space(entry.kind, entry.shape), np.random.default_rng(0)
    sampler = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    store.study(name).add_trials([_trial(sampler, space, rng, number) for number in range(trials)])
    facts = {"sizes": {"train": 1080, "validation": 359, "test": 179, "holdout": 179}}
    store.update_run(name, status="completed", facts=facts, seconds=3600.0)


def _trial(study: optuna.Study, space: Space, rng: np.random.Generator, number: int) -> FrozenTrial:
    state, accuracy = _STATES[number % len(_STATES)], float(rng.beta(20, 2))
    readings = {
        metric: {"name": metric, "value": float(rng.uniform(0.2, 1.0)), "n": 100, "status": "ok", "reason": None}
        | {"components": {}, "cost_s": None, "version": METRICS[metric].version}
        for metric in METRICS
    }
    health = float(np.mean([reading["value"] for reading in readings.values()]))
    done = state == TrialState.COMPLETE
    attributes = {
        "metrics": {"val_accuracy": accuracy, "test_accuracy": accuracy},
        "health": readings,
        "health_score": health,
        "parameters": int(rng.integers(1_000, 300_000)),
        "seconds": float(rng.uniform(3, 9)),
    }
    return create_trial(
        state=state,
        params=study.ask(space).params,
        distributions=space,
        value=0.7 * accuracy + 0.3 * health if done else None,
        user_attrs=attributes if done else {"note": "ended early"},
        intermediate_values={e: accuracy * (1 - 0.7**e) for e in range(1, EPOCHS + 1 if done else 4)},
    )
