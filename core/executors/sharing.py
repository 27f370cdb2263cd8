"""A run whose partner proposed the same networks: what is trained already is taken over instead of trained again."""

from __future__ import annotations

import shutil
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.artifacts import RunFolder, sha256
from core.executors.jobs import CountJob, DiagnoseJob, DiagnoseReport, Executor, OnEpoch, ParameterBounds, TrainJob
from core.records import from_json, to_json
from core.trial import RESULT_FILE, SPEC_FILE, TrialResult, TrialSpec

SHARED = "trained once for both modes"


class SharingExecutor:
    """Trains by `executor` what the run in the folder `partner` has not trained with the same number and seed.

    With `keep_open` the executor outlives the run, for the next one to use. `counts` holds the sizes of search spaces
    that are known already.
    """

    def __init__(
        self, executor: Executor, partner: RunFolder | None, counts: dict[CountJob, ParameterBounds], *, keep_open: bool
    ) -> None:
        self._executor, self._partner, self._counts, self._keep_open = executor, partner, counts, keep_open

    def train(self, job: TrainJob, on_epoch: OnEpoch) -> Future[TrialResult]:
        """See Executor.train."""
        found = self._take_over(job)
        if found is None:
            return self._executor.train(job, on_epoch)
        for record in found.trace.epochs if found.trace else ():
            on_epoch(record)
        future: Future[TrialResult] = Future()
        future.set_result(found)
        return future

    def count(self, job: CountJob) -> Future[ParameterBounds]:
        """See Executor.count."""
        if job in self._counts:
            known: Future[ParameterBounds] = Future()
            known.set_result(self._counts[job])
            return known
        counted = self._executor.count(job)
        counted.add_done_callback(partial(self._keep, job))
        return counted

    def _keep(self, job: CountJob, counted: Future[ParameterBounds]) -> None:
        if not counted.cancelled() and counted.exception() is None:
            self._counts[job] = counted.result()

    def diagnose(self, job: DiagnoseJob) -> Future[DiagnoseReport]:
        """See Executor.diagnose."""
        return self._executor.diagnose(job)

    def cancel(self, number: int) -> None:
        """See Executor.cancel."""
        self._executor.cancel(number)

    def close(self) -> None:
        """See Executor.close."""
        if not self._keep_open:
            self._executor.close()

    def _take_over(self, job: TrainJob) -> TrialResult | None:
        """Copy the partner's trial if it is whole and only the run's name differs."""
        if self._partner is None:
            return None
        source = self._partner.trial(job.spec.number)
        try:
            spec = from_json(TrialSpec, (source / SPEC_FILE).read_text(encoding="utf-8"))
            result = from_json(TrialResult, (source / RESULT_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if replace(spec, run=job.spec.run) != job.spec or result.status != "completed":
            return None
        try:
            return _copy(source, Path(job.out_dir), job.spec, result)
        except OSError:
            return None  # then it is trained, which needs the disk too and says what is wrong with it


def _copy(source: Path, target: Path, spec: TrialSpec, result: TrialResult) -> TrialResult | None:
    """Make `target` what training `spec` there would have left; None when a file is not what the worker wrote."""
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        kept = []
        for artifact in result.artifacts:
            copy = part / artifact.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / artifact.path, copy)
            if sha256(copy) != artifact.sha256:
                return None
            if artifact.path == SPEC_FILE:  # it names the run
                copy.write_text(to_json(spec), encoding="utf-8")
                artifact = replace(artifact, sha256=sha256(copy), size=copy.stat().st_size)
            kept.append(artifact)
        taken = replace(result, artifacts=tuple(kept), device=f"{result.device}, {SHARED}")
        (part / RESULT_FILE).write_text(to_json(taken), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return taken


def _conforms(executor: SharingExecutor) -> Executor:
    return executor
