"""Searches by single metrics beside a real study: taken over where trained already, stopped, continued, compared."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.ablation_runs import AblationProgress, AblationRunner, ArmRun, plan
from core.analyses.arm_runs import arm_runs
from core.analyses.arms import METRIC_NAMES, arm_run_config, arm_run_name
from core.analyses.suite import run_suite
from core.artifacts import sha256
from core.errors import InvalidInputError, RunStateError
from core.progress import best_trial
from core.study_config import StudyConfig
from tests.study.conftest import CONFIG, StudyLab

ARM = "parameter_efficiency"


@dataclass(frozen=True)
class Beside:
    """A copy of the study, so that others find theirs as it was, in which searches of one arm were run."""

    lab: StudyLab
    few: AblationProgress  # five trials of the first pair
    printed: dict[str, Any]  # by the command that let both pairs have seven


@pytest.fixture(scope="module")
def beside(finished: StudyLab, tmp_path_factory: pytest.TempPathFactory) -> Beside:
    folder = tmp_path_factory.mktemp("ablation") / "lab"
    source, file = finished.settings.results_dir.parent, "results/lab.sqlite3"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("lab.sqlite3*"))
    # By SQLite: a program that reads such a file past SQLite loses its own locks on it, and with them its log.
    with closing(sqlite3.connect(source / file)) as there, closing(sqlite3.connect(folder / file)) as here:
        there.backup(here)
    lab = StudyLab.at(folder, finished.settings.data_dir)
    study = lab.studies.study("small")
    stopped = AblationRunner(study, plan(CONFIG, [ARM], 2, 7), lab.settings, lab.store)
    stopped.stop()  # before it begins: it must do nothing, and leave nothing behind that cannot go on
    assert stopped.work() == stopped.progress() and stopped.progress().stopped and not stopped.progress().trained
    few = AblationRunner(study, plan(CONFIG, [ARM], 1, 5), lab.settings, lab.store).work()
    assert stopped.progress().runs == 0  # five trials are not the seven that it was to have
    command = [sys.executable, "-m", "core", "ablate", "small", "--arms", ARM, "--pairs", "2", "--json"]
    done = subprocess.run(command, env=os.environ | lab.environ, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "small: 2 of 2 runs done" in done.stderr
    return Beside(lab, few, json.loads(done.stdout))


def test_runs_are_planned_pair_by_pair_within_the_study() -> None:
    arms = ["gradient_health", "neuron_utilization"]
    assert plan(CONFIG, arms, 2, 5) == [
        ArmRun(arm=arm, pair=pair, trials=5) for pair in (0, 1) for arm in ("neuron_utilization", "gradient_health")
    ]
    everything = plan(CONFIG, METRIC_NAMES)
    assert len(everything) == 6 * CONFIG.runs and {one.trials for one in everything} == {CONFIG.trials}
    with pytest.raises(InvalidInputError, match="Did you mean 'gradient_health'"):
        plan(CONFIG, ["gradient_helth"])
    for pairs, trials in ((6, None), (None, 8), (0, None)):
        with pytest.raises(InvalidInputError, match="whole number"):
            plan(CONFIG, [ARM], pairs, trials)


def test_a_run_differs_from_its_partner_by_weights_and_name_only() -> None:
    for pair in range(3):
        partner, own = CONFIG.run_config("health_aware", pair), arm_run_config(CONFIG, ARM, pair)
        assert replace(own, weights=partner.weights, run_name=partner.run_name) == partner
        assert own.weights.accuracy == CONFIG.weights.accuracy
        assert {name: share for name, share in own.weights.components().items() if share} == {ARM: 1.0}


def test_names_of_runs_fit_however_long_the_name_of_the_study() -> None:
    long = [StudyConfig(study_name="s" * 58 + end) for end in "ab"]
    names = {arm_run_name(config, metric, 12) for config in long for metric in METRIC_NAMES}
    assert len(names) == 12 and max(map(len, names)) <= 80
    arm_run_config(long[0], "accuracy_consistency", 19)  # allowed as the name of a run


@pytest.mark.training
@pytest.mark.xdist_group("study")
class TestOnARealStudy:
    def test_what_was_trained_already_is_the_same_network(self, beside: Beside) -> None:
        expected = AblationProgress(runs=1, all_runs=1, trained=0, taken_over=5, all_trials=5, stopped=False)
        assert beside.few == expected  # the first five proposals do not depend on scores
        runs = arm_runs(beside.lab.settings, beside.lab.store, CONFIG)
        assert [(one.arm, one.pair, one.trials) for one in runs.choices] == [(ARM, 0, 7), (ARM, 1, 7)]
        assert runs.unfinished == () and runs.trained + runs.taken_over == 14 and runs.taken_over >= 10
        results = beside.lab.settings.results_dir
        for pair in (0, 1):
            own, first = (f"small.{mode}.{pair}/trials/trial_3/model.keras" for mode in (f"arm_{ARM}", "accuracy_only"))
            assert sha256(results / own) == sha256(results / first)

    def test_the_command_says_what_was_done(self, beside: Beside) -> None:
        printed = beside.printed
        assert (printed["study"], printed["status"]) == ("small", "completed")
        assert printed["trained"] + printed["taken_over"] == 14
        assert [(one["arm"], one["pair"], one["trials"]) for one in printed["runs"]] == [(ARM, 0, 7), (ARM, 1, 7)]
        for one in printed["runs"]:
            best = best_trial(beside.lab.store.trials(one["run"]))
            assert best is not None and (one["best_trial"], one["best_accuracy"]) == (best.number, best.accuracy)

    def test_trials_are_scored_by_the_weights_of_the_arm(self, beside: Beside) -> None:
        weight = CONFIG.weights.accuracy
        for pair in (0, 1):
            for trial in beside.lab.store.trials(f"small.arm_{ARM}.{pair}"):
                assert trial.accuracy is not None and trial.components[ARM] is not None
                expected = weight * trial.accuracy + (1 - weight) * (trial.components[ARM] or 0)
                assert trial.total_score == pytest.approx(expected)

    def test_a_run_is_held_to_as_many_trials_of_accuracy_only(self, beside: Beside) -> None:
        runs = arm_runs(beside.lab.settings, beside.lab.store, CONFIG)
        assert runs.reference.keys() == runs.all_six.keys() == {(0, 7), (1, 7)}
        for (pair, count), one in runs.reference.items():
            trials = beside.lab.store.trials(f"small.accuracy_only.{pair}")[:count]
            best = max(trials, key=lambda trial: (trial.accuracy or 0, -trial.number))
            assert one.subject.name == f"small.accuracy_only.{pair}/{best.number}"

    def test_the_ablation_compares_them(self, beside: Beside) -> None:
        lab = beside.lab
        result = run_suite(lab.settings, lab.store, lab.studies, "small", ["ablation"])["ablation"]
        assert result["status"] == "ok", result
        found = result["new_runs"]
        assert (found["status"], found["pairs"], found["trials"]) == ("ok", [0, 1], [7])
        assert {(one["arm"], one["outcome"]) for one in found["contrasts"]} == {
            (arm, outcome) for arm in ("all_six", ARM) for outcome in ("accuracy", "nll")
        }
        first = lab.studies.study("small").results["generalization"]["pairs"]
        (all_six,) = (one for one in found["contrasts"] if (one["arm"], one["outcome"]) == ("all_six", "accuracy"))
        expected = sum(first[pair]["health_aware"]["holdout"] for pair in (0, 1)) / 2
        assert all_six["mean"]["mean"] == pytest.approx(expected)  # the same networks as module 1 has tried
        assert any(line.startswith("Searches of their own (7 trials, 2 pairs)") for line in result["reading"])
        assert result["pool"]["trials"] == result["pool"]["sampled"] and not result["pool"]["losses_missing"]
        assert [one["measure"] for one in result["runs"]] == ["reselected_accuracy", "reselected_nll"]
        assert all(one["exploratory"] and one["difference"]["n"] == CONFIG.runs for one in result["runs"])

    def test_what_cannot_be_compared_is_not_begun(self, finished: StudyLab, tmp_path: Path) -> None:
        study = finished.studies.study("small")
        empty = StudyLab.at(tmp_path, finished.settings.data_dir)
        with pytest.raises(RunStateError, match="pair 1 of study 'small' has no finished run"):
            AblationRunner(study, plan(CONFIG, [ARM]), empty.settings, empty.store)
        with pytest.raises(RunStateError, match="study 'small' is running"):
            AblationRunner(replace(study, status="running"), plan(CONFIG, [ARM]), empty.settings, empty.store)
