"""What a study says: the card, then the numbers behind it, from the claim down to the details."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from app.components.formats import plain
from app.components.study_card import study_card
from app.components.study_distribution import study_distribution
from app.components.study_downloads import study_downloads
from app.components.study_models import study_models
from app.components.study_numbers import Stored, count
from app.components.study_reselection import study_reselection
from app.components.study_statistics import study_statistics
from app.components.study_table import study_table
from core.service import RunService, StudyView
from core.study_config import StudyConfig


def study_result(service: RunService, view: StudyView) -> None:
    """Draw the result of module 1, or when it will come."""
    result = view.study.results.get("generalization")
    if result is None:
        _not_yet(view)
        return
    study_card(view.study)
    study_table(result)
    study_distribution(view)
    study_statistics(result)
    study_models(result)
    study_reselection(result, view.study.config)
    _record(view, result)
    study_downloads(service, view)


def _not_yet(view: StudyView) -> None:
    if view.study.active:
        st.info(
            "The result comes when all runs have ended: only then is the holdout opened. Their numbers so far stand "
            "in the view **Runs**."
        )
    elif view.study.resumable:
        st.info("There is no result yet, since not all runs have ended. Press **Resume** to go on.")
    else:
        st.info("This study holds no result.")


def _record(view: StudyView, result: Stored) -> None:
    """Say when the holdout was opened and by which code, and what the pairing saved."""
    st.subheader("For the record", anchor=False)
    opening, trainings = result["opening"], result["trainings"]
    st.markdown(
        f"- The holdout ({count(result['holdout_rows'], 'row')}) was opened on **{_when(opening['at'])}** by program "
        f"version `{opening['code']}`.\n"
        f"- {_openings(view)}\n"
        f"- {count(trainings['trained'], 'network')} trained, {count(trainings['taken_over'], 'trial')} taken over "
        "from the partner run instead of trained twice.\n"
        f"- {_preset(view.study.config)}"
    )


def _openings(view: StudyView) -> str:
    openings = view.study.openings
    if len(openings) <= 1:
        return "It was never opened for this study before."
    dates = ", ".join(_when(opening["at"]) for opening in openings)
    return f"It was opened {len(openings)} times for this study: {dates}."


def _preset(config: StudyConfig) -> str:
    return (
        f"Fixed before the start: a difference below {100 * config.sesoi:g} points does not matter; significance 5 %, "
        f"intervals 95 %; seed {config.random_seed}; data set {plain(config.dataset_name)}."
    )


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
