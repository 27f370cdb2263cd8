"""Frozen dataclasses to JSON and back; the one place where wire data is checked."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from core.errors import InvalidInputError

R = TypeVar("R")
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
# Records carry this as `__pydantic_config__`: a misspelt field must not be silently dropped.
STRICT_KEYS = ConfigDict(extra="forbid")


def to_dict(record: Any) -> dict[str, Any]:
    """Turn a (nested) frozen dataclass into plain JSON types."""
    return dataclasses.asdict(record)


def from_dict(kind: type[R], data: Any) -> R:
    """Build a `kind` from plain data. Raises InvalidInputError naming the first field that does not fit."""
    try:
        return cast("R", _adapter(kind).validate_python(data))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or kind.__name__
        message = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidInputError(
            message if first["type"] == "value_error" else f"{where}: {message} (got {first['input']!r:.80})"
        ) from None


def to_json(record: Any) -> str:
    """Serialise strictly: a NaN that slipped into a record is an error, not an invalid JSON document."""
    return json.dumps(to_dict(record), allow_nan=False, separators=(",", ":"))


def from_json(kind: type[R], text: str) -> R:
    """Parse `text` into a `kind`; malformed JSON is an InvalidInputError too."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and endless brackets
        raise InvalidInputError(f"not a valid {kind.__name__} document: {error}") from None
    return from_dict(kind, data)


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)  # building one takes milliseconds, using it microseconds
    return _ADAPTERS[kind]
