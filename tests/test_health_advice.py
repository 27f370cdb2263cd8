"""Advice names the layer, class or epoch concerned; evidence puts every component into words."""

from __future__ import annotations

import pytest

from core.health import METRICS, measure
from core.health.result import MetricResult
from core.health_advice import advice
from core.health_evidence import COUNTED, SHOWN_BY, evidence
from core.trial import ParameterCount, Trace
from tests.health.traces import make_epochs, make_groups, make_layer, make_trace


def about(metric: str, trace: Trace) -> str:
    return " | ".join(advice(metric, measure(trace)[metric], trace))


class TestAdvice:
    """One case per kind of trouble, and none where there is no trouble."""

    def test_a_sound_training_is_left_alone(self) -> None:
        trace = make_trace()
        for name in ("neuron_utilization", "gradient_health", "training_stability"):
            assert about(name, trace).startswith("Nothing to do"), name

    def test_dormant_units_are_counted_by_layer(self) -> None:
        layers = (
            make_layer("conv_1", [1.0] * 8, kind="conv"),
            make_layer("conv_2", [1.0] * 6 + [0.0] * 2, kind="conv"),
        )
        said = about("neuron_utilization", make_trace(layers=layers))
        assert "conv_2: 2 of 8 filters are dormant; make it narrower (about 6)" in said
        assert "conv_1" not in said

    def test_a_silent_layer_comes_first(self) -> None:
        layers = (make_layer("dense_1", [1.0, 0.0]), make_layer("dense_2", [0.0, 0.0]))
        assert about("neuron_utilization", make_trace(layers=layers)).startswith("dense_2: all 2 units are dormant")

    def test_leaky_layers_are_not_told_to_become_leaky(self) -> None:
        layers = (make_layer("dense_1", [1.0, 0.0], activation="leaky_relu"),)
        assert "leaky" not in about("neuron_utilization", make_trace(layers=layers))

    def test_gradients_are_named_with_the_epoch(self) -> None:
        last = {"conv_1": 1e-9, "conv_2": 5.0, "conv_3": None, "conv_4": 1e-3, "output": 0.5}
        said = about("gradient_health", make_trace(epochs=make_epochs([1.0], gradients=[last])))
        assert "conv_1: the gradient has vanished" in said
        assert "conv_2: the gradient was 5 times the weights in epoch 1" in said
        assert "conv_3: the gradient was not a finite number" in said
        assert "conv_4: learns 5000 times slower than conv_2" in said

    def test_of_a_poor_metric_the_slowest_is_named_and_texts_have_no_batch_normalisation(self) -> None:
        epochs = make_epochs([1.0], gradients=[{"lstm_1": 1e-3, "output": 5e-2}])
        said = about("gradient_health", make_trace(epochs=epochs, layers=(make_layer("lstm_1", [1.0], kind="lstm"),)))
        assert said.startswith("lstm_1: learns 50 times slower than output")
        assert "batch normalisation" not in said

    def test_the_epoch_of_the_largest_rise(self) -> None:
        losses = (2.0, 1.5, 1.4, 1.3, 1.2, 2.2, 1.2, 1.3)
        said = about("training_stability", make_trace(window_losses=losses))
        assert "Epoch 2: the training loss rose by 1.000, the largest of 2 rises" in said

    def test_overfitting_names_the_best_epoch(self) -> None:
        said = about("convergence_quality", make_trace(epochs=make_epochs([1.0, 0.4, 1.4])))
        assert "lowest in epoch 2 (0.400) and rose to 1.400 by epoch 3: it overfits" in said

    def test_unsettled_and_unfinished(self) -> None:
        said = about("convergence_quality", make_trace(epochs=make_epochs([2.2, 1.9, 1.3])))
        assert "After epoch 3 the validation loss is 1.300, guessing gives 2.303" in said
        assert "From epoch 2 to 3 the validation loss still moved by 0.600" in said

    def test_changing_answers_and_weak_classes(self) -> None:
        epochs = make_epochs([1.0, 0.6, 0.5], kappas=[None, 0.5, 0.3])
        groups = make_groups([(100, 95)] * 9 + [(100, 45)])
        said = about("accuracy_consistency", make_trace(epochs=epochs, groups=groups))
        assert "Epoch 3: many answers changed from the epoch before (kappa 0.30)" in said
        assert "class class 9: 45.0 % right (n = 100" in said

    def test_size_names_the_embedding_and_the_widest_layer(self) -> None:
        count = ParameterCount(total=9_000, trainable=9_000, embedding=8_000, smallest=100, largest=10_000)
        said = about("parameter_efficiency", make_trace(parameters=count))
        assert "embedding: holds 8,000 of 9,000 parameters" in said
        assert "conv_1: the widest layer, 4 units" in said
        assert "Skill is what is missing" in about("parameter_efficiency", make_trace(val_correct=300))

    @pytest.mark.parametrize("name", list(METRICS))
    def test_what_was_not_measured_or_does_not_count_is_explained(self, name: str) -> None:
        diverged = make_trace(diverged="loss became NaN in epoch 1")
        assert "Lower the learning rate first" in about(name, diverged)
        missing = MetricResult(name=name, version=1, value=None, n=0, status="not measurable", reason="no rows")
        assert "Not counted as bad" in advice(name, missing, None)[0]

    def test_no_skill_is_explained(self) -> None:
        assert "learn something first" in about("training_stability", make_trace(val_correct=100))

    def test_without_the_trace_the_general_advice_is_given(self) -> None:
        low = MetricResult(name="gradient_health", version=1, value=0.3, n=3)
        assert advice("gradient_health", low, None) == (METRICS["gradient_health"].advice,)


class TestEvidence:
    """Components in words."""

    def test_every_component_of_a_real_measurement_has_words_and_a_value(self) -> None:
        trace = make_trace(groups=make_groups([(100, 90)] * 3) + make_groups([(50, 40)] * 3, kind="length"))
        for name, result in measure(trace).items():
            parts = evidence(name, result)
            assert len(parts) == len(result.components) > 0
            assert not any("_" in part.what.replace("conv_1", "").replace("dense_1", "") for part in parts)

    def test_values_are_written_for_people(self) -> None:
        said = {
            part.what: part.value
            for part in evidence("neuron_utilization", measure(make_trace())["neuron_utilization"])
        }
        assert said["dormant share of all hidden units"] == "0.0 %"
        assert said["conv_1: share of outputs at the ends of the range"] == "does not apply"
        known = MetricResult(name="x", version=1, value=0.5, n=1, components={"new_part": 0.25})
        assert [(part.what, part.value) for part in evidence("x", known)] == [("new part", "0.250")]

    def test_every_metric_says_what_it_counted(self) -> None:
        assert set(COUNTED) == set(METRICS)
        assert set(SHOWN_BY) <= set(METRICS)
