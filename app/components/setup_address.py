"""A set-up as query parameters, so that its address can be shared: only what differs from the defaults is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.components.address_fields import (
    AddressField,
    number,
    price,
    read_fields,
    read_space,
    read_weights,
    sound_space,
    switch,
    write_fields,
    write_space,
    write_weights,
)
from core.config import OptimizationConfig

_FIELDS = {
    "dataset_name": AddressField(key="data"),
    "optimization_mode": AddressField(key="mode"),
    "trials": AddressField(key="n", read=int),
    "max_epochs_per_trial": AddressField(key="epochs", read=int),
    "concurrent_workers": AddressField(key="workers", read=int),
    "random_seed": AddressField(key="seed", read=int),
    "plot_generation": AddressField(key="plots"),
    "pruning": switch("prune"),
    "max_parameters": AddressField(key="size", read=int),
    "max_seconds_per_trial": number("trial_s"),
    "max_run_seconds": number("run_s"),
    "run_name": AddressField(key="name"),
    "use_runpod_service": switch("runpod"),
    "when_runpod_fails": AddressField(key="rp_fails"),
    "target_gpus_per_worker": AddressField(key="gpus", read=int),
    "gpu_price_per_hour": price("gpu_usd"),
    "max_run_cost": number("max_usd"),
    "remote_time_limit": number("job_s"),
    "remote_queue_limit": number("queue_s"),
    "weights": AddressField(key="w", read=read_weights, write=write_weights),
    "search_space": AddressField(key="space", read=read_space, write=write_space),
}
KEYS = frozenset(field.key for field in _FIELDS.values())


def write_address(wishes: Mapping[str, Any]) -> dict[str, str]:
    """Return query parameters for the fields of an OptimizationConfig in `wishes` that differ from their defaults.

    >>> write_address({"trials": 50, "dataset_name": "digits"})
    {'n': '50'}
    """
    return write_fields(_FIELDS, wishes, OptimizationConfig())


def read_address(parameters: Mapping[str, str]) -> tuple[OptimizationConfig, list[str]]:
    """Return the set-up that `parameters` describe, and what of them had to be ignored, in words."""
    values, problems = read_fields(_FIELDS, parameters, OptimizationConfig)
    if values.get("max_run_cost") is not None and values.get("gpu_price_per_hour", 0) is None:
        del values["max_run_cost"]
        problems.append("max_usd: a cost budget needs the price of a GPU")
    dataset = values.get("dataset_name", OptimizationConfig().dataset_name)
    overrides, wrong = sound_space(dataset, values.get("search_space", {}))
    return OptimizationConfig(**values | {"search_space": overrides}), problems + wrong
