"""How fields of a form's configuration stand in an address, and what is done with addresses that people changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.components.space_overrides import fitting, space_problem
from core.config import ScoringWeights
from core.datasets import DATASETS
from core.errors import InvalidInputError
from core.weight_balance import to_shares, to_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressField:
    """How one field of the configuration is written; `read` raises ValueError for what it cannot read."""

    key: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    none: str | None = None  # what stands for None where that is not the default


Fields = Mapping[str, AddressField]
_UNKNOWN = "unknown"


def write_fields(fields: Fields, held: Mapping[str, Any], defaults: object) -> dict[str, str]:
    """Return query parameters for the fields in `held` that differ from those of `defaults`."""
    written = {}
    for name, field in fields.items():
        if name in held and held[name] != getattr(defaults, name):
            text = field.none if held[name] is None else field.write(held[name])
            if text is not None:
                written[field.key] = text
    return written


def read_fields(
    fields: Fields, parameters: Mapping[str, str], build: Callable[..., object]
) -> tuple[dict[str, Any], list[str]]:
    """Return the values by field that `parameters` give, and what of them had to be ignored, in words.

    `build` makes a configuration and raises InvalidInputError for a value that it cannot have.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, field in fields.items():
        text = parameters.get(field.key)
        if text is None:
            continue
        try:
            value = field.read(text)
            if name == "dataset_name":
                DATASETS[value]
            build(**{name: value})
        except (InvalidInputError, ValueError, OverflowError, RecursionError) as error:
            problems.append(f"{field.key}={text[:60]}: {error!s:.200}")
        else:
            values[name] = value
    return values, problems


def _read_switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("it must be 0 or 1")
    return text == "1"


def switch(key: str) -> AddressField:
    """Return a field that is yes or no."""
    return AddressField(key=key, read=_read_switch, write=lambda value: str(int(value)))


def number(key: str) -> AddressField:
    """Return a field that is a number."""
    return AddressField(key=key, read=float, write=_shortest)


def price(key: str) -> AddressField:
    """Return a field that is a number, or None where nobody knows it."""
    return AddressField(
        key=key, read=lambda text: None if text == _UNKNOWN else float(text), write=_shortest, none=_UNKNOWN
    )


def _shortest(value: float) -> str:
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
