"""The exploration page without a browser: what it offers, what it says, what it shows of a run."""

from __future__ import annotations

import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from app.components.best_model import settings_rows
from app.components.downloads_view import available
from app.components.exploration import VIEWS
from app.components.progress_view import curves_shown
from app.components.trial_table import table_row
from core.artifacts import RunFolder
from core.config import OptimizationConfig
from core.datasets import DATASETS
from core.health import METRICS
from core.service import RunService
from tests.app.conftest import REASON, add_run
from tests.conftest import REPOSITORY
from tests.figures.records import record


def words(page: AppTest) -> str:
    """All running text of the page."""
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return "\n".join(str(element.value) for element in elements)


class TestForm:
    """The form that starts a run."""

    def test_opens_on_digits_with_the_defaults_of_the_core(self, page: AppTest) -> None:
        defaults = OptimizationConfig()
        page.run()
        assert not page.exception
        assert page.selectbox(key="dataset").value == "digits"
        assert page.radio(key="mode").value == defaults.optimization_mode
        assert page.number_input(key="trials").value == defaults.trials
        assert page.number_input(key="epochs").value == defaults.max_epochs_per_trial
        assert page.number_input(key="workers").value == defaults.concurrent_workers
        assert page.number_input(key="seed").value == defaults.random_seed
        assert "What happens when you press Start" in words(page)

    def test_every_data_set_is_offered(self, page: AppTest) -> None:
        page.run()
        assert set(page.selectbox(key="dataset").options) == {entry.label for entry in DATASETS.values()}

    def test_one_click_starts_the_default_run_and_shows_it(
        self, page: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[OptimizationConfig] = []

        def start(config: OptimizationConfig) -> str:
            started.append(config)
            add_run(service.store, "first", status="queued")
            return "first"

        monkeypatch.setattr(service, "start", start)
        page.run().button(key="start").click().run()
        assert started == [OptimizationConfig()]
        assert page.query_params["run"] == "first"
        assert page.button(key="stop").label == "Stop"

    def test_what_is_chosen_is_what_is_started(
        self, page: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[OptimizationConfig] = []
        add_run(service.store, "first")

        def start(config: OptimizationConfig) -> str:
            started.append(config)
            return "first"

        monkeypatch.setattr(service, "start", start)
        page.query_params["view"] = "setup"
        page.run()
        page.selectbox(key="dataset").set_value("mnist")
        page.radio(key="mode").set_value("simple")
        page.number_input(key="trials").set_value(7)
        page.number_input(key="epochs").set_value(4)
        page.number_input(key="workers").set_value(3)
        page.number_input(key="seed").set_value(5)
        page.selectbox(key="plots").set_value("none")
        page.checkbox(key="pruning").set_value(False)
        page.number_input(key="max_parameters").set_value(5000)
        page.text_input(key="run_name").set_value("mine")
        page.button(key="start").click().run()
        wanted = OptimizationConfig(
            dataset_name="mnist",
            optimization_mode="simple",
            trials=7,
            max_epochs_per_trial=4,
            concurrent_workers=3,
            random_seed=5,
            plot_generation="none",
            pruning=False,
            max_parameters=5000,
            run_name="mine",
        )
        assert started == [wanted]

    def test_a_wrong_name_is_answered_with_the_rule_and_starts_nothing(
        self, page: AppTest, service: RunService
    ) -> None:
        page.run().text_input(key="run_name").set_value("../evil")
        page.button(key="start").click().run()
        assert not page.exception
        assert "run name '../evil' is not allowed; use 1 to 80 letters" in page.error[0].value
        assert service.store.runs() == []

    def test_a_number_out_of_range_is_answered_with_the_range(self, page: AppTest, service: RunService) -> None:
        page.run().number_input(key="trials").set_value(20_000)
        page.button(key="start").click().run()
        assert "trials must be a whole number from 1 to 10000, got 20000" in page.error[0].value
        assert service.store.runs() == []

    def test_a_name_that_is_taken_is_answered_with_the_remedy(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "taken")
        page.query_params["view"] = "setup"
        page.run().text_input(key="run_name").set_value("taken")
        page.button(key="start").click().run()
        assert "choose another name" in page.error[0].value


class TestRun:
    """A run that is stored."""

    def test_shows_the_numbers_of_the_best_trial(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "done")
        page.run()
        assert not page.exception
        shown = {metric.label: (metric.value, metric.delta) for metric in page.metric}
        assert shown == {
            "Trials ended": ("3 / 3", "1 completed, 1 pruned, 1 failed"),
            "Time left": ("ended", "1 min 15 s of work so far"),
            "Trials per minute": ("2.4", "2 workers"),
            "Speed-up by workers": ("0.1 ×", "at most 1.0 ×"),  # 4.25 s of one trial in 75 s of work
            "Total score": ("0.784", "0.7 accuracy + 0.3 health"),
            "Validation accuracy": ("90.0 %", "95 %: 82.6–94.5 %"),  # Wilson, n = 100
            "Test accuracy": ("87.5 %", "95 %: 82.2–91.4 %"),  # n = 200
            "Health score": ("0.512", "of the six below"),
        }
        assert "12,345 parameters" in words(page)

    def test_explains_every_component_and_why_one_has_no_value(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "done")
        text = words(page.run())
        for metric in METRICS.values():
            assert metric.meaning in text
            assert metric.method in text
            assert metric.advice in text
        bars = [str(bar.proto.text) for bar in page.get("progress")]
        assert f"not measured: {REASON}" in bars
        assert bars.count("0.500") == 5

    def test_lists_all_trials_and_opens_the_traceback_of_a_failed_one(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "done")
        page.query_params["view"] = "trials"
        page.run()
        page.segmented_control(key="trials_form").set_value("Table").run()
        assert list(page.dataframe[0].value["State"]) == ["✔ completed", "✂ pruned", "✖ failed"]
        assert list(page.dataframe[0].value["Accuracy %"])[:2] == [90.0, 25.0]
        assert [code.value for code in page.code] == ["Traceback (most recent call last):\n  MemoryError"]
        assert "Why trial 2 failed" in [expander.label for expander in page.expander]

    def test_draws_a_run_without_any_trial(self, page: AppTest, service: RunService) -> None:
        service.store.create_run("empty", OptimizationConfig(run_name="empty"))
        page.run()
        assert not page.exception
        assert [metric.value for metric in page.metric] == ["0 / 10", "–", "–", "–", *["–"] * 4]

    def test_the_address_chooses_the_run_and_the_box_changes_the_address(
        self, page: AppTest, service: RunService
    ) -> None:
        for name in ("older", "newer"):
            add_run(service.store, name)
        assert page.run().selectbox(key="run_picker").value == "newer"
        page.query_params["run"] = "older"
        assert page.run().selectbox(key="run_picker").value == "older"
        page.selectbox(key="run_picker").set_value("newer").run()
        assert page.query_params["run"] == "newer"

    def test_an_active_run_is_shown_before_a_newer_one(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "active", status="running")
        add_run(service.store, "newer")
        assert page.run().selectbox(key="run_picker").value == "active"

    def test_an_unknown_run_in_the_address_is_said(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "done")
        page.query_params["run"] = "gone"
        page.run()
        assert "There is no run named “gone”" in page.warning[0].value
        assert page.selectbox(key="run_picker").value == "done"

    def test_stop_asks_once(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "active", status="running")
        page.run().button(key="stop").click().run()
        assert service.store.wishes("active").stop
        assert (page.button(key="stop").label, page.button(key="stop").disabled) == ("Stopping …", True)

    def test_a_failed_run_says_why_and_offers_to_resume(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "broken", status="failed")
        service.store.update_run("broken", phase="the disk is full")
        page.run()
        assert "the disk is full" in page.error[0].value
        assert page.button(key="resume").label == "Resume"

    def test_a_run_whose_process_died_is_resumable(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "lost", status="running")
        service.store.update_run("lost", owner=None)
        page.run()
        assert "it can be resumed" in page.warning[0].value
        assert page.button(key="resume").label == "Resume"


class TestParts:
    """Pieces of the page that AppTest cannot look into."""

    def test_settings_leave_out_layers_that_the_network_does_not_have(self, service: RunService) -> None:
        add_run(service.store, "done")
        view = service.view("done")
        assert view.best is not None
        rows = {row["setting"]: row["value"] for row in settings_rows(view.run, view.best)}
        assert rows["filters"] == "11, 22"
        assert "conv layers" not in rows

    def test_a_trial_left_training_by_a_dead_process_is_not_shown_as_training(self) -> None:
        assert table_row(record(0, "running"), active=False)["State"] == "◼ interrupted"
        assert table_row(record(0, "running"), active=True)["State"] == "▶ training"

    def test_of_many_trials_the_best_the_newest_and_the_running_curves_are_drawn(self) -> None:
        trials = [record(number, total=1 - number / 200) for number in range(100)]
        trials[70] = record(70, "running")
        shown = [trial.number for trial in curves_shown(trials)]
        assert shown == [*range(40), 70, *range(80, 100)]
        assert curves_shown(trials[:60]) == trials[:60]

    def test_a_trial_over_budget_is_told_apart(self) -> None:
        row = table_row(record(0, total=0.9, feasible=False), active=False)
        assert row["State"] == "✔ completed, over budget"

    def test_downloads_without_files_say_why(self, service: RunService) -> None:
        add_run(service.store, "stopped", status="stopped")
        files = {file.key: file for file in available(service, service.view("stopped"))}
        for key in ("download_package", "download_model", "download_architecture"):
            assert files[key].missing == "No network was kept. Resume the run to get it."
        assert files["download_summary"].missing == "No summary was written. Resume the run to get it."
        assert files["download_logs"].missing == "No trial has written logs yet."
        assert files["download_trials"].missing is None
        assert len(files["download_trials"].read().decode().splitlines()) == 1 + 3

    def test_downloads_of_a_running_run_wait_for_its_end(self, service: RunService) -> None:
        add_run(service.store, "active", status="running")
        files = {file.key: file for file in available(service, service.view("active"))}
        assert "ready when the run has ended" in (files["download_package"].missing or "")
        assert files["download_trials"].missing is None

    def test_downloads_hand_out_the_kept_files(self, service: RunService) -> None:
        add_run(service.store, "done")
        folder = RunFolder(service.settings, "done")
        folder.optimized_model.mkdir(parents=True)
        (folder.optimized_model / "optimized_digits_acc_0.9000.keras").write_bytes(b"model")
        folder.summary.write_bytes(b"{}")
        files = {file.key: file for file in available(service, service.view("done"))}
        model, summary = files["download_model"], files["download_summary"]
        assert (model.file_name, model.missing, model.read()) == ("optimized_digits_acc_0.9000.keras", None, b"model")
        assert (summary.missing, summary.read()) == (None, b"{}")


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("state", ["completed", "running", "empty"])
def test_every_view_draws_every_kind_of_run(page: AppTest, service: RunService, name: str, state: str) -> None:
    if state == "empty":
        service.store.create_run("it", OptimizationConfig(run_name="it"))
    else:
        add_run(service.store, "it", status=state)
    page.query_params["view"] = name
    page.run()
    assert not page.exception
    assert not page.error


def test_an_unknown_view_in_the_address_opens_the_first(page: AppTest, service: RunService) -> None:
    add_run(service.store, "done")
    page.query_params["view"] = "nonsense"
    page.run()
    assert not page.exception
    assert page.segmented_control(key="view_picker").value == "progress"


def test_a_database_that_cannot_be_opened_is_a_message_with_the_remedy(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.state import run_service

    monkeypatch.setenv("MHL_DATABASE_URL", "nonsense")
    run_service.clear()
    page.run()
    assert not page.exception
    assert "MHL_DATABASE_URL" in page.error[0].value
    assert "try sqlite:///path" in page.error[0].value


def test_drawing_the_page_loads_no_heavy_library(service: RunService) -> None:
    add_run(service.store, "done")
    program = (
        "import sys, app.server\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"page = AppTest.from_file({str(REPOSITORY / 'app' / 'main.py')!r}, default_timeout=60).run()\n"
        "assert len(page.metric) == 8 and not page.exception\n"
        "print(sorted({'tensorflow', 'keras', 'sklearn', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
