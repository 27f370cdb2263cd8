"""The same specification and seed give the same numbers here and on a worker: the gap is 0, not "small"."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.outcome import OptimizationResult
from core.trial import Trace
from tests.remote.lab import SMALL, RemoteLab, check_finished

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("emulator")]
CASES: dict[str, dict[str, Any]] = {
    "digits": {"trials": 3, "max_epochs_per_trial": 3, "search_space": {}},  # the whole space, sampler included
    "mnist": {"trials": 1, "max_epochs_per_trial": 1, "search_space": SMALL | {"batch_size": 256}},
}


def traces(lab: RemoteLab, result: OptimizationResult) -> list[Trace]:
    """What was measured during the trainings, without what depends on the clock."""
    found = [lab.folder(result.run_name).load_result(trial.number) for trial in result.trials]
    assert all(one is not None and one.trace is not None for one in found)
    timeless = []
    for one in found:
        assert one is not None and one.trace is not None
        epochs = tuple(replace(epoch, seconds=0.0, probe_seconds=0.0) for epoch in one.trace.epochs)
        timeless.append(replace(one.trace, epochs=epochs))
    return timeless


@pytest.mark.parametrize("name", ["digits", pytest.param("mnist", marks=pytest.mark.slow)])
def test_a_worker_measures_what_this_machine_measures(
    lab: RemoteLab, name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name != "digits":
        mirror: Path = request.getfixturevalue("mirror")
        monkeypatch.setenv("MHL_DATASET_MIRROR", str(mirror))
        lab = replace(lab, settings=replace(lab.settings, dataset_mirror=mirror))
    wanted = CASES[name] | {"dataset_name": name, "concurrent_workers": 1}
    here = lab.optimizer(**wanted, use_runpod_service=False).optimize_model()
    there = lab.optimizer(**wanted).optimize_model()
    for result in (here, there):
        check_finished(lab, result, wanted["trials"])
    assert [trial.params for trial in there.trials] == [trial.params for trial in here.trials]
    for measured in ("accuracy", "test_accuracy", "health", "components", "total_score", "accuracies", "parameters"):
        assert [getattr(t, measured) for t in there.trials] == [getattr(t, measured) for t in here.trials], measured
    assert traces(lab, there) == traces(lab, here)
    assert here.best_accuracy is not None and here.best_accuracy > 0.5  # numbers that say something
