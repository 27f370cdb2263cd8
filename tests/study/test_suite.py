"""The suite of analyses on a real study: from Python, and as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from core.analyses import MODULES
from core.analyses.evaluation import load
from core.analyses.suite import SuiteProgress, module_names, run_suite
from core.code_version import code_version
from core.diagnostics import load_diagnostics
from core.errors import InvalidInputError, LabError
from core.study_folder import StudyFolder
from core.study_networks import collect
from core.trial import PLOTS
from tests.study.conftest import CONFIG, StudyLab

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("study")]
NAMES = ["calibration", "per_class", "failures"]


def analyse(lab: StudyLab, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core", "analyse", *words]
    return subprocess.run(command, env=os.environ | lab.environ, capture_output=True, text=True, timeout=200)


def test_results_are_stored_and_say_what_the_predictions_say(finished: StudyLab) -> None:
    told: list[SuiteProgress] = []
    results = run_suite(finished.settings, finished.store, finished.studies, "small", NAMES, told.append)
    assert list(results) == NAMES and all(one["status"] == "ok" for one in results.values()), results
    assert (told[-1].module, told[-1].share, told[-1].done, told[-1].total) == ("failures", 1.0, 3, 3)
    folder = StudyFolder.of(finished.settings, "small")
    stored = finished.studies.study("small").results
    for name in NAMES:
        assert stored[name] == results[name] == json.loads((folder.results / f"{name}.json").read_text())
        assert results[name]["code"] == code_version() and results[name]["seconds"] >= 0
        assert MODULES[name].figures(stored[name])
    first = stored["generalization"]["models"]
    mark = stored["generalization"]["opening"]["networks"]
    for key in "ab":
        assert results["calibration"]["models"][key]["name"] == first[key]["name"]
        assert results["calibration"]["models"][key]["before"]["accuracy"] == pytest.approx(first[key]["holdout"])
        found = load(folder.results / "holdout" / mark[:12], first[key]["name"])
        assert found is not None
        confusion = np.asarray(results["per_class"]["models"][key]["confusion"])
        assert np.trace(confusion) == found.correct.sum() and confusion.sum() == len(found.labels)
    counts = {one["key"]: one["count"] for one in results["failures"]["categories"]}
    assert (counts["b_only_wrong"], counts["a_only_wrong"]) == (first["mcnemar"]["only_a"], first["mcnemar"]["only_b"])


def test_stored_validation_answers_are_those_that_chose_the_network(finished: StudyLab) -> None:
    """Temperature is fitted on them."""
    networks = collect(finished.settings, finished.store, "small", CONFIG)
    for one in [one for ones in networks.values() for one in ones]:
        stored = load_diagnostics(one.folder / PLOTS)
        assert stored is not None
        assert (stored.probabilities.argmax(axis=1) == stored.labels).mean() == pytest.approx(one.validation)


def test_without_stored_diagnostics_the_network_is_asked(finished: StudyLab) -> None:
    """Both ways must give the same answers, in this order of rows or another."""
    from core.analyses.worker import open_context

    mark = finished.studies.study("small").results["generalization"]["opening"]["networks"]
    predictions = StudyFolder.of(finished.settings, "small").results / "holdout" / mark[:12]
    before = dict(os.environ)
    os.environ.update(finished.environ)
    try:
        context = open_context("small", predictions)
    finally:
        os.environ.clear()
        os.environ.update(before)
    network = context.models[0]
    stored, labels = context.validation(network)
    plots = network.folder / PLOTS
    plots.rename(plots.with_name("elsewhere"))
    try:
        asked, same = context.validation(network)
    finally:
        plots.with_name("elsewhere").rename(plots)
    assert np.array_equal(labels, same) and asked == pytest.approx(stored, abs=1e-5)


def test_a_user_types_it(finished: StudyLab) -> None:
    earlier = finished.studies.study("small").results
    done = analyse(finished, "small", "--modules", "per_class,calibration", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["study"] == "small" and list(printed["results"]) == ["calibration", "per_class"]
    assert "calibration: " in done.stderr and "2 of 2 modules done" in done.stderr
    after = finished.studies.study("small").results
    assert after["calibration"] == printed["results"]["calibration"]
    assert after["generalization"] == earlier["generalization"]  # others stay as they were
    done = analyse(finished, "small", "--modules", "failures")
    assert done.returncode == 0 and done.stdout.startswith("Failures (failures): ok after ")
    assert "holdout rows both models fail on" in done.stdout


def test_wrong_calls_are_answered_in_one_line(finished: StudyLab) -> None:
    done = analyse(finished, "small", "--modules", "calibraton")
    assert done.returncode == 2 and "Did you mean 'calibration'?" in done.stderr and done.stderr.count("\n") == 1
    done = analyse(finished, "nothing")
    assert done.returncode == 1 and done.stderr == "error: unknown study 'nothing'; known: small.\n"
    with pytest.raises(InvalidInputError):
        module_names(["generalization"])
    with pytest.raises(LabError, match="stopped"):
        run_suite(finished.settings, finished.store, finished.studies, "small", NAMES, stopping=lambda: True)
