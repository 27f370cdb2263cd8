"""A real study on real digits: to its verdict, and to the same one with a kill -9 half way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.analyses.evaluation import evaluate, load
from core.analyses.holdout import open_holdout
from core.artifacts import RunFolder
from core.datasets.cache import prepare
from core.datasets.split import read_indices
from core.errors import LabError, RunStateError
from core.executors.sharing import SHARED
from core.records import from_json
from core.store import TrialRecord
from core.study import create_study
from core.study_comparison import compare
from core.study_config import STUDY_MODES, StudyConfig, StudyMode
from core.study_folder import StudyFolder
from core.study_networks import collect, selected
from core.trial import TrialSpec
from tests.study.conftest import CONFIG, StudyLab

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("study")]


def trials_of(lab: StudyLab, mode: StudyMode, pair: int, config: StudyConfig = CONFIG) -> list[TrialRecord]:
    return lab.store.trials(config.run_name(mode, pair))


def outcome(lab: StudyLab) -> list[list[tuple[Any, ...]]]:
    """What must be the same however often a study was interrupted."""
    return [
        [(t.number, t.state, t.params, t.accuracy, t.test_accuracy, t.health, t.total_score) for t in trials]
        for mode in STUDY_MODES
        for trials in (trials_of(lab, mode, pair) for pair in range(CONFIG.runs))
    ]


def test_it_ends_with_a_verdict_and_its_files(finished: StudyLab) -> None:
    study = finished.studies.study("small")
    assert (study.status, study.phase) == ("completed", "finished")
    folder = StudyFolder.of(finished.settings, "small")
    assert json.loads(folder.metadata.read_text())["config"]["runs"] == 5
    for mode in STUDY_MODES:
        for pair in range(5):
            names = {path.name for path in folder.run(mode, pair).iterdir()}
            wanted = {"model.keras", "plots", "metrics.json", "parameters.json", "seeds.json", "split.npz", "spec.json"}
            assert wanted <= names
            seeds = json.loads((folder.run(mode, pair) / "seeds.json").read_text())
            assert (seeds["run"], seeds["holdout"]) == (CONFIG.pair_seed(pair), 42)
    result = study.results["generalization"]
    assert json.loads((folder.results / "generalization.json").read_text()) == result
    assert result["procedure"]["verdict"]["outcome"] in ("better", "equivalent", "worse", "undecided")
    assert [row["measure"] for row in result["table"]] == ["train", "validation", "test", "holdout", "optimism", "gap"]
    assert all(row["difference"]["n"] == 5 for row in result["table"])
    assert result["opening"]["networks"] == study.openings[0]["networks"] and len(study.openings) == 1
    assert result["reused_holdout"] is None and "nan" not in json.dumps(result).lower()


def test_both_modes_begin_with_the_same_networks_and_train_them_once(finished: StudyLab) -> None:
    trained = shared = 0
    for pair in range(5):
        first, second = (trials_of(finished, mode, pair) for mode in STUDY_MODES)
        assert [t.params for t in first[:5]] == [t.params for t in second[:5]]  # before scores steer the search
        for a, b in zip(first, second, strict=True):
            assert SHARED not in (a.device or "")
            if SHARED in (b.device or ""):
                shared += 1
                assert (a.params, a.accuracy, a.health, a.seconds) == (b.params, b.accuracy, b.health, b.seconds)
            else:
                trained += 1
                assert a.params != b.params
        trained += len(first)
    result = finished.studies.study("small").results["generalization"]
    assert result["trainings"] == {"trained": trained, "taken_over": shared}
    assert shared >= 25


def test_what_is_taken_over_is_a_trial_like_any_other(finished: StudyLab) -> None:
    run = CONFIG.run_name("health_aware", 0)
    folder = RunFolder(finished.settings, run)
    spec = from_json(TrialSpec, (folder.trial(0) / "spec.json").read_text())
    assert spec.run == run
    found = folder.committed_result(spec)
    assert found is not None and found.trace is not None and SHARED in found.device
    assert len(trials_of(finished, "health_aware", 0)[0].accuracies) == len(found.trace.epochs)


def test_no_network_has_seen_a_row_of_the_holdout(finished: StudyLab) -> None:
    folder = StudyFolder.of(finished.settings, "small")
    closed: set[int] | None = None
    for mode in STUDY_MODES:
        for pair in range(5):
            indices = read_indices(folder.run(mode, pair) / "split.npz")[1]
            rows = set(indices["holdout"].tolist())
            closed = rows if closed is None else closed
            assert rows == closed
            seen = np.concatenate([indices[part] for part in ("train", "validation", "test")])
            assert not rows & set(seen.tolist())


def test_the_evaluating_process_says_what_the_network_says(finished: StudyLab) -> None:
    """Recomputed here from the stored network and the stored rows, in their own order."""
    import keras

    networks = collect(finished.settings, finished.store, "small", CONFIG)
    model_a, _ = selected(networks)
    result = finished.studies.study("small").results["generalization"]
    dataset = prepare("digits", finished.settings)
    holdout = open_holdout(dataset, model_a.folder / "split.npz")
    model = keras.saving.load_model(model_a.folder / "model.keras", compile=False)
    right = model.predict(holdout.images(), verbose=0).argmax(axis=1) == holdout.y
    assert result["models"]["a"]["holdout"] == pytest.approx(right.mean())
    assert result["models"]["a"]["validation"] == max(one.validation for one in networks["accuracy_only"])
    assert result["holdout_rows"] == len(holdout)


def test_other_networks_do_not_reuse_the_holdout_in_silence(finished: StudyLab, tmp_path: Path) -> None:
    settings = replace(finished.settings, studies_dir=tmp_path)
    source = StudyFolder.of(finished.settings, "small").path
    shutil.copytree(source, tmp_path / "small")
    before = finished.studies.study("small")
    changed = tmp_path / "small" / "health_aware" / "trial_0"
    shutil.copyfile(tmp_path / "small" / "health_aware" / "trial_1" / "model.keras", changed / "model.keras")
    shutil.copyfile(tmp_path / "small" / "health_aware" / "trial_1" / "spec.json", changed / "spec.json")
    try:
        compare(settings, finished.store, finished.studies, before)
        after = finished.studies.study("small")
        assert len(after.openings) == 2 and after.openings[0] == before.openings[0]
        warning = after.results["generalization"]["reused_holdout"]
        assert "training was changed afterwards" in warning and "exploratory" in warning
    finally:
        finished.studies.update("small", openings=list(before.openings), results=before.results)


def test_a_lost_network_is_named(finished: StudyLab, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="could not be tried on the holdout"):
        evaluate({"gone": tmp_path / "nothing"}, "digits", tmp_path / "out", finished.settings)
    (tmp_path / "out" / "gone.npz").write_bytes(b"no predictions")
    assert load(tmp_path / "out", "gone") is None


def test_a_study_survives_kill_9_and_ends_as_if_nothing_had_happened(finished: StudyLab, lab_here: StudyLab) -> None:
    command = [
        sys.executable,
        "-m",
        "core",
        "study",
        "--name",
        "small",
        "--runs",
        "5",
        "--trials",
        "7",
        "--epochs",
        "3",
    ]
    command += ["--workers", "2"]
    for name, value in CONFIG.search_space.items():
        command += ["--set", f"{name}={json.dumps(value)}"]
    program = subprocess.Popen(command, env=os.environ | lab_here.environ, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while sum(run.status == "completed" for run in lab_here.store.runs()) < 3:
            assert program.poll() is None and time.monotonic() < until
            time.sleep(0.1)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    assert lab_here.studies.study("small").status == "interrupted"
    done = subprocess.run(
        [sys.executable, "-m", "core", "resume-study", "small", "--json"],
        env=os.environ | lab_here.environ,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["status"] == "completed"
    assert outcome(lab_here) == outcome(finished)
    again, undisturbed = (one.studies.study("small").results["generalization"] for one in (lab_here, finished))
    assert printed["verdict"] == again["procedure"]["verdict"] == undisturbed["procedure"]["verdict"]
    assert again["models"]["mcnemar"] == undisturbed["models"]["mcnemar"]
    assert again["reselection"] == undisturbed["reselection"]


def test_a_stopped_study_is_resumable_and_a_finished_one_is_not(lab_here: StudyLab, finished: StudyLab) -> None:
    name = create_study(replace(CONFIG, study_name="brief"), lab_here.studies).name
    runner = lab_here.runner(name)
    runner.stop()
    stopped = runner.work()
    assert (stopped.status, stopped.resumable, stopped.results) == ("stopped", True, {})
    with pytest.raises(RunStateError, match="is completed; start a new one"):
        finished.runner("small").work()


@pytest.mark.parametrize("words", [["studies"], ["show-study", "small"]])
def test_the_command_line_tells_the_verdict(finished: StudyLab, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", *words], env=os.environ | finished.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    verdict = finished.studies.study("small").results["generalization"]["procedure"]["verdict"]
    assert verdict["sentence"] in done.stdout
    assert ("paired permutation test p = " in done.stdout) == (words[0] == "show-study")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["resume", "small"], "use `resume-study small`"),
        (["stop", "small.health_aware.1"], "use `resume-study small`"),
        (["study", "--when-runpod-fails", "wait"], "does nothing without --runpod"),
    ],
)
def test_the_command_line_leads_from_a_run_to_its_study(finished: StudyLab, words: list[str], answer: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "core", *words], env=os.environ | finished.environ, capture_output=True, text=True
    )
    assert done.returncode == 2 and answer in done.stderr


def test_runs_of_studies_are_listed_when_they_are_wanted(finished: StudyLab) -> None:
    def listed(*words: str) -> int:
        command = [sys.executable, "-m", "core", "runs", "--json", *words]
        done = subprocess.run(command, env=os.environ | finished.environ, capture_output=True, text=True, check=True)
        return len(json.loads(done.stdout)["runs"])

    assert (listed(), listed("--of-studies")) == (0, 10)
