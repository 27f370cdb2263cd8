"""Analyses in the background of a server: progress, results, stopping."""

from __future__ import annotations

import pytest

from core.analysis_jobs import AnalysisJobs, AnalysisState
from core.errors import InvalidInputError, RunStateError
from tests.remote.lab import wait_for
from tests.study.conftest import StudyLab

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("study")]


def ended(jobs: AnalysisJobs) -> AnalysisState | None:
    state = jobs.state("small")
    return state if state is not None and not state.active else None


def test_what_is_asked_for_is_measured_and_stored_and_can_be_stopped(finished: StudyLab) -> None:
    jobs = AnalysisJobs(finished.settings, finished.store, finished.studies)
    try:
        with pytest.raises(InvalidInputError, match="unknown analysis module"):
            jobs.ask("small", ["calibraton"])
        with pytest.raises(RunStateError, match="nothing"):
            jobs.ask("nothing", ["per_class"])
        assert jobs.state("small") is None
        before = finished.studies.study("small").results.get("per_class", {}).get("at", 0.0)
        jobs.ask("small", ["failures", "per_class"])
        with pytest.raises(RunStateError, match="being analysed"):
            jobs.ask("small", ["failures"])
        wait_for(lambda: ended(jobs) is not None, "the analysis", 120)
        state = ended(jobs)
        assert (
            state is not None and state.error is None and (state.done, state.modules) == (2, ("per_class", "failures"))
        )
        assert finished.studies.study("small").results["per_class"]["at"] > before

        jobs.ask("small", ["per_class", "failures"])
        jobs.stop("small")
        wait_for(lambda: ended(jobs) is not None, "the end", 60)
        state = ended(jobs)
        assert state is not None and state.stopping and state.error is None
    finally:
        jobs.close()
    with pytest.raises(RunStateError, match="shutting down"):
        jobs.ask("small", ["failures"])
