"""Trials in this very process, one after the other: for notebooks, debuggers and tests. Loads Keras here."""

from __future__ import annotations

from concurrent.futures import Future

from core.executors import work
from core.executors.jobs import CountJob, DiagnoseJob, DiagnoseReport, Executor, OnEpoch, ParameterBounds, TrainJob
from core.trial import TrialResult


class InlineExecutor:
    """Every call returns a finished future, so there is never anything to cancel."""

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """See Executor.train."""
        future: Future[TrialResult] = Future()
        future.set_result(work.train(job, on_epoch))
        return future

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """See Executor.count."""
        future: Future[ParameterBounds] = Future()
        future.set_result(work.count(job))
        return future

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """See Executor.diagnose."""
        future: Future[DiagnoseReport] = Future()
        future.set_result(work.diagnose(job))
        return future

    def cancel(self, number: int) -> None:
        """See Executor.cancel."""

    def close(self) -> None:
        """See Executor.close."""


def _conforms(executor: InlineExecutor) -> Executor:
    return executor
