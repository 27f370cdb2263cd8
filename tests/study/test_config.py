"""What a study asks of its runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.config import OptimizationConfig, ScoringWeights
from core.errors import InvalidInputError
from core.records import to_dict
from core.study import PlannedRun, plan
from core.study_config import STUDY_MODES, StudyConfig

CONFIG = StudyConfig(study_name="s", runs=5, trials=5, epochs=3, concurrent_workers=2)


def test_the_runs_of_a_pair_differ_in_name_and_mode_only() -> None:
    for pair in range(CONFIG.runs):
        first, second = (CONFIG.run_config(mode, pair) for mode in STUDY_MODES)
        same = {"run_name": "x", "optimization_mode": "simple"}
        assert replace(first, **same) == replace(second, **same)
        assert (first.optimization_mode, second.optimization_mode) == ("simple", "health_aware")
        assert first.run_name != second.run_name and not first.pruning
    seeds = {CONFIG.run_config("accuracy_only", pair).random_seed for pair in range(CONFIG.runs)}
    assert len(seeds) == CONFIG.runs
    assert {CONFIG.run_config("accuracy_only", pair).holdout_seed for pair in range(CONFIG.runs)} == {42}


def test_a_study_survives_json() -> None:
    assert StudyConfig.from_dict(to_dict(CONFIG)) == CONFIG
    with pytest.raises(InvalidInputError, match="Did you mean 'runs'"):
        StudyConfig.from_dict({"run": 5})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 4}, "runs must be a whole number from 5 to 20, got 4"),
        ({"trials": 101}, "trials must be a whole number from 5 to 100"),
        ({"epochs": 2}, "epochs must be a whole number from 3 to 15"),
        ({"sesoi": 0.0}, "sesoi must be above 0"),
        ({"weights": ScoringWeights(accuracy=1.0)}, "both modes would be the same; give health some weight"),
        ({"study_name": "x" * 61}, "study name has 61 characters; use 60 at most"),
        ({"study_name": "a/b"}, "is not allowed"),
        ({"when_runpod_fails": "panic"}, "when_runpod_fails"),
        ({"target_gpus_per_worker": 0}, "target_gpus_per_worker"),
    ],
)
def test_wrong_values_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        StudyConfig(**change)


def test_a_run_begins_before_its_partner_and_all_begin() -> None:
    for workers in (1, 2, 3, 32):
        config = replace(CONFIG, concurrent_workers=workers)
        runs = plan(config)
        assert len(runs) == len(set(runs)) == 10
        for pair in range(5):
            first, second = (runs.index(PlannedRun(mode, pair)) for mode in STUDY_MODES)
            assert first < second
    assert plan(CONFIG)[:4] == [PlannedRun(mode, pair) for mode in STUDY_MODES for pair in (0, 1)]


def test_workers_are_dealt_out_to_runs_first() -> None:
    """A run with one worker is what its seed says; only what is left over goes to more trials at a time."""
    dealt = {
        n: (
            replace(CONFIG, concurrent_workers=n).simultaneous_runs,
            replace(CONFIG, concurrent_workers=n).workers_per_run,
        )
        for n in (1, 4, 5, 9, 10, 32)
    }
    assert dealt == {1: (1, 1), 4: (4, 1), 5: (5, 1), 9: (5, 1), 10: (5, 2), 32: (5, 6)}


def test_an_ordinary_run_belongs_to_no_study() -> None:
    assert OptimizationConfig().study is None and OptimizationConfig().holdout_seed is None
