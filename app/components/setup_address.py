"""A set-up as query parameters, so that its address can be shared: only what differs from the defaults is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.components.space_overrides import fitting, space_problem
from core.config import OptimizationConfig, ScoringWeights
from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.weight_balance import to_shares, to_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """How one field of the configuration is written; `read` raises ValueError for what it cannot read."""

    key: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str
    none: str | None = None  # what stands for None where that is not the default


_UNKNOWN = "unknown"


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("it must be 0 or 1")
    return text == "1"


def _price(text: str) -> float | None:
    return None if text == _UNKNOWN else float(text)


def _number(value: float) -> str:
    return f"{value:g}"


def read_weights(text: str) -> ScoringWeights:
    """Read seven whole numbers. Raises ValueError for anything else."""
    accuracy, *shares = [int(part) for part in text.split(",")]
    names = list(ScoringWeights().components())
    if len(shares) != len(names) or sum(shares) != 100:
        raise ValueError("it must be seven whole numbers: accuracy, then the six health components, which total 100")
    return to_weights(accuracy, dict(zip(names, shares, strict=True)))


def write_weights(weights: ScoringWeights) -> str:
    """Write the weights as seven whole numbers: accuracy, then the six components."""
    return ",".join(str(share) for share in (round(weights.accuracy * 100), *to_shares(weights).values()))


def read_space(text: str) -> dict[str, Any]:
    """Read changes of a search space. Raises ValueError for anything but an object."""
    value = json.loads(text, parse_constant=_no_constant)
    if not isinstance(value, dict):
        raise ValueError("it must be an object of hyperparameters")
    return value


def write_space(overrides: Mapping[str, Any]) -> str:
    """Write changes of a search space."""
    return json.dumps(overrides, separators=(",", ":"))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number that can be searched")


_FIELDS = {
    "dataset_name": _Field(key="data", read=str),
    "optimization_mode": _Field(key="mode", read=str),
    "trials": _Field(key="n", read=int),
    "max_epochs_per_trial": _Field(key="epochs", read=int),
    "concurrent_workers": _Field(key="workers", read=int),
    "random_seed": _Field(key="seed", read=int),
    "plot_generation": _Field(key="plots", read=str),
    "pruning": _Field(key="prune", read=_switch, write=lambda value: str(int(value))),
    "max_parameters": _Field(key="size", read=int),
    "max_seconds_per_trial": _Field(key="trial_s", read=float, write=_number),
    "max_run_seconds": _Field(key="run_s", read=float, write=_number),
    "run_name": _Field(key="name", read=str),
    "use_runpod_service": _Field(key="runpod", read=_switch, write=lambda value: str(int(value))),
    "when_runpod_fails": _Field(key="rp_fails", read=str),
    "target_gpus_per_worker": _Field(key="gpus", read=int),
    "gpu_price_per_hour": _Field(key="gpu_usd", read=_price, write=_number, none=_UNKNOWN),
    "max_run_cost": _Field(key="max_usd", read=float, write=_number),
    "remote_time_limit": _Field(key="job_s", read=float, write=_number),
    "remote_queue_limit": _Field(key="queue_s", read=float, write=_number),
    "weights": _Field(key="w", read=read_weights, write=write_weights),
    "search_space": _Field(key="space", read=read_space, write=write_space),
}
KEYS = frozenset(field.key for field in _FIELDS.values())


def write_address(wishes: Mapping[str, Any]) -> dict[str, str]:
    """Return query parameters for the fields of an OptimizationConfig in `wishes` that differ from their defaults.

    >>> write_address({"trials": 50, "dataset_name": "digits"})
    {'n': '50'}
    """
    defaults = OptimizationConfig()
    written = {}
    for name, field in _FIELDS.items():
        if name in wishes and wishes[name] != getattr(defaults, name):
            text = field.none if wishes[name] is None else field.write(wishes[name])
            if text is not None:
                written[field.key] = text
    return written


def read_address(parameters: Mapping[str, str]) -> tuple[OptimizationConfig, list[str]]:
    """Return the set-up that `parameters` describe, and what of them had to be ignored, in words."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, field in _FIELDS.items():
        text = parameters.get(field.key)
        if text is None:
            continue
        try:
            value = field.read(text)
            if name == "dataset_name":
                DATASETS[value]
            OptimizationConfig(**{name: value})
        except (InvalidInputError, ValueError, OverflowError, RecursionError) as error:
            problems.append(f"{field.key}={text[:60]}: {error!s:.200}")
        else:
            values[name] = value
    if values.get("max_run_cost") is not None and values.get("gpu_price_per_hour", 0) is None:
        del values["max_run_cost"]
        problems.append("max_usd: a cost budget needs the price of a GPU")
    dataset = values.get("dataset_name", OptimizationConfig().dataset_name)
    overrides, wrong = sound_space(dataset, values.get("search_space", {}))
    return OptimizationConfig(**values | {"search_space": overrides}), problems + wrong


def sound_space(dataset: str, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return those changes of a search space that can be searched, and what is wrong with the others."""
    known = fitting(dataset, wanted)
    kept: dict[str, Any] = {}
    problems = [f"space: there is no hyperparameter {name} here" for name in wanted if name not in known]
    for name, value in known.items():
        problem = space_problem(dataset, {**kept, name: value})
        if problem is None:
            kept[name] = value
        else:
            problems.append(f"space: {problem}")
    return kept, problems
