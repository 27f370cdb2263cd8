"""Foreign test sets: other people's data on which a trained network is tried. Used by analyses, never by training."""

from __future__ import annotations

from core.foreign.entry import ForeignEntry, ForeignUse
from core.registry import Registry

__all__ = ["FOREIGN", "ForeignEntry", "ForeignUse", "foreign_sets_for"]

_MACHINERY = frozenset({"entry", "opening", "idx", "wording"})

FOREIGN: Registry[ForeignEntry] = Registry("foreign test set", __name__, skip=_MACHINERY)


def foreign_sets_for(dataset: str) -> tuple[ForeignEntry, ...]:
    """Return the foreign sets on which networks of `dataset` can be tried, those with its labels first."""
    found = [entry for entry in FOREIGN.values() if entry.use_for(dataset) is not None]
    return tuple(sorted(found, key=lambda entry: (not entry.uses[dataset].zero_shot, entry.name)))
