"""What the page shows of a run whose trials trained at RunPod: cost, devices, speed-up, notes."""

from __future__ import annotations

import csv
import io
from typing import Any

import optuna
import pytest
from streamlit.testing.v1 import AppTest

from app.components.downloads_view import available
from app.components.trial_table import table_row
from core.artifacts import RunFolder
from core.config import OptimizationConfig
from core.executors.ledger import Ledger
from core.service import RunService
from core.store import TrialProgress
from tests.app.test_pages import words
from tests.figures.records import record

RUN = "far"
WHY = "RunPod is not set up: set RUNPOD_API_KEY"


def add_remote_run(service: RunService, status: str = "completed", phase: str = "finished", **config: Any) -> Ledger:
    """Store a run of three trials: at RunPod after a lost attempt, fallen back, and pruned at RunPod."""
    store = service.store
    wanted = OptimizationConfig(run_name=RUN, trials=4, concurrent_workers=2, use_runpod_service=True, **config)
    store.create_run(RUN, wanted)
    study = store.study(RUN)
    for device, seconds in (("cpu on RunPod worker w7", 20.0), (f"cpu (RunPod unavailable: {WHY})", 10.0)):
        attributes = {"metrics": {"val_accuracy": 0.9}, "health_score": 0.5, "seconds": seconds, "device": device}
        study.add_trial(optuna.trial.create_trial(value=0.8, user_attrs=attributes, intermediate_values={1: 0.9}))
    pruned = optuna.trial.TrialState.PRUNED
    study.add_trial(optuna.trial.create_trial(state=pruned, user_attrs={"note": "pruned"}))
    store.update_run(RUN, status=status, phase=phase, seconds=25.0, facts={"sizes": {"validation": 10, "test": 10}})
    ledger = Ledger(RunFolder(service.settings, RUN).remote_jobs, lambda: 0.0)
    for job, number, end, cost in (
        ("a", 0, "LOST", None),
        ("b", 0, "COMPLETED", 0.0125),
        ("c", 2, "CANCELLED", 0.0025),
    ):
        ledger.submitted(uid=f"u{number}", number=number, job_id=job, attempt=0, gpus=1)
        ledger.ended(job, end, execution_ms=10_000.0, worker="w7" if number == 0 else "w8", cost=cost)
    return ledger


def metrics(page: AppTest) -> dict[str, tuple[str, str]]:
    assert not page.exception
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


class TestNumbers:
    """Cost, seconds and speed-up."""

    def test_cost_seconds_and_jobs_of_a_run_at_runpod(self, page: AppTest, service: RunService) -> None:
        add_remote_run(service, max_run_cost=1.0)
        shown = metrics(page.run())
        assert shown["Cost at RunPod, at least"] == ("$0.0150", "budget $1.00")
        assert shown["Execution at RunPod"] == ("30 s", "3 jobs")
        assert "The cost of 1 ended job is not known" in words(page)
        [cost] = [metric for metric in page.metric if "Cost" in metric.label]
        for part in ("lower bound", "start of workers", "idle time and disk"):
            assert part in cost.help

    def test_the_speed_up_counts_the_pruned_trial_and_has_its_bound_beside_it(
        self, page: AppTest, service: RunService
    ) -> None:
        add_remote_run(service)
        # 20 + 10 + 10 (execution of the pruned one) seconds in 25; two workers need 20 at least
        assert metrics(page.run())["Speed-up by workers"] == ("1.6 ×", "at most 2.0 ×")

    def test_jobs_taken_unseen_are_a_warning(self, page: AppTest, service: RunService) -> None:
        ledger = add_remote_run(service)
        assert not page.run().warning
        ledger.doubtful(uid="u3", number=3, reason="no answer")
        assert "1 job may have been taken by RunPod" in page.run().warning[0].value

    def test_without_a_price_there_is_no_cost(self, page: AppTest, service: RunService) -> None:
        wanted = OptimizationConfig(run_name=RUN, use_runpod_service=True, gpu_price_per_hour=None)
        service.store.create_run(RUN, wanted)
        ledger = Ledger(RunFolder(service.settings, RUN).remote_jobs, lambda: 0.0)
        ledger.submitted(uid="u", number=0, job_id="a", attempt=0, gpus=1)
        shown = metrics(page.run())
        assert shown["Cost at RunPod, at least"] == ("–", "no budget")
        assert shown["Execution at RunPod"] == ("0 s", "1 job, 1 open")
        assert shown["Speed-up by workers"] == ("–", "no trial has ended")
        assert "price of a GPU was left empty" in words(page)


class TestDevices:
    """Which device trains and trained."""

    def test_where_trials_trained_and_why_one_fell_back(self, page: AppTest, service: RunService) -> None:
        add_remote_run(service)
        text = words(page.run()).replace("\\", "")
        assert "RunPod, cpu: 1 trial on 1 worker" in text
        assert "this machine, cpu (RunPod could not be used): 1 trial" in text
        assert "RunPod, device not told: 1 trial on 1 worker" in text  # the pruned one
        assert f"1 trial trained here because RunPod could not be used: {WHY}." in text
        assert "Now – " not in text

    def test_where_the_trials_train_that_train_now(self, page: AppTest, service: RunService) -> None:
        note = f"RunPod cannot be used ({WHY}), so trials train on this machine."
        add_remote_run(service, status="running", phase=f"training. {note}")
        places = ["training on worker a", "in RunPod's queue", "training on worker b", "on this machine", None]
        for number, place in enumerate(places, start=3):
            at_work = TrialProgress(
                number=number, epoch=1, epochs=2, val_accuracy=0.5, started=0.0, updated=1.0, place=place
            )
            service.store.set_progress(RUN, at_work)
        text = words(page.run()).replace("\\", "")
        assert (
            "Now – training at RunPod: trials 3, 5; in RunPod's queue: trial 4; on this machine: trial 6; starting: "
            "trial 7."
        ) in text
        assert text.count(WHY) == 1  # in the header alone

    def test_a_local_run_says_its_device_and_nothing_of_runpod(self, page: AppTest, service: RunService) -> None:
        service.store.create_run(RUN, OptimizationConfig(run_name=RUN, trials=1))
        attributes = {"metrics": {"val_accuracy": 0.9}, "health_score": 0.5, "seconds": 4.0, "device": "cpu"}
        service.store.study(RUN).add_trial(optuna.trial.create_trial(value=0.8, user_attrs=attributes))
        service.store.update_run(RUN, status="completed", phase="finished", seconds=5.0)
        shown = metrics(page.run())
        assert "Trained – this machine, cpu: 1 trial." in words(page)
        assert not any("RunPod" in label for label in shown)


class TestHeader:
    """The note behind the phase."""

    def test_a_note_stands_below_the_bar_and_not_in_it(self, page: AppTest, service: RunService) -> None:
        note = "RunPod refuses the API key (HTTP 401): set one. 2 trials wait; all goes on as soon as it works."
        add_remote_run(service, status="running", phase=f"training. {note}")
        page.run()
        bar = str(page.get("progress")[0].proto.text)
        assert "· training" in bar and "RunPod" not in bar
        assert note in [warning.value.replace("\\", "") for warning in page.warning]

    def test_without_a_note_there_is_no_warning(self, page: AppTest, service: RunService) -> None:
        add_remote_run(service, status="running", phase="training")
        assert not page.run().warning


class TestTrials:
    """The table and the CSV file."""

    def test_the_table_has_device_and_cost_where_they_are_known(self) -> None:
        row = table_row(record(0), active=False, device="cpu on RunPod worker w", cost=0.5)
        assert (row["Trained on"], row["Cost $"]) == ("RunPod, cpu", 0.5)
        assert not {"Trained on", "Cost $"} & set(table_row(record(0), active=False))

    def test_the_table_of_a_run(self, page: AppTest, service: RunService) -> None:
        add_remote_run(service)
        page.query_params["view"] = "trials"
        page.run().segmented_control(key="trials_form").set_value("Table").run()
        assert not page.exception
        frame = page.dataframe[0].value
        assert set(frame["Trained on"]) == {
            "RunPod, cpu", "this machine, cpu (RunPod could not be used)", "RunPod, device not told",
        }  # fmt: skip
        assert sorted(frame["Cost $"].dropna()) == pytest.approx([0.0025, 0.0125])

    def test_the_file_too(self, service: RunService) -> None:
        add_remote_run(service)
        [file] = [item for item in available(service, service.view(RUN)) if item.key == "download_trials"]
        rows = list(csv.DictReader(io.StringIO(file.read().decode())))
        assert [row["device"] for row in rows] == ["cpu on RunPod worker w7", f"cpu (RunPod unavailable: {WHY})", ""]
        assert [row["cost_usd"] for row in rows] == ["0.0125", "", "0.0025"]
