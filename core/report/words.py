"""How a report writes times, networks and settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.datasets import DATASETS
from core.errors import LabError
from core.figures import architecture_sketch
from core.search_space import model_config

_SETTINGS = {
    "kernel_size": "kernel {}",
    "sequence_length": "{} words read",
    "activation": "{}",
    "dropout": "dropout {:.3g}",
    "batch_normalization": "batch norm {}",
    "optimizer": "{}",
    "learning_rate": "learning rate {:.3g}",
    "schedule": "{} schedule",
    "batch_size": "batches of {}",
}


def when(seconds: float) -> str:
    """Write a moment.

    >>> when(1.8e9)
    '2027-01-15 08:00 UTC'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def network(dataset: str, params: Mapping[str, Any]) -> str:
    """Say which layers a network has; without them if the data set is gone."""
    if dataset not in DATASETS:
        return "its data set is no longer known"
    entry = DATASETS[dataset]
    try:
        return architecture_sketch.compute(model_config(entry.kind, params), entry.classes).words.removeprefix(
            "Network: "
        )
    except LabError:
        return "its settings are of another version"


def settings(params: Mapping[str, Any]) -> str:
    """Say how a network was trained.

    >>> settings({"optimizer": "adam", "learning_rate": 0.001, "batch_size": 64})
    'adam, learning rate 0.001, batches of 64'
    """
    write = {True: "on", False: "off"}
    known = [(text, params[name]) for name, text in _SETTINGS.items() if params.get(name) not in (None, "constant")]
    return ", ".join(text.format(write[value] if isinstance(value, bool) else value) for text, value in known)


def four(share: float | None) -> str:
    """Write an accuracy in percent with all digits that a raw row needs.

    >>> four(0.96789), four(None)
    ('96.79', '–')
    """
    return "–" if share is None else f"{100 * share:.2f}".replace("-", "−")
