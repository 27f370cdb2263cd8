"""Axes of hyperparameters: log and choices by the search space, and no value for layers that a network lacks."""

from __future__ import annotations

import pytest

from core.figures.axes import parameter_axis, used_value, varied
from core.search_space import search_space
from tests.figures.records import record

SPACE = search_space("image", (28, 28, 1), overrides={"batch_size": 64})


def test_the_width_of_a_layer_that_is_not_there_is_no_value() -> None:
    trial = record(0, params={"conv_layers": 2, "filters_2": 16, "filters_3": 32, "dense_units_4": 20})
    assert used_value(trial, "filters_2") == 16
    assert used_value(trial, "filters_3") is None
    assert used_value(trial, "dense_units_4") == 20  # its number of layers is not known
    assert used_value(trial, "dropout") is None


def test_a_logarithmic_parameter_has_its_geometric_mean_in_the_middle() -> None:
    axis = parameter_axis("learning_rate", SPACE, [])
    assert axis.log and (axis.low, axis.high) == (1e-4, 1e-2)
    assert axis.share(1e-3) == pytest.approx(0.5)
    assert axis.value_at(0.5) == pytest.approx(1e-3)
    assert axis.settings()["type"] == "log"
    assert [text for _, text in axis.ticks()] == ["0.0001", "0.001", "0.01"]


def test_whole_numbers_get_whole_ticks() -> None:
    assert [text for _, text in parameter_axis("dense_layers", SPACE, []).ticks()] == ["1", "2", "4"]


def test_choices_keep_their_order_and_values_asked_for_by_hand_are_added() -> None:
    by_hand = record(0, params={"activation": "sigmoid"})
    axis = parameter_axis("activation", SPACE, [by_hand])
    assert axis.choices == ("relu", "leaky_relu", "swish", "elu", "tanh", "sigmoid")
    assert axis.place("sigmoid") == 5.0 and axis.share("relu") == 0.0 and axis.share("sigmoid") == 1.0


def test_a_number_beyond_the_range_widens_the_axis() -> None:
    axis = parameter_axis("learning_rate", SPACE, [record(0, params={"learning_rate": 0.1})])
    assert axis.high == 0.1 and axis.share(0.1) == 1.0


def test_fixed_parameters_are_not_varied() -> None:
    assert "batch_size" not in varied(SPACE) and "dropout" in varied(SPACE)
    assert parameter_axis("batch_size", SPACE, []).share(64) == 0.5
