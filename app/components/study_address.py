"""The form of a new study as query parameters: only what differs from the defaults is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.components.address_fields import (
    AddressField,
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
from core.study_config import StudyConfig

FIELDS = {
    "dataset_name": AddressField(key="data"),
    "runs": AddressField(key="runs", read=int),
    "trials": AddressField(key="n", read=int),
    "epochs": AddressField(key="epochs", read=int),
    "concurrent_workers": AddressField(key="workers", read=int),
    "weights": AddressField(key="w", read=read_weights, write=write_weights),
    "random_seed": AddressField(key="seed", read=int),
    "search_space": AddressField(key="space", read=read_space, write=write_space),
    "study_name": AddressField(key="name"),
    "use_runpod_service": switch("runpod"),
    "when_runpod_fails": AddressField(key="rp_fails"),
    "gpu_price_per_hour": price("gpu_usd"),
    "target_gpus_per_worker": AddressField(key="gpus", read=int),
}
KEYS = frozenset(field.key for field in FIELDS.values())


def write_address(held: Mapping[str, Any]) -> dict[str, str]:
    """Return query parameters for the fields of a StudyConfig in `held` that differ from their defaults.

    >>> write_address({"runs": 6, "dataset_name": "digits"})
    {'runs': '6'}
    """
    return write_fields(FIELDS, held, StudyConfig())


def read_address(parameters: Mapping[str, str]) -> tuple[StudyConfig, list[str]]:
    """Return the study that `parameters` describe, and what of them had to be ignored, in words."""
    values, problems = read_fields(FIELDS, parameters, StudyConfig)
    dataset = values.get("dataset_name", StudyConfig().dataset_name)
    overrides, wrong = sound_space(dataset, values.get("search_space", {}))
    return StudyConfig(**values | {"search_space": overrides}), problems + wrong
