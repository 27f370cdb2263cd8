"""How numbers and states are written in the app."""

from __future__ import annotations

import re
from typing import Literal

from core.cli.optimize import duration
from core.cli.remote import money
from core.datasets import DATASETS
from core.stats import wilson_interval

__all__ = [
    "STATES",
    "STATUS_COLOURS",
    "accuracy",
    "accuracy_interval",
    "dataset_label",
    "duration",
    "mode_label",
    "money",
    "plain",
    "score",
]

NONE = "–"
# A symbol besides the word: states must be told apart without colour and at a glance.
STATES = {
    "waiting": "◌ waiting",
    "running": "▶ training",
    "completed": "✔ completed",
    "pruned": "✂ pruned",
    "failed": "✖ failed",
    "interrupted": "◼ interrupted",
}
STATUS_COLOURS: dict[str, Literal["gray", "blue", "green", "orange", "red"]] = {
    "queued": "gray",
    "running": "blue",
    "completed": "green",
    "stopped": "orange",
    "failed": "red",
    "interrupted": "red",
}


def accuracy(value: float | None) -> str:
    """Write a share of right answers.

    >>> accuracy(0.9741), accuracy(None)
    ('97.4 %', '–')
    """
    return NONE if value is None else f"{value:.1%}".replace("%", " %")


def score(value: float | None) -> str:
    """Write a score from 0 to 1.

    >>> score(0.91239)
    '0.912'
    """
    return NONE if value is None else f"{value:.3f}"


def accuracy_interval(value: float | None, n: int | None) -> str | None:
    """Write the 95 % Wilson interval of an accuracy measured on `n` rows; None when either is not known.

    >>> accuracy_interval(0.9, 100)
    '82.6–94.5 %'
    """
    if value is None or not n:
        return None
    low, high = wilson_interval(round(value * n), n)
    return f"{low:.1%}–{high:.1%}".replace("%", "", 1).replace("%", " %")


def plain(text: str) -> str:
    """Let `text` appear as it is where Streamlit reads Markdown: paths and names hold signs that mean something there.

    >>> plain("a*b*")
    'a\\\\*b\\\\*'
    """
    return re.sub(r"([\\`*\[\]$~<])", r"\\\1", text)


def mode_label(mode: str) -> str:
    """Name an optimisation mode for people."""
    return {"simple": "Accuracy only", "health_aware": "Health-aware"}.get(mode, mode)


def dataset_label(name: str) -> str:
    """Name a data set for people; one that is no longer registered keeps its plain name."""
    return DATASETS[name].label if name in DATASETS else name
