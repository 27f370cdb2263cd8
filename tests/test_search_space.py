"""The search space fits the data, can be overridden, and its defaults lie inside it."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.model_config import CnnConfig, LstmConfig
from core.search_space import Space, default_params, extreme_configs, model_config, search_space

IMAGE: tuple[int, ...] = (28, 28, 1)


def sample(space: Space, count: int) -> list[dict[str, Any]]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [study.ask(space).params for _ in range(count)]


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_sample_makes_a_valid_config(name: str) -> None:
    entry = DATASETS[name]
    space = search_space(entry.kind, entry.shape, entry.vocabulary or 0)
    for params in sample(space, 50):
        config = model_config(entry.kind, params)
        if isinstance(config, CnnConfig):
            assert len(config.filters) == params["conv_layers"]
            assert config.kernel_size <= min(entry.shape[:2])
        else:
            assert len(config.lstm_units) == params["lstm_layers"] and config.vocabulary == params["vocabulary"]
        assert len(config.dense_units) == params["dense_layers"]


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_the_default_lies_in_the_space(name: str) -> None:
    entry = DATASETS[name]
    space = search_space(entry.kind, entry.shape, entry.vocabulary or 0)
    params = default_params(entry.kind, space, entry.default_batch_size, entry.default_sequence_length)
    assert list(params) == list(space)
    for key, distribution in space.items():
        assert distribution._contains(distribution.to_internal_repr(params[key])), key
    assert model_config(entry.kind, params).batch_size == entry.default_batch_size


def test_small_images_get_a_smaller_space() -> None:
    assert search_space("image", (8, 8, 1))["conv_layers"] == IntDistribution(1, 3)
    assert search_space("image", IMAGE)["conv_layers"] == IntDistribution(1, 4)
    assert search_space("image", (8, 8, 1))["kernel_size"] == CategoricalDistribution((3, 5))


def test_overrides_fix_choose_and_range() -> None:
    space = search_space(
        "image",
        IMAGE,
        overrides={
            "filters_1": 8,
            "optimizer": ["adam", "sgd"],
            "dropout": {"high": 0.1},
            "learning_rate": {"low": 0.01, "high": 0.1},
            "activation": "sigmoid",
        },
    )
    assert space["filters_1"] == CategoricalDistribution((8,))
    assert space["optimizer"] == CategoricalDistribution(("adam", "sgd"))
    assert space["dropout"] == FloatDistribution(0.0, 0.1)  # a new range is continuous unless it names a step
    assert space["learning_rate"] == FloatDistribution(0.01, 0.1, log=True)
    assert default_params("image", space, 64)["learning_rate"] == 0.01


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"filtres_1": 8}, "Did you mean 'filters_1'"),
        ({"optimizer": "adm"}, "Did you mean 'adam'"),
        ({"filters_1": "many"}, "must be a whole number, got 'many'"),
        ({"filters_1": 8.5}, "must be a whole number"),
        ({"dropout": []}, "empty"),
        ({"dropout": {"low": 0.4, "high": 0.1}}, "dropout"),
        ({"dropout": {"lo": 0.4}}, "Did you mean 'low'"),
        ({"optimizer": {"low": 1}}, "no range"),
        ({"filters_1": 100_000_000}, "filters_1 may be 4,096 at most, got 100,000,000"),
        ({"batch_normalization": 1}, "not a value of its kind"),
    ],
)
def test_wrong_overrides_are_refused(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        search_space("image", IMAGE, overrides=overrides)


def test_too_deep_a_net_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="conv_layers is 4"):
        extreme_configs("image", search_space("image", (8, 8, 1), overrides={"conv_layers": 4}))


def test_extremes_bound_widths_and_cover_the_structures() -> None:
    smallest, largest = extreme_configs("image", search_space("image", IMAGE))
    assert all(isinstance(c, CnnConfig) and set(c.filters) == {8} for c in smallest)
    assert all(isinstance(c, CnnConfig) and set(c.filters) == {64} and c.kernel_size == 7 for c in largest)
    assert {len(c.filters) for c in largest if isinstance(c, CnnConfig)} == {1, 4}
    assert {c.global_pooling for c in smallest if isinstance(c, CnnConfig)} == {"none", "average", "max"}
    _, texts = extreme_configs("text", search_space("text", (), 20_000))
    assert all(isinstance(c, LstmConfig) and c.vocabulary == 20_000 and c.bidirectional for c in texts)
