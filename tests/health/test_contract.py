"""What every health metric must keep to; a new metric is tested here without writing a test."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

import core.health.result
import core.health.skill
from core.config import ScoringWeights
from core.errors import InvalidInputError
from core.health import METRICS, MetricResult, Reading, measure
from core.records import from_json, to_json
from core.trial import Trace

from .traces import make_epochs, make_trace, traces

every_metric = pytest.mark.parametrize("name", sorted(METRICS))
GATED = {"training_stability", "convergence_quality", "accuracy_consistency"}


def test_the_six_metrics_of_the_weights_exist_and_come_in_their_order() -> None:
    names = list(ScoringWeights().components())
    assert list(measure(make_trace()))[:6] == names


@every_metric
def test_explains_itself_in_plain_sentences(name: str) -> None:
    entry = METRICS[name]
    assert entry.name == name
    assert entry.version >= 1
    assert entry.label
    for text in (entry.meaning, entry.method, entry.advice):
        assert 20 <= len(text) <= 330
        assert text.endswith(".")


@every_metric
def test_a_healthy_trace_is_measured_in_full(name: str) -> None:
    result = METRICS[name].compute(make_trace())
    assert (result.name, result.status, result.reason) == (name, "ok", None)
    assert result.version == METRICS[name].version
    assert result.value is not None and 0.3 < result.value <= 1
    assert result.n > 0


@settings(max_examples=150, deadline=None)
@given(trace=traces())
def test_any_trace_gives_a_value_or_a_reason_and_survives_json(trace: Trace) -> None:
    results = measure(trace)
    assert set(results) == set(METRICS)
    for name, result in results.items():
        assert type(result.value) in (float, type(None))
        assert result.value is None or (0 <= result.value <= 1 and math.copysign(1, result.value) == 1)
        assert (result.value is None) == (result.status == "not measurable")
        assert (result.reason is None) == (result.status == "ok")
        assert result.n >= 0
        assert from_json(MetricResult, to_json(result)) == result, name
    assert measure(from_json(Trace, to_json(trace))) == results


@every_metric
def test_divergence_is_0_everywhere_even_where_nothing_was_measured(name: str) -> None:
    for trace in (
        make_trace(diverged="loss became NaN in epoch 2"),
        make_trace(diverged="loss became NaN in epoch 2", epochs=(), window_losses=(), layers=(), groups=()),
        make_trace(window_losses=(2.0, 1.0, None, 1.0)),
        make_trace(window_losses=(2.0, 1.0, math.inf, 1.0)),
        make_trace(epochs=make_epochs([1.0, None, 0.5], losses=[1.0, 0.9, 0.8])),
        make_trace(epochs=make_epochs([1.0, 0.9, 0.5], losses=[1.0, None, 0.8])),
    ):
        result = METRICS[name].compute(trace)
        assert (result.value, result.status) == (0.0, "diverged")
        assert result.reason


def test_divergence_names_the_epoch() -> None:
    result = measure(make_trace(window_losses=(2.0, 1.0, 1.0, 1.0, 1.0, None)))["gradient_health"]
    assert result.reason == "the training loss was not a finite number in epoch 2"


@every_metric
def test_a_stuck_net_earns_nothing_for_standing_still(name: str) -> None:
    """10.4 % right of ten classes, perfectly constant: once scored 1.0 on stability and consistency."""
    stuck = make_trace(val_correct=104, epochs=make_epochs([2.29, 2.29, 2.29], kappas=[None, 1.0, 1.0]))
    result = METRICS[name].compute(stuck)
    assert METRICS[name].skill_gated == (name in GATED) or name not in ScoringWeights().components()
    assert (result.status == "no skill") == METRICS[name].skill_gated
    if METRICS[name].skill_gated:
        assert result.value == 0
        assert "10.4 %" in (result.reason or "")


@pytest.mark.parametrize("name", sorted(GATED))
def test_the_gate_opens_where_the_wilson_bound_passes_the_majority_rate(name: str) -> None:
    # 95 % Wilson lower bounds at n = 1000: 119 -> 0.1004, 118 -> 0.0994
    assert METRICS[name].compute(make_trace(val_correct=119)).status == "ok"
    assert METRICS[name].compute(make_trace(val_correct=118)).status == "no skill"


@pytest.mark.parametrize("name", sorted(GATED))
def test_no_skill_comes_before_not_measurable(name: str) -> None:
    empty = make_trace(val_correct=100, epochs=(), window_losses=(), groups=())
    assert (METRICS[name].compute(empty).value, METRICS[name].compute(empty).status) == (0.0, "no skill")


@every_metric
def test_without_anything_to_measure_it_is_none_with_a_reason(name: str) -> None:
    empty = make_trace(epochs=(), window_losses=(), layers=(), groups=(), val_n=0, val_correct=0)
    result = METRICS[name].compute(empty)
    assert result.value is None
    assert result.reason


@every_metric
def test_is_computed_from_the_trace_alone(name: str) -> None:
    """Same trace, same result; how long it took and who probed it change nothing but the cost."""
    trace = make_trace()
    first = METRICS[name].compute(trace)
    assert METRICS[name].compute(trace) == first
    slower = replace(trace, probe_hash="f" * 64, epochs=tuple(replace(e, seconds=9.0) for e in trace.epochs))
    assert METRICS[name].compute(slower) == first


def test_no_metric_can_be_read_past_the_common_rules() -> None:
    """The function in the module is the ruled one, not the bare reading."""
    module = importlib.import_module("core.health.training_stability")
    assert module.training_stability is METRICS["training_stability"].compute
    assert isinstance(module.training_stability(make_trace()), MetricResult)


@pytest.mark.parametrize(
    "parts",
    [
        {"value": 1.01},
        {"value": -0.1},
        {"value": math.nan},
        {"value": None},
        {"value": 0.5, "status": "not measurable", "reason": "why"},
        {"value": 0.5, "status": "short"},
        {"value": None, "status": "not measurable", "reason": ""},
    ],
)
def test_an_impossible_reading_is_refused(parts: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        Reading(n=1, **parts)


def test_a_stored_result_with_an_unknown_field_or_a_bad_value_is_refused() -> None:
    text = to_json(MetricResult(name="x", version=1, value=0.5, n=1))
    with pytest.raises(InvalidInputError):
        from_json(MetricResult, text.replace('"n":', '"m":'))
    with pytest.raises(InvalidInputError, match="between 0 and 1"):
        from_json(MetricResult, text.replace("0.5", "1.5"))


def health_modules() -> list[str]:
    folder = Path(inspect.getfile(core.health)).parent
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("stem", health_modules())
def test_examples_in_the_docstrings_hold(stem: str) -> None:
    module = importlib.import_module(f"core.health.{stem}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("stem", health_modules())
def test_metrics_are_pure_python_and_numpy(stem: str) -> None:
    module = importlib.import_module(f"core.health.{stem}")
    tree = ast.parse(inspect.getsource(module))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in imported} <= {
        "__future__", "collections", "core", "dataclasses", "itertools", "math", "numpy", "typing"
    }  # fmt: skip
