"""How the numbers of a study are written; the report writes them in the same way."""

from __future__ import annotations

from core.study_numbers import (
    DIFFERENCES,
    NONE,
    Stored,
    count,
    difference_cell,
    interval_line,
    mean_cell,
    p_value,
    percent,
    points,
)

__all__ = [
    "DIFFERENCES",
    "NONE",
    "Stored",
    "count",
    "difference_cell",
    "interval_line",
    "mean_cell",
    "p_value",
    "percent",
    "points",
]
