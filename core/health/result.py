"""What a health metric returns: a value in [0, 1], or None with the reason why it could not be measured."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from core.errors import InvalidInputError
from core.records import STRICT_KEYS

# ok: as defined · short: fewer epochs than the full definition needs · partial: one of its parts is missing ·
# no skill, diverged: 0 by the common rules · not measurable: value is None
Status = Literal["ok", "short", "partial", "no skill", "diverged", "not measurable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A measurement before it is stamped with the metric's name and version."""

    value: float | None  # in [0, 1], higher is healthier
    n: int  # how many things it was computed from: units, windows, epochs, ...
    status: Status = "ok"
    reason: str | None = None  # plain English; always there unless the status is "ok"
    components: dict[str, float | None] = field(default_factory=dict)
    cost_s: float | None = None  # seconds of training spent on measuring; None: not recorded separately

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        if self.value is not None and not (math.isfinite(self.value) and 0 <= self.value <= 1):
            raise InvalidInputError(f"a metric's value must be between 0 and 1 or None, got {self.value}")
        if (self.value is None) != (self.status == "not measurable"):
            raise InvalidInputError(
                f"a metric's value is None exactly when it is not measurable, got {self.value} with {self.status!r}"
            )
        if self.status != "ok" and not self.reason:
            raise InvalidInputError(f"a metric with status {self.status!r} must give a reason")

    @classmethod
    def missing(cls, reason: str, n: int, components: dict[str, float | None] | None = None) -> Reading:
        """Return a reading without a value."""
        return cls(value=None, status="not measurable", reason=reason, n=n, components=components or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult(Reading):
    """One metric of one trial, as stored and shown."""

    name: str
    version: int

    __pydantic_config__ = STRICT_KEYS

    @classmethod
    def stamp(cls, reading: Reading, *, name: str, version: int) -> MetricResult:
        """Return `reading` as the result of metric `name`, version `version`."""
        return cls(
            name=name,
            version=version,
            value=reading.value,
            n=reading.n,
            status=reading.status,
            reason=reading.reason,
            components=reading.components,
            cost_s=reading.cost_s,
        )


def clip01(value: float) -> float:
    """Limit `value` to [0, 1].

    >>> clip01(-0.5), clip01(0.25), clip01(7.0)
    (0.0, 0.25, 1.0)
    """
    return min(max(float(value), 0.0), 1.0) + 0.0  # NaN stays NaN and is refused later; -0.0 becomes 0.0
