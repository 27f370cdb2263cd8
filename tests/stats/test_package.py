from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

import core.stats
from core.errors import InvalidInputError
from core.stats import (
    RunTrials,
    bootstrap_difference,
    detectable_accuracy,
    detectable_effect,
    hedges_g,
    mcnemar,
    mean_interval,
    paired_interval,
    permutation_test,
    reselection_curve,
    selection_optimism,
    superiority,
    tost,
    unpaired_superiority,
    verdict,
    wilcoxon_test,
)

MODULES = [f"core.stats.{module.name}" for module in pkgutil.iter_modules(core.stats.__path__)]
A, B = [0.90, 0.92, 0.91, 0.90, 0.94, 0.93], [0.91, 0.92, 0.93, 0.92, 0.93, 0.95]
PAIRED: list[Callable[..., Any]] = [
    paired_interval,
    permutation_test,
    wilcoxon_test,
    hedges_g,
    superiority,
    unpaired_superiority,
    tost,
    selection_optimism,
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_the_docstrings_hold(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_the_package_is_light_to_import() -> None:
    code = "import sys, core.stats; print(*[m for m in ('scipy', 'sklearn', 'statsmodels') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def results(a: list[float], b: list[float]) -> list[Any]:
    found = [function(a, b) for function in PAIRED]
    found += [mean_interval(a), detectable_effect(len(a), sd=0.01), detectable_effect(len(a))]
    rights = [float(value > 0.92) for value in a], [float(value > 0.92) for value in b]
    found += [mcnemar(*rights), detectable_accuracy(1000, 0.1), bootstrap_difference(a, b, seed=1)]
    found += [verdict(paired_interval(a, b), tost(a, b), permutation_test(a, b).p)]
    if a:
        found.append(reselection_curve([RunTrials(accuracy=a, health=[None] * len(a), outcome=b)] * 2, seed=1))
    return found


@pytest.mark.parametrize("n", range(7))
def test_results_are_plain_data_without_nan(n: int) -> None:
    for result in results(A[:n], B[:n]):
        json.dumps(asdict(result), allow_nan=False)


@pytest.mark.parametrize("n", range(7))
def test_what_is_missing_has_a_reason_and_what_is_not_has_none(n: int) -> None:
    for a, b in ((A[:n], B[:n]), (A[:n], A[:n]), ([0.5] * n, [0.5] * n), ([0.5] * n, [0.6] * n)):
        for result in results(a, b):
            fields = asdict(result)
            if "note" in fields:
                assert (None in {key: v for key, v in fields.items() if key != "note"}.values()) == bool(fields["note"])


@pytest.mark.parametrize("function", [*PAIRED, mcnemar, lambda a, b: bootstrap_difference(a, b, seed=0)])
@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([0.0, float("nan")], [0.0, 1.0], r"finite numbers, got nan at place 1; leave it out"),
        ([0.0, 1.0], [0.0, float("inf")], r"finite numbers, got inf at place 1"),
        ([[0.0], [1.0]], [0.0, 1.0], r"flat list of numbers"),
        ([[0.0], [1.0, 2.0]], [0.0, 1.0], r"flat list of numbers"),
        (["a", "b"], [0.0, 1.0], r"flat list of numbers"),
        ([None, 1.0], [0.0, 1.0], r"leave out missing values"),
    ],
)
def test_what_are_not_numbers_is_refused(function: Callable[..., Any], a: Any, b: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        function(a, b)


@pytest.mark.parametrize("function", [f for f in PAIRED if f is not unpaired_superiority])
def test_half_a_pair_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"one value per pair, got (6 and 5|5 and 6); leave out a pair"):
        function(A, B[:5])


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95, float("nan")])
def test_nonsense_confidence_is_refused(confidence: float) -> None:
    for function in (paired_interval, hedges_g, superiority, unpaired_superiority, selection_optimism):
        with pytest.raises(InvalidInputError, match=r"confidence must be between 0 and 1.*0\.95 is usual"):
            function(A, B, confidence)
