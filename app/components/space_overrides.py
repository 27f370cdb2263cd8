"""What a person changed in a search space: which of it is wrong, and how a change reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.search_space import Space, default_params, extreme_configs, search_space

Overrides = dict[str, Any]


def space_of(dataset: str, overrides: Mapping[str, Any] | None = None) -> Space:
    """Return the space of a data set. Raises InvalidInputError for a wrong override."""
    entry = DATASETS[dataset]
    return search_space(entry.kind, entry.shape, entry.vocabulary or 0, overrides)


def space_problem(dataset: str, overrides: Mapping[str, Any]) -> str | None:
    """Say what is wrong with overrides, the rule and the remedy; None when such networks can be built."""
    try:
        extreme_configs(DATASETS[dataset].kind, space_of(dataset, overrides))
    except InvalidInputError as error:
        return str(error)
    except (TypeError, ValueError) as error:  # of Optuna: a value that no distribution takes
        return f"{', '.join(overrides)}: {error}"
    return None


def fitting(dataset: str, overrides: Mapping[str, Any]) -> Overrides:
    """Return the overrides that concern parameters of this data set's networks."""
    space = space_of(dataset)
    return {name: value for name, value in overrides.items() if name in space}


def usual_value(dataset: str, name: str) -> Any:
    """Return the value that a network of this program has unless told otherwise."""
    entry = DATASETS[dataset]
    space = space_of(dataset)
    return default_params(entry.kind, space, entry.default_batch_size, entry.default_sequence_length)[name]
