"""Removing a person's own data set, but not from under a run that trains on it."""

from __future__ import annotations

from core.config import Settings
from core.errors import RunStateError
from core.store import ACTIVE, Store


def remove_dataset(name: str, store: Store, settings: Settings) -> None:
    """Remove the custom data set `name`; the results of its runs stay.

    Raises RunStateError while an active run uses it, and what `core.importing.importer.remove_custom` raises.
    """
    from core.importing.importer import remove_custom  # not before it is needed: it brings Pillow and pandas

    using = [run.name for run in store.runs() if run.status in ACTIVE and run.config.dataset_name == name]
    if using:
        raise RunStateError(f"data set {name!r} is used by the active run {using[0]!r}; stop that run first")
    remove_custom(name, settings)
