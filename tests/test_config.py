"""Configuration: defaults, limits and messages that name value, rule and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import OptimizationConfig, ScoringWeights, Settings, check_run_name
from core.errors import InvalidInputError
from core.records import from_json, to_json


def test_the_default_weights_are_the_asked_ones() -> None:
    weights = ScoringWeights()
    assert (weights.accuracy, weights.health) == (0.7, 0.3)
    assert weights.components() == {
        "neuron_utilization": 0.25,
        "parameter_efficiency": 0.15,
        "training_stability": 0.20,
        "gradient_health": 0.15,
        "convergence_quality": 0.15,
        "accuracy_consistency": 0.10,
    }


def test_simple_mode_locks_accuracy() -> None:
    assert OptimizationConfig(optimization_mode="simple").effective_weights.accuracy == 1.0
    assert OptimizationConfig(optimization_mode="health_aware").effective_weights.accuracy == 0.7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trials": 0}, "trials must be a whole number from 1 to 10000, got 0"),
        ({"trials": True}, "trials must be a whole number"),
        ({"max_epochs_per_trial": 0}, "max_epochs_per_trial must be"),
        ({"concurrent_workers": 33}, "from 1 to 32, got 33"),
        ({"optimization_mode": "helth_aware"}, "Did you mean 'health_aware'"),
        ({"plot_generation": "bst"}, "Did you mean 'best'"),
        ({"random_seed": -1}, "random_seed must be"),
        ({"max_run_seconds": 0.0}, "above 0"),
        ({"max_run_seconds": float("nan")}, "above 0"),
        ({"target_gpus_per_worker": 17}, "target_gpus_per_worker must be a whole number from 1 to 16, got 17"),
        ({"when_runpod_fails": "fallback"}, "Did you mean 'fall_back'"),
        ({"gpu_price_per_hour": -1.0}, "amount of US dollars above 0, got -1"),
        ({"max_run_cost": float("nan")}, "amount of US dollars above 0"),
        ({"max_run_cost": 2.0, "gpu_price_per_hour": None}, "set gpu_price_per_hour too"),
        ({"remote_time_limit": 1.0}, "5 seconds to 3 days, got 1 s"),
        ({"holdout_seed": -1}, "holdout_seed must be"),
    ],
)
def test_wrong_values_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        OptimizationConfig(**change)


def test_an_unknown_setting_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidInputError, match="Did you mean 'trials'"):
        OptimizationConfig.from_dict({"trails": 3})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "-x", "a b", "x" * 81, "é", "a.", "\x00"])
def test_unsafe_run_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="run name"):
        check_run_name(name)


def test_weights_must_sum_to_one() -> None:
    with pytest.raises(InvalidInputError, match=r"must sum to 1, got 1\.1 .*divide each by 1\.1"):
        ScoringWeights(gradient_health=0.25)
    with pytest.raises(InvalidInputError, match="between 0 and 1"):
        ScoringWeights(accuracy=-0.1)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6).filter(lambda v: sum(v) > 1e-3), st.floats(0, 1))
def test_any_normalised_weights_are_accepted_and_survive_json(values: list[float], accuracy: float) -> None:
    names = list(ScoringWeights().components())
    weights = ScoringWeights(accuracy=accuracy, **{n: v / sum(values) for n, v in zip(names, values, strict=True)})
    assert 0 <= weights.health <= 1
    assert from_json(ScoringWeights, to_json(weights)) == weights


def test_settings_read_the_environment() -> None:
    settings = Settings.from_environment({"MHL_RESULTS_DIR": "/tmp/r", "MHL_DATASET_MIRROR": "/m"})
    assert settings.database_url == "sqlite:////tmp/r/lab.sqlite3" and settings.dataset_mirror == Path("/m")
    assert Settings.from_environment({}).dataset_mirror is None
    with pytest.raises(InvalidInputError, match="MHL_WORKER_MEMORY_MB"):
        Settings.from_environment({"MHL_WORKER_MEMORY_MB": "much"})
