"""Runs in pairs: numbers of the statistics, and sentences that do not say more than they know."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from scipy import stats

import core.analyses.failures
import core.analyses.pairing
import core.analyses.severity
from core.analyses.context import AnalysisContext
from core.analyses.pairing import compare_runs, sentence
from tests.analyses.worlds import mixed, plain_context

LABELS = np.arange(50) % 10


def values_of(a: list[float | None], b: list[float | None]) -> tuple[AnalysisContext, dict[str, float | None]]:
    context = plain_context(mixed, LABELS, pairs=len(a))
    modes = {"accuracy_only": a, "health_aware": b}
    return context, {f"{mode}_{pair}": value for mode, values in modes.items() for pair, value in enumerate(values)}


@pytest.mark.parametrize("module", [core.analyses.pairing, core.analyses.failures, core.analyses.severity])
def test_examples_in_the_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_numbers_are_those_of_scipy() -> None:
    a, b = [0.30, 0.32, 0.29, 0.35, 0.31, 0.36, 0.30], [0.27, 0.30, 0.28, 0.30, 0.30, 0.30, 0.28]
    found = compare_runs(*values_of(list(a), list(b)), label="loss", less_is_better=True)
    reference = stats.ttest_rel(b, a).confidence_interval()
    assert (found["difference"]["low"], found["difference"]["high"]) == pytest.approx((reference.low, reference.high))
    assert (found["gain"]["low"], found["gain"]["high"]) == pytest.approx((-reference.high, -reference.low))
    exact = stats.permutation_test((np.array(b) - a,), np.mean, permutation_type="samples", n_resamples=math.inf)
    assert found["permutation"]["p"] == pytest.approx(exact.pvalue)
    assert found["effect"]["g"] > 0 and found["shown"]
    assert "Loss: health-aware minus accuracy-only −0.029" in sentence(found)
    assert sentence(found).endswith("health-aware is better.")
    turned = compare_runs(*values_of(list(a), list(b)), label="score")
    assert turned["effect"]["g"] == pytest.approx(-found["effect"]["g"])
    assert sentence(turned).endswith("accuracy-only is better.")


def test_five_pairs_show_nothing_however_far_apart() -> None:
    found = compare_runs(*values_of([0.1, 0.11, 0.12, 0.1, 0.11], [0.9, 0.91, 0.9, 0.92, 0.91]), label="score")
    assert found["difference"]["low"] > 0.5 and found["permutation"]["p"] == 0.0625 and not found["shown"]
    assert sentence(found).endswith("no difference was shown, which takes 6 pairs at least.")


def test_a_missing_number_costs_its_pair_only() -> None:
    found = compare_runs(*values_of([0.1, None, 0.3, 0.2], [0.2, 0.9, None, 0.4]), label="score")
    assert found["difference"]["n"] == 2 and found["difference"]["mean"] == pytest.approx(0.15)
    assert found["values"]["accuracy_only"] == {"0": 0.1, "2": 0.3, "3": 0.2}
    assert found["values"]["health_aware"] == {"0": 0.2, "1": 0.9, "3": 0.4}


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        ([None] * 3, [0.5] * 3, "no pair of runs has it"),
        ([0.5] * 6, [0.5] * 6, "all 6 differences are the same"),
        ([0.5], [0.6], "+0.100 over 1 pair; an interval needs at least 2 differences"),
    ],
)
def test_what_cannot_be_said_is_not_said(a: list[float | None], b: list[float | None], words: str) -> None:
    found = compare_runs(*values_of(a, b), label="score")
    assert words in sentence(found) and not found["shown"]
