"""The search space as plain data: parameter name -> Optuna distribution, fitted to the data's kind and size.

The space is static: every trial gets a value for every parameter, and the builder ignores the inactive ones
(the width of a third layer in a net of two). `study.ask(space)` then needs no objective function.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal

from optuna.distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from core.errors import InvalidInputError
from core.model_config import CnnConfig, LstmConfig, ModelConfig
from core.registry import unknown_name

Kind = Literal["image", "text"]
Space = dict[str, BaseDistribution]
Params = dict[str, Any]
MAX_LAYERS = 4
_LIMITS = {
    "filters": 4096,
    "dense_units": 16_384,
    "lstm_units": 4096,
    "embedding_size": 4096,
    "vocabulary": 1_000_000,
    "sequence_length": 10_000,
    "batch_size": 65_536,
}
# parameter of the number of layers -> (field of the config, prefix of the widths)
STACKS = {
    "conv_layers": ("filters", "filters"),
    "dense_layers": ("dense_units", "dense_units"),
    "lstm_layers": ("lstm_units", "lstm_units"),
}


def search_space(
    kind: Kind, shape: tuple[int, ...], vocabulary: int = 0, overrides: Mapping[str, Any] | None = None
) -> Space:
    """Return the space for images of `shape` (H, W, C) or for texts with a `vocabulary` of so many words.

    `overrides` replace single parameters: a value fixes it, a list gives choices, a dict a range. Raises
    InvalidInputError with the nearest parameter for an unknown name.
    """
    space = _image_space(min(shape[:2])) if kind == "image" else _text_space(vocabulary)
    for name, value in (overrides or {}).items():
        if name not in space:
            raise InvalidInputError(unknown_name("hyperparameter", name, list(space)))
        space[name] = override(name, space[name], value)
        _check_size(name, space[name])
    return space


def _common(activations: list[CategoricalChoiceType], initializers: list[CategoricalChoiceType]) -> Space:
    space: Space = {
        "activation": CategoricalDistribution(activations),
        "kernel_initializer": CategoricalDistribution(initializers),
        "dropout": FloatDistribution(0.0, 0.5, step=0.05),
        "dense_layers": IntDistribution(1, MAX_LAYERS),
    }
    for layer in range(1, MAX_LAYERS + 1):
        space[f"dense_units_{layer}"] = IntDistribution(16, 256, log=True)
    space["optimizer"] = CategoricalDistribution(["adam", "adamw", "rmsprop", "sgd"])
    space["learning_rate"] = FloatDistribution(1e-4, 1e-2, log=True)
    space["schedule"] = CategoricalDistribution(["constant", "cosine", "exponential"])
    return space


def _image_space(side: int) -> Space:
    """Depth and kernels follow the image's shorter side, so that 8x8 digits do not shrink to nothing."""
    depth = MAX_LAYERS if side >= 16 else 3
    kernels: list[CategoricalChoiceType] = [k for k in (3, 5, 7) if k <= side // 2 + 1] or [min(side, 2)]
    space: Space = {"conv_layers": IntDistribution(1, depth)}
    for layer in range(1, depth + 1):
        space[f"filters_{layer}"] = IntDistribution(8, 64, log=True)
    space["kernel_size"] = CategoricalDistribution(kernels)
    space["batch_normalization"] = CategoricalDistribution([True, False])
    space["global_pooling"] = CategoricalDistribution(["none", "average", "max"])
    space |= _common(["relu", "leaky_relu", "swish", "elu", "tanh"], ["he_normal", "glorot_uniform", "orthogonal"])
    space["batch_size"] = CategoricalDistribution([32, 64, 128])
    return space


def _text_space(vocabulary: int) -> Space:
    largest = max(min(20_000, vocabulary), 1_000)
    space: Space = {
        "vocabulary": IntDistribution(1_000, largest, log=True),
        "sequence_length": IntDistribution(50, 250, step=50),
        "embedding_size": IntDistribution(8, 64, log=True),
        "lstm_layers": IntDistribution(1, 2),
        "lstm_units_1": IntDistribution(16, 64, log=True),
        "lstm_units_2": IntDistribution(16, 64, log=True),
        "bidirectional": CategoricalDistribution([False, True]),
        "spatial_dropout": FloatDistribution(0.0, 0.5, step=0.05),
        "recurrent_dropout": FloatDistribution(0.0, 0.3, step=0.05),
    }
    space |= _common(["relu", "leaky_relu", "swish", "elu", "tanh"], ["glorot_uniform", "he_normal", "orthogonal"])
    space["batch_size"] = CategoricalDistribution([64, 128, 256])
    return space


def override(name: str, current: BaseDistribution, value: Any) -> BaseDistribution:
    """Return the distribution that `value` asks for in place of `current`."""
    if isinstance(value, Mapping):
        return _range(name, current, value)
    choices = list(value) if isinstance(value, list | tuple) else [value]
    if not choices:
        raise InvalidInputError(f"{name}: the list of choices is empty; give one value or more")
    for choice in choices:
        _check_type(name, current, choice)
    if isinstance(current, FloatDistribution):
        choices = [float(choice) for choice in choices]
    return CategoricalDistribution(choices)


def _check_size(name: str, distribution: BaseDistribution) -> None:
    """Refuse sizes that no machine builds, before a worker dies of them."""
    limit = next((high for prefix, high in _LIMITS.items() if name.startswith(prefix)), None)
    largest = _ends(distribution)[-1]
    if limit is not None and largest > limit:
        raise InvalidInputError(f"{name} may be {limit:,} at most, got {largest:,}")


def _check_type(name: str, current: BaseDistribution, value: Any) -> None:
    if isinstance(current, CategoricalDistribution):
        if type(value) not in {type(choice) for choice in current.choices}:
            known = ", ".join(str(choice) for choice in current.choices)
            raise InvalidInputError(f"{name}: {value!r} is not a value of its kind; known: {known}")
        if isinstance(value, str) and value not in current.choices and value not in _extra_choices(name):
            raise InvalidInputError(unknown_name(name, value, [str(choice) for choice in current.choices]))
        return
    wanted = int if isinstance(current, IntDistribution) else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        kind = "a whole number" if wanted is int else "a number"
        raise InvalidInputError(f"{name} must be {kind}, got {value!r}")


def _extra_choices(name: str) -> tuple[str, ...]:
    """Values that the builder knows, but that are not searched by default."""
    return ("sigmoid",) if name == "activation" else ()


def _range(name: str, current: BaseDistribution, value: Mapping[str, Any]) -> BaseDistribution:
    if not isinstance(current, IntDistribution | FloatDistribution):
        raise InvalidInputError(f"{name} has no range; give one of its values, or a list of them")
    known = ["low", "high", "log", "step"]
    for key in value:
        if key not in known:
            raise InvalidInputError(unknown_name(f"setting of {name}", key, known))
    settings: dict[str, Any] = {"low": current.low, "high": current.high, "log": current.log}
    settings |= dict(value)
    if not settings["log"]:
        settings.setdefault("step", None if isinstance(current, FloatDistribution) else 1)
    for key in ("low", "high"):
        _check_type(f"{name} {key}", current, settings[key])
    try:
        return type(current)(**settings)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"{name}: {error}") from None


def model_config(kind: Kind, params: Mapping[str, Any]) -> ModelConfig:
    """Turn flat trial parameters into a ModelConfig, leaving out what the chosen depth makes inactive."""
    config_type = CnnConfig if kind == "image" else LstmConfig
    values: dict[str, Any] = {}
    for field in fields(config_type):
        if field.name in params:
            values[field.name] = params[field.name]
    for count, (field_name, prefix) in STACKS.items():
        if count in params:
            names = [f"{prefix}_{layer}" for layer in range(1, params[count] + 1)]
            if missing := [name for name in names if name not in params]:
                raise InvalidInputError(f"{count} is {params[count]}, but this space has no {missing[0]}; use fewer")
            values[field_name] = tuple(params[name] for name in names)
    return config_type(**values)


def default_params(kind: Kind, space: Space, batch_size: int, sequence_length: int | None = None) -> Params:
    """Return the ModelConfig defaults as trial parameters; where the space does not hold one, its nearest value."""
    config: ModelConfig = CnnConfig(batch_size=batch_size) if kind == "image" else LstmConfig(batch_size=batch_size)
    if isinstance(config, LstmConfig) and sequence_length is not None:
        config = replace(config, sequence_length=sequence_length)
    wanted: Params = {field.name: getattr(config, field.name) for field in fields(config)}
    for count, (field_name, prefix) in STACKS.items():
        widths = wanted.pop(field_name, None)
        if widths is not None:
            wanted[count] = len(widths)
            for layer in range(MAX_LAYERS):
                wanted[f"{prefix}_{layer + 1}"] = widths[min(layer, len(widths) - 1)]
    return {name: _nearest(distribution, wanted[name]) for name, distribution in space.items()}


def _nearest(distribution: BaseDistribution, value: Any) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        if value in distribution.choices:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return min(distribution.choices, key=lambda choice: abs(float(choice or 0) - value))
        return distribution.choices[0]
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    clipped = min(max(value, distribution.low), distribution.high)
    if distribution.step:
        steps = round((clipped - distribution.low) / distribution.step)
        clipped = min(distribution.low + steps * distribution.step, distribution.high)
    return int(clipped) if isinstance(distribution, IntDistribution) else float(clipped)


def check_params(space: Space, params: Mapping[str, Any]) -> Params:
    """Return `params` in the order of `space`, whole and inside it.

    Raises InvalidInputError naming the first that is missing, unknown or outside.
    """
    for name in params:
        if name not in space:
            raise InvalidInputError(unknown_name("hyperparameter", name, list(space)))
    checked: Params = {}
    for name, distribution in space.items():
        if name not in params:
            raise InvalidInputError(f"{name} is missing; give it a value {_allowed(distribution)}")
        value = params[name]
        _check_type(name, distribution, value)
        value = float(value) if isinstance(distribution, FloatDistribution) else value
        if not distribution._contains(distribution.to_internal_repr(value)):
            raise InvalidInputError(f"{name} must be {_allowed(distribution)}, got {value!r}")
        checked[name] = value
    return checked


def _allowed(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return f"one of {', '.join(map(str, distribution.choices))}"
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    step = f" in steps of {distribution.step:g}" if distribution.step and distribution.step != 1 else ""
    return f"from {distribution.low:g} to {distribution.high:g}{step}"


def extreme_configs(kind: Kind, space: Space) -> tuple[list[ModelConfig], list[ModelConfig]]:
    """Return candidates for the smallest and for the largest net of the space.

    Widths and kernels act monotonically, so they stand at their ends. Depth and pooling do not (a shallow
    net without pooling can be the largest, since its dense head sees the whole image), so every combination of
    their ends is a candidate; building them all tells which one it is.
    """
    structure = [n for n in ("conv_layers", "lstm_layers", "dense_layers", "global_pooling") if n in space]
    ends = [_ends(space[name]) for name in structure]
    found: tuple[list[ModelConfig], list[ModelConfig]] = ([], [])
    for combination in itertools.product(*ends):
        for index, side in enumerate((0, -1)):
            params = {name: _ends(distribution)[side] for name, distribution in space.items()}
            params |= dict(zip(structure, combination, strict=True))
            if "batch_normalization" in space:
                params["batch_normalization"] = sorted(_ends(space["batch_normalization"]))[side]
            config = model_config(kind, params)
            if config not in found[index]:
                found[index].append(config)
    return found


def _ends(distribution: BaseDistribution) -> list[Any]:
    if isinstance(distribution, CategoricalDistribution):
        choices = list(distribution.choices)
        return choices if isinstance(choices[0], str) else sorted(choices, key=lambda choice: float(choice or 0))
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    return [distribution.low, distribution.high]
