"""What can be taken home of a study: its results as JSON, its runs as a table."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import streamlit as st

from app.components.study_report import report_button
from core.figures.mode_looks import MODE_LABELS
from core.progress import best_trial
from core.records import to_dict
from core.service import RunService, RunView, StudyView
from core.study_config import STUDY_MODES, StudyMode


def study_downloads(service: RunService, view: StudyView) -> None:
    """Draw the buttons."""
    name = view.study.name
    st.subheader("Take it home", anchor=False)
    with st.container(horizontal=True):
        st.download_button(
            "Results (.json)",
            lambda: results_json(view),
            file_name=f"{name}_results.json",
            mime="application/json",
            key="study_json",
            on_click="ignore",
            type="primary",
            help="Everything on this page: configuration, openings of the holdout, all numbers.",
        )
        st.download_button(
            "Runs (.csv)",
            lambda: runs_csv(view),
            file_name=f"{name}_runs.csv",
            mime="text/csv",
            key="study_csv",
            on_click="ignore",
            help="A line per run: its best network, its accuracies, health and seed.",
        )
        report_button(service, name)


def results_json(view: StudyView) -> bytes:
    """Return the study with its results as JSON."""
    study = view.study
    document = {
        "study": study.name,
        "status": study.status,
        "created": study.created,
        "seconds": view.seconds,
        "config": to_dict(study.config),
        "openings": list(study.openings),
        "results": study.results,
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def runs_csv(view: StudyView) -> bytes:
    """Return a line per run."""
    pairs = {row["pair"]: row for row in view.study.results.get("generalization", {}).get("pairs", [])}
    target = io.StringIO()
    rows = [
        _line(view, mode, pair, view.runs[mode][pair], pairs.get(pair, {}))
        for pair in range(view.study.config.runs)
        for mode in STUDY_MODES
    ]
    writer = csv.DictWriter(target, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode()


def _line(view: StudyView, mode: StudyMode, pair: int, run: RunView | None, compared: dict[str, Any]) -> dict[str, Any]:
    best = best_trial(run.trials) if run else None
    network = compared.get(mode, {})
    return {
        "pair": pair + 1,
        "mode": MODE_LABELS[mode],
        "run": view.study.config.run_name(mode, pair),
        "seed": view.study.config.pair_seed(pair),
        "status": run.run.status if run else "not begun",
        "trials_ended": run.count("completed", "pruned", "failed") if run else 0,
        "best_trial": best.number if best else None,
        "total_score": best.total_score if best else None,
        "health": best.health if best else None,
        "parameters": best.parameters if best else None,
        "train_accuracy": network.get("train"),
        "validation_accuracy": best.accuracy if best else None,
        "test_accuracy": best.test_accuracy if best else None,
        "holdout_accuracy": network.get("holdout"),
        "same_network_in_both_modes": compared.get("same_network"),
        "params": json.dumps(best.params) if best else None,
    }
