"""Every run of a study as a point, for a measure that the reader chooses."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.components.figure_block import chart, how_to_read
from app.components.study_numbers import DIFFERENCES, mean_cell
from core.figures import study_distribution as figures
from core.figures.mode_looks import MODE_LABELS
from core.progress import best_trial
from core.service import RunView, StudyView
from core.store import TrialRecord
from core.study_config import STUDY_MODES, StudyMode

MEASURES = {
    "holdout": "Holdout",
    "validation": "Validation",
    "test": "Test",
    "optimism": "Validation − holdout",
    "gap": "Train − holdout",
}
_KEY = "study_measure"
_LIVE: dict[str, Callable[[TrialRecord], float | None]] = {
    "validation": lambda trial: trial.accuracy,
    "test": lambda trial: trial.test_accuracy,
}
_READINGS = {
    "holdout": "Accuracy on rows that no training and no choice has used: what the verdict rests on.",
    "validation": "Accuracy on the rows that chose the network, so a little too good in both modes.",
    "test": "Accuracy on rows that were only reported.",
    "optimism": "By how much validation promised too much. It comes from picking the best of many, not from training.",
    "gap": "How much better a network does on the rows it was trained on.",
}


def study_distribution(view: StudyView) -> None:
    """Draw the choice of the measure and the figure."""
    st.subheader("Every run", anchor=False)
    known = list(MEASURES) if view.study.results.get("generalization") else list(_LIVE)
    if st.session_state.get(_KEY) not in known:
        st.session_state[_KEY] = known[0]
    measure = st.segmented_control(
        "Measure", known, format_func=_label, key=_KEY, required=True, label_visibility="collapsed"
    )
    data = figures.compute(values(view, measure or known[0]))
    _draw(data, measure or known[0], active=view.study.active)


def _label(measure: str) -> str:
    return MEASURES[measure]


def _draw(data: figures.DistributionData, measure: str, *, active: bool) -> None:
    unit = "points" if measure in DIFFERENCES else "%"
    texts = [
        f"{MODE_LABELS[points.mode]}: mean {text}, n = {points.mean.n}"
        for points in data.modes
        if (text := mean_cell({name: getattr(points.mean, name) for name in ("n", "mean", "low", "high")}, measure))
    ]
    chart(
        figures.draw(data, f"{MEASURES[measure]} ({unit})"),
        key="study_distribution",
        alt=f"{MEASURES[measure]} of every run. {'. '.join(texts)}",
    )
    so_far = " Runs that have not ended count with their best network so far." if active else ""
    st.caption(f"{'; '.join(texts)} ({unit}, 95 % t intervals in brackets).{so_far}")
    how_to_read(
        f"{_READINGS[measure]} A point is the best network of a run; a line joins the two runs of a pair. Diamonds are "
        "means with their 95 % t interval. The difference within pairs is known better than the two intervals suggest."
    )


def values(view: StudyView, measure: str) -> dict[StudyMode, dict[int, float]]:
    """Return a measure of every run by mode and pair, those that are known: as compared, else as it is now."""
    result = view.study.results.get("generalization")
    found: dict[StudyMode, dict[int, float]] = {mode: {} for mode in STUDY_MODES}
    if result:
        for row in result["pairs"]:
            for mode in STUDY_MODES:
                if row[mode][measure] is not None:
                    found[mode][row["pair"]] = row[mode][measure]
        return found
    for mode in STUDY_MODES:
        for pair, run in enumerate(view.runs[mode]):
            value = _live(run, measure)
            if value is not None:
                found[mode][pair] = value
    return found


def _live(run: RunView | None, measure: str) -> float | None:
    best = best_trial(run.trials) if run is not None else None
    return None if best is None else _LIVE[measure](best)
