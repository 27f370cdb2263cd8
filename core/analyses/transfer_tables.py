"""Transfer's details as tables, and what stands with its figures."""

from __future__ import annotations

from typing import Any

from core.analyses.module import Caption, Tables
from core.figures.mode_looks import MODE_LABELS
from core.foreign import FOREIGN
from core.study_config import STUDY_MODES

_HOW_PROBES = (
    "Each mark is the mean accuracy of a new last layer that was fitted on so many examples of each class, while the "
    "rest of the network stayed as it was; bars are 95 % intervals over the runs. What lies above the grey line of "
    "untrained networks was learned; where the plain rows lie higher, the networks lose what a new task needs."
)
_HOW_RUNS = (
    "Each point is the network of a run, lines join partners, diamonds are means with their 95 % intervals. A transfer "
    "score of 0 hundredths is that of an untrained network, 100 leaves no mistake."
)
_HOW_EFFECTS = (
    "How much better one mode is than the other, in spreads between runs (Hedges' g), with 95 % intervals. The first "
    "row is the claim tested, the others are exploratory."
)


def tables(result: dict[str, Any]) -> Tables:
    """Return the probes by set and shots, and every network's numbers."""
    probes = [
        {"foreign set": one["label"], "examples per class": point["label"]}
        | {"rows to fit": one["shots"][point["shots"]]["train"], "test rows": one["shots"][point["shots"]]["test"]}
        | {MODE_LABELS[mode].lower(): point[mode]["mean"] for mode in STUDY_MODES}
        | {"untrained networks": point["random"]["mean"], "plain rows": point["plain"]["mean"]}
        for one in result["sets"]
        for point in one["curve"]["points"]
    ]
    networks = [
        {"network": name, "features": one["features"], "transfer score": one["transfer"]}
        | {"mean accuracy as it is": one["mean_zero_shot"]}
        for name, one in result["networks"].items()
    ]
    return {"Accuracy of new last layers": probes, "Networks": networks}


def captions() -> dict[str, Caption]:
    """Return what stands with each figure."""
    found = {
        f"probe_{entry.name}": Caption(f"New last layers on {entry.label}", _HOW_PROBES) for entry in FOREIGN.values()
    }
    return found | {
        "runs": Caption("Transfer of every run", _HOW_RUNS),
        "effects": Caption("Transfer: effects by measure", _HOW_EFFECTS),
    }
