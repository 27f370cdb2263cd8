"""The form of a new study as query parameters: only what differs from the defaults is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.components.setup_address import read_space, read_weights, sound_space, write_space, write_weights
from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.study_config import StudyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """How one field of a StudyConfig is written; `read` raises ValueError for what it cannot read."""

    key: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("it must be 0 or 1")
    return text == "1"


def _price(text: str) -> float | None:
    return None if text == "unknown" else float(text)


def _write_price(price: float | None) -> str:
    return "unknown" if price is None else f"{price:g}"


FIELDS = {
    "dataset_name": _Field(key="data"),
    "runs": _Field(key="runs", read=int),
    "trials": _Field(key="n", read=int),
    "epochs": _Field(key="epochs", read=int),
    "concurrent_workers": _Field(key="workers", read=int),
    "weights": _Field(key="w", read=read_weights, write=write_weights),
    "random_seed": _Field(key="seed", read=int),
    "search_space": _Field(key="space", read=read_space, write=write_space),
    "study_name": _Field(key="name"),
    "use_runpod_service": _Field(key="runpod", read=_switch, write=lambda value: str(int(value))),
    "when_runpod_fails": _Field(key="rp_fails"),
    "gpu_price_per_hour": _Field(key="gpu_usd", read=_price, write=_write_price),
    "target_gpus_per_worker": _Field(key="gpus", read=int),
}
KEYS = frozenset(field.key for field in FIELDS.values())


def write_address(held: Mapping[str, Any]) -> dict[str, str]:
    """Return query parameters for the fields of a StudyConfig in `held` that differ from their defaults.

    >>> write_address({"runs": 6, "dataset_name": "digits"})
    {'runs': '6'}
    """
    defaults = StudyConfig()
    changed = {name: value for name, value in held.items() if value != getattr(defaults, name)}
    return {field.key: field.write(changed[name]) for name, field in FIELDS.items() if name in changed}


def read_address(parameters: Mapping[str, str]) -> tuple[StudyConfig, list[str]]:
    """Return the study that `parameters` describe, and what of them had to be ignored, in words."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, field in FIELDS.items():
        text = parameters.get(field.key)
        if text is None:
            continue
        try:
            value = field.read(text)
            if name == "dataset_name":
                DATASETS[value]
            StudyConfig(**{name: value})
        except (InvalidInputError, ValueError, OverflowError, RecursionError) as error:
            problems.append(f"{field.key}={text[:60]}: {error!s:.200}")
        else:
            values[name] = value
    dataset = values.get("dataset_name", StudyConfig().dataset_name)
    overrides, wrong = sound_space(dataset, values.get("search_space", {}))
    return StudyConfig(**values | {"search_space": overrides}), problems + wrong
