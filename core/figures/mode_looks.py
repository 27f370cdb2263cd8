"""The two modes of a study: their names for people, and the one look that each has in every figure."""

from __future__ import annotations

from collections.abc import Mapping

from core.figures.run_looks import RUN_LOOKS, RunLook
from core.study_config import StudyMode

MODE_LABELS: Mapping[StudyMode, str] = {"accuracy_only": "Accuracy-only", "health_aware": "Health-aware"}
MODE_LOOKS: Mapping[StudyMode, RunLook] = {"accuracy_only": RUN_LOOKS[0], "health_aware": RUN_LOOKS[1]}


def tint(colour: str, opacity: float) -> str:
    """Return a colour that lets the page shine through, for bands and second parts of bars.

    >>> tint("#0072B2", 0.25)
    'rgba(0, 114, 178, 0.25)'
    """
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"
