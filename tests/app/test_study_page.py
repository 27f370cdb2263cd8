"""The study page without a browser: what it offers, what it says, what it shows of a study."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from app.components.study_address import read_address, write_address
from app.components.study_card import headline
from app.components.study_downloads import results_json, runs_csv
from app.components.study_method import DEPARTURES
from app.components.study_models import mcnemar_rows
from app.components.study_outlook import sharing_text, too_few_text
from app.components.study_page import VIEWS
from app.components.study_statistics import statistics
from core.config import ScoringWeights
from core.errors import RunStateError
from core.service import RunService
from core.study_config import STUDY_MODES, StudyConfig
from core.study_estimate import Probe
from core.study_folder import StudyFolder
from tests.app.conftest import add_run
from tests.app.studies import BETTER, CLEAR, EQUAL, NOTHING, ROWS, WORSE, add_result, add_runs, add_study, analysed
from tests.conftest import REPOSITORY


@pytest.fixture
def study(page: AppTest) -> AppTest:
    """The study page, not yet drawn."""
    return page.switch_page("../pages/study.py")


def words(page: AppTest) -> str:
    """All running text of the page."""
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.subheader]
    return "\n".join(str(element.value) for element in elements)


def with_result(service: RunService, gains: tuple[float, ...], name: str = "mine", **changes: object) -> None:
    config = add_study(service, name)
    for mode in STUDY_MODES:
        add_runs(service, config, mode, 6)
    add_result(service, name, gains, **changes)


class TestForm:
    """The form of a new study."""

    def test_opens_with_the_introduction_and_the_defaults_of_the_core(self, study: AppTest) -> None:
        defaults = StudyConfig()
        study.run()
        assert not study.exception
        assert "no difference shown" in words(study)
        for key, value in (("runs", defaults.runs), ("trials", defaults.trials), ("epochs", defaults.epochs)):
            assert study.number_input(key=f"study_{key}").value == value
        assert study.selectbox(key="study_dataset").value == "digits"
        assert not study.button(key="study_start").disabled

    def test_explains_the_method_and_its_departures(self, study: AppTest) -> None:
        shown = words(study.run())
        assert "McNemar's test on the same rows" in shown and "2.6 times too wide" in shown
        assert all(f"- {asked} → **{used}**: {why}." in shown for asked, used, why in DEPARTURES)

    def test_says_what_it_takes_and_what_it_can_show(self, study: AppTest) -> None:
        study.run()
        shown = {metric.label: (metric.value, metric.delta) for metric in study.metric}
        assert shown["Trainings"] == ("250 – 450", "of 500 trials")
        assert "What 10 pairs can find" in words(study) and "1.0 standard deviations" in words(study)
        assert not study.warning

    def test_five_runs_are_said_to_be_too_few_for_a_winner(self, study: AppTest) -> None:
        study.run().number_input(key="study_runs").set_value(5).run()
        assert "no p value can be below 0.0625" in study.warning[0].value
        assert too_few_text(6) is None

    def test_with_few_trials_all_networks_are_shared(self) -> None:
        assert "that is all of them" in sharing_text(StudyConfig(trials=5, concurrent_workers=2))
        assert "first 5 of 25 trials" in sharing_text(StudyConfig(concurrent_workers=2))

    def test_what_is_chosen_is_what_is_started(
        self, study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[StudyConfig] = []

        def start(config: StudyConfig) -> str:
            started.append(config)
            add_study(service, "first", status="queued")
            return "first"

        monkeypatch.setattr(service, "start_study", start)
        study.run()
        study.selectbox(key="study_dataset").set_value("mnist")
        for key, value in (("runs", 6), ("trials", 7), ("epochs", 4), ("workers", 3), ("seed", 5)):
            study.number_input(key=f"study_{key}").set_value(value)
        study.text_input(key="study_name").set_value("mine")
        study.button(key="study_start").click().run()
        wanted = StudyConfig(
            dataset_name="mnist",
            runs=6,
            trials=7,
            epochs=4,
            concurrent_workers=3,
            random_seed=5,
            study_name="mine",
        )
        assert started == [wanted]
        assert study.query_params["study"] == "first"
        assert study.button(key="study_stop").label == "Stop"

    def test_the_press_that_started_a_study_is_used_up(
        self, study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "start_study", lambda config: add_study(service, "s").study_name)
        study.run().button(key="study_start").click().run()
        study.query_params["view"] = "new"
        study.run()
        assert not study.exception
        assert [button.key for button in study.button if button.label == "Start the study"] == ["study_start_1"]

    def test_a_search_space_is_edited_kept_in_the_address_and_started(
        self, study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[StudyConfig] = []
        monkeypatch.setattr(service, "start_study", lambda config: started.append(config) or add_study(service, "s"))
        study.session_state["study_space_open"] = True
        study.run().segmented_control(key="study_space_p_how_digits_conv_layers").set_value("fix").run()
        study.number_input(key="study_space_p_value_digits_conv_layers").set_value(1).run()
        assert json.loads(str(study.query_params["space"])) == {"conv_layers": 1}
        assert "1 of" in words(study) and "hyperparameters changed" in words(study)
        study.number_input(key="study_space_p_low_digits_filters_1").set_value(100).run()
        assert not study.exception and "filters" in study.error[0].value
        assert study.button(key="study_start").disabled
        study.number_input(key="study_space_p_low_digits_filters_1").set_value(8).run()
        study.button(key="study_start").click().run()
        assert [config.search_space for config in started] == [{"conv_layers": 1}]

    def test_the_search_space_of_a_run_is_not_that_of_a_study(self, study: AppTest) -> None:
        study.session_state["setup_space"] = {"conv_layers": 1}
        study.run()
        assert "hyperparameters are searched over their usual ranges" in words(study)

    def test_a_wrong_name_is_answered_with_the_rule(self, study: AppTest, service: RunService) -> None:
        study.run().text_input(key="study_name").set_value("../evil").run()
        assert "cannot be started" in study.error[0].value
        assert study.button(key="study_start").disabled
        assert service.studies.studies() == []

    def test_a_name_that_is_taken_is_answered_with_the_remedy(self, study: AppTest, service: RunService) -> None:
        add_study(service, "taken")
        study.query_params["view"] = "new"
        study.run().text_input(key="study_name").set_value("taken")
        study.button(key="study_start").click().run()
        assert not study.exception
        assert "choose another name" in study.error[0].value

    def test_runpod_shows_price_policy_and_cost(self, study: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
        study.run().radio(key="study_remote").set_value(True).run()
        assert "RunPod cannot be used yet" in study.warning[0].value
        assert study.radio(key="study_runpod_fails").value == "fall_back"
        study.number_input(key="study_gpu_price").set_value(2.0).run()
        shown = {metric.label: (metric.value, metric.delta) for metric in study.metric}
        assert shown["Cost at RunPod, about"] == ("–", "at $2 an hour")

    def test_a_probe_trial_tells_the_time(
        self, study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[StudyConfig] = []
        monkeypatch.setattr(service.probes, "ask", asked.append)
        study.run().button(key="study_probe").click().run()
        assert asked == [StudyConfig()]
        monkeypatch.setattr(service.probes, "state", lambda _: Probe(done=False))
        study.run()
        assert any("A probe trial trains" in status.label for status in study.status)
        monkeypatch.setattr(service.probes, "state", lambda _: Probe(done=True, error="no disk"))
        assert "It could not be measured: no disk." in [error.value for error in study.run().error]
        monkeypatch.setattr(service.probes, "state", lambda _: Probe(done=True, seconds=3.0, epoch=1.0))
        study.number_input(key="study_workers").set_value(1).run()
        shown = {metric.label: metric.value for metric in study.metric}
        assert shown["Time, about"] == "46 min 40 s"  # (2 + 6 · 1) s · (250 + 450) / 2 trainings


class TestAddress:
    """The form in the address."""

    def test_survives_the_way_there_and_back(self) -> None:
        config = StudyConfig(
            dataset_name="mnist",
            runs=7,
            trials=9,
            epochs=5,
            concurrent_workers=4,
            weights=ScoringWeights(accuracy=0.5),
            random_seed=1,
            study_name="mine",
            use_runpod_service=True,
            when_runpod_fails="wait",
            gpu_price_per_hour=None,
            target_gpus_per_worker=2,
            search_space={"conv_layers": 1, "learning_rate": {"low": 0.001, "high": 0.01}},
        )
        held = {name: getattr(config, name) for name in StudyConfig.__dataclass_fields__}
        again, problems = read_address(write_address(held))
        assert problems == []
        assert (again.weights.accuracy, again.search_space) == (0.5, config.search_space)
        assert write_address({name: getattr(again, name) for name in held}) == write_address(held)

    def test_what_cannot_be_used_is_said(self) -> None:
        config, problems = read_address({"runs": "99", "n": "six", "data": "cats", "runpod": "maybe", "seed": "3"})
        assert config == StudyConfig(random_seed=3)
        assert [problem.split("=")[0] for problem in problems] == ["data", "runs", "n", "runpod"]

    def test_fills_the_form(self, study: AppTest) -> None:
        study.query_params["runs"] = "7"
        study.query_params["n"] = "banana"
        study.run()
        assert study.number_input(key="study_runs").value == 7
        assert "n=banana" in study.warning[0].value


class TestRuns:
    """A study that is worked on."""

    def test_shows_both_modes_side_by_side(self, study: AppTest, service: RunService) -> None:
        config = add_study(service, status="running")
        add_runs(service, config, "accuracy_only", 3)
        add_runs(service, config, "health_aware", 1, status="running")
        study.run()
        assert not study.exception and not study.error
        text = words(study)
        assert "3 of 6 runs ended." in text
        assert "Run 1 of 6, trial 3 of 5." in text
        assert "run 3, trial 1. Network: convolution 16, output 10 · 12,345 parameters" in text
        values = [metric.value for metric in study.metric]
        assert values == ["92.1 %", "91.1 %", "0.800", "+1.00", "90.1 %", "89.1 %", "0.800", "+1.00"]
        assert "1 trial taken over instead of trained twice" in text
        assert study.button(key="study_stop").label == "Stop"

    def test_twenty_runs_that_have_not_begun(self, study: AppTest, service: RunService) -> None:
        add_study(service, status="queued", runs=20)
        study.run()
        assert not study.exception
        assert "Has not begun." in words(study)

    def test_stop_asks_once(self, study: AppTest, service: RunService) -> None:
        add_study(service, status="running")
        study.run().button(key="study_stop").click().run()
        assert service.studies.study("mine").stop_requested
        assert (study.button(key="study_stop").label, study.button(key="study_stop").disabled) == ("Stopping …", True)

    def test_a_stopped_study_can_be_resumed(
        self, study: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resumed: list[str] = []
        monkeypatch.setattr(service, "resume_study", resumed.append)
        add_study(service, status="stopped")
        study.run().button(key="study_resume").click().run()
        assert resumed == ["mine"]

    def test_a_failed_study_says_why(self, study: AppTest, service: RunService) -> None:
        add_study(service, status="failed")
        service.studies.update("mine", phase="the disk is full")
        assert "the disk is full" in study.run().error[0].value

    def test_the_result_of_a_running_study_is_announced(self, study: AppTest, service: RunService) -> None:
        add_study(service, status="running")
        study.query_params["view"] = "result"
        assert "only then is the holdout opened" in study.run().info[0].value


class TestResult:
    """What a study says in the end."""

    @pytest.mark.parametrize(
        ("gains", "title", "outcome"),
        [
            (CLEAR, "Winner: Health-aware", "better"),
            (BETTER, "Health-aware seems ahead", "better"),
            (WORSE, "Accuracy-only seems ahead", "worse"),
            (NOTHING, "No difference shown", "undecided"),
            (EQUAL, "Equivalent: no winner, and none needed", "equivalent"),
            ((0.0,) * 6, "Undecided", "undecided"),
        ],
    )
    def test_the_card_says_what_the_verdict_says(
        self, study: AppTest, service: RunService, gains: tuple[float, ...], title: str, outcome: str
    ) -> None:
        with_result(service, gains)
        study.run()
        assert not study.exception and not study.error and not study.warning
        verdict = service.studies.study("mine").results["generalization"]["procedure"]["verdict"]
        assert verdict["outcome"] == outcome
        assert title in [header.value for header in study.subheader]
        assert verdict["sentence"] in words(study)
        alone = [info.value for info in study.info if "taken alone" in info.value]
        if "seems ahead" not in title:
            assert not alone
        else:
            assert "(p = 0.031)" in alone[0] and "one of 5 claims" in alone[0] and "(Holm: p = 0.16)" in alone[0]

    def test_no_winner_is_named_that_the_verdict_does_not_name(self) -> None:
        for gains in (NOTHING, EQUAL, (0.02, 0.02, 0.02, 0.021, 0.019), (0.002, 0.02, 0.015, 0.004, 0.01, 0.012)):
            result = analysed(gains) | {"reused_holdout": None}
            assert result["procedure"]["verdict"]["winner"] is None
            assert "Winner" not in headline({"generalization": result}, 0.005)[0]

    def test_means_have_intervals_and_n(self, study: AppTest, service: RunService) -> None:
        with_result(service, BETTER)
        study.run()
        shown = {metric.label: (metric.value, metric.delta) for metric in study.metric}
        assert shown["Difference"] == ("+2.00 points", "95 %: +1.85 to +2.15, n = 6")
        assert shown["Health-aware"][0] == "95.8 %"
        table = study.table[0].value
        assert list(table["Measure"])[3] == "Holdout" and list(table["n"])[3] == "6"
        assert list(table["Difference"])[3] == "+2.00 (+1.85 to +2.15)"

    def test_a_holdout_that_was_used_before_makes_it_exploratory(self, study: AppTest, service: RunService) -> None:
        with_result(service, BETTER, reused_holdout="The holdout was first opened before.")
        study.run()
        assert "The holdout was first opened before." in [warning.value for warning in study.warning]
        assert "Health-aware seems ahead" in [header.value for header in study.subheader]
        assert ":orange-badge[:material/warning: exploratory]" in words(study)

    def test_every_statistic_is_explained_and_says_why_it_is_missing(self) -> None:
        found = statistics(analysed((0.0,) * 6)["procedure"])
        assert len(found) == 6 and all(one.text for one in found)
        assert found[0].value == "no p value" and "all 6 differences are 0" in found[0].text
        texts = {one.name: one.value for one in statistics(analysed(BETTER)["procedure"])}
        assert texts["Paired permutation test"] == "p = 0.031"
        assert texts["P(health-aware is better)"] == "100 % (95 %: 61 % to 100 %)"

    def test_the_rows_of_mcnemars_table_are_all_rows(self) -> None:
        rows = mcnemar_rows(analysed(BETTER)["models"])
        counts = [int(row[column].replace(",", "")) for row in rows for column in ("B right", "B wrong")]
        assert sum(counts) == ROWS

    def test_the_same_network_is_said_to_be_the_same(self, study: AppTest, service: RunService) -> None:
        result = analysed(EQUAL)
        with_result(service, EQUAL, models=result["models"] | {"same_network": True})
        assert "It is the same network." in study.run().info[0].value

    def test_says_when_and_by_which_code_the_holdout_was_opened(self, study: AppTest, service: RunService) -> None:
        with_result(service, BETTER)
        text = words(study.run())
        assert "opened on **2027-01-15 08:00 UTC** by program version `0.1.0+abc`" in text

    def test_the_measure_of_the_distribution_can_be_chosen(self, study: AppTest, service: RunService) -> None:
        with_result(service, BETTER)
        study.run().segmented_control(key="study_measure").set_value("optimism").run()
        assert not study.exception
        assert "Health-aware: mean −1.00 (−1.15 to −0.85), n = 6 (points" in words(study)

    def test_downloads_hold_everything(self, service: RunService) -> None:
        with_result(service, BETTER)
        view = service.study_view("mine")
        document = json.loads(results_json(view))
        assert document["results"]["generalization"]["procedure"]["verdict"]["outcome"] == "better"
        assert document["config"]["runs"] == 6 and len(document["openings"]) == 1
        rows = list(csv.DictReader(io.StringIO(runs_csv(view).decode())))
        assert len(rows) == 12
        assert (rows[1]["mode"], rows[1]["run"]) == ("Health-aware", "mine.health_aware.0")
        assert rows[0]["seed"] == rows[1]["seed"] != rows[2]["seed"]
        assert float(rows[1]["holdout_accuracy"]) == 0.95

    def test_a_study_without_a_result_has_lines_too(self, service: RunService) -> None:
        add_study(service)
        rows = list(csv.DictReader(io.StringIO(runs_csv(service.study_view("mine")).decode())))
        assert {row["status"] for row in rows} == {"not begun"}


def _confirmation() -> None:
    """What the dialog draws; AppTest cannot open a dialog."""
    from app.components.study_history import confirm_delete_study
    from app.state import run_service

    confirm_delete_study(run_service(), run_service().studies.study("mine"))


class TestHistory:
    """All studies."""

    def test_lists_them_with_their_verdicts(self, study: AppTest, service: RunService) -> None:
        with_result(service, BETTER)
        add_study(service, "newer", status="stopped")
        study.query_params["view"] = "history"
        study.run()
        assert not study.exception
        table = study.dataframe[0].value
        assert list(table["Study"]) == ["newer", "mine"]
        assert list(table["Verdict"])[1] == "Health-aware seems ahead"
        study.selectbox[0].set_value("mine").run()
        study.button(key="study_open").click().run()
        assert (study.query_params["study"], study.query_params["view"]) == ("mine", "result")

    def test_an_active_study_cannot_be_deleted(self, study: AppTest, service: RunService) -> None:
        add_study(service, status="running")
        study.query_params["view"] = "history"
        assert study.run().button(key="study_delete").disabled

    def test_deleting_needs_the_name_and_removes_runs_and_files(self, service: RunService) -> None:
        config = add_study(service)
        add_runs(service, config, "accuracy_only", 2)
        add_run(service.store, "other")
        folder = StudyFolder.of(service.settings, "mine").path
        folder.mkdir(parents=True)
        (folder / "metadata.json").write_text("{}")
        dialog = AppTest.from_function(_confirmation, default_timeout=30).run()
        assert "2 runs with all trials" in dialog.markdown[0].value
        assert dialog.button(key="study_delete_now").disabled
        dialog.text_input(key="study_delete_name").set_value("mine").run()
        dialog.button(key="study_delete_now").click().run()
        assert not folder.exists()
        assert [run.name for run in service.store.runs()] == ["other"]
        with pytest.raises(RunStateError):
            service.studies.study("mine")


class TestPlaces:
    """Where studies and their runs are shown, and where not."""

    def test_the_address_chooses_the_study(self, study: AppTest, service: RunService) -> None:
        for name in ("older", "newer"):
            add_study(service, name)
        assert study.run().selectbox(key="study_picker").value == "newer"
        study.query_params["study"] = "older"
        assert study.run().selectbox(key="study_picker").value == "older"
        study.query_params["study"] = "gone"
        assert "There is no study named “gone”" in study.run().warning[0].value

    @pytest.mark.parametrize("view", VIEWS)
    @pytest.mark.parametrize("status", ["completed", "running", "interrupted"])
    def test_every_view_draws_every_kind_of_study(
        self, study: AppTest, service: RunService, view: str, status: str
    ) -> None:
        add_study(service, status=status)
        study.query_params["view"] = view
        study.run()
        assert not study.exception

    def test_a_run_of_a_study_is_not_shown_on_the_exploration_page_unless_wanted(
        self, page: AppTest, service: RunService
    ) -> None:
        add_run(service.store, "own")
        add_runs(service, add_study(service, status="running"), "accuracy_only", 1, status="running")
        assert page.run().selectbox(key="run_picker").value == "own"
        assert len(page.selectbox(key="run_picker").options) == 1
        page.query_params["run"] = "mine.accuracy_only.0"
        assert page.run().selectbox(key="run_picker").value == "mine.accuracy_only.0"
        assert len(page.selectbox(key="run_picker").options) == 2

    def test_the_exploration_page_offers_its_form_when_there_are_studies_only(
        self, page: AppTest, service: RunService
    ) -> None:
        add_runs(service, add_study(service), "accuracy_only", 1)
        assert page.run().button(key="start").label == "Start"

    def test_the_runs_page_shows_runs_of_studies_when_asked(self, page: AppTest, service: RunService) -> None:
        add_run(service.store, "own")
        add_runs(service, add_study(service), "accuracy_only", 2)
        runs = page.switch_page("../pages/runs.py").run()
        assert list(runs.dataframe[0].value["Run"]) == ["own"]
        runs.toggle(key="filter_studies").set_value(True).run()
        assert len(runs.dataframe[0].value) == 3


def test_drawing_the_page_loads_no_heavy_library(service: RunService) -> None:
    with_result(service, BETTER)
    program = (
        "import sys, app.server\n"
        "from streamlit.testing.v1 import AppTest\n"
        f"page = AppTest.from_file({str(REPOSITORY / 'app' / 'main.py')!r}, default_timeout=60)\n"
        "page.switch_page('../pages/study.py').run()\n"
        "assert len(page.metric) == 5 and not page.exception\n"
        "print(sorted({'tensorflow', 'keras', 'sklearn', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_a_run_of_a_study_takes_no_trials_of_its_own(service: RunService) -> None:
    add_runs(service, add_study(service), "accuracy_only", 1, status="stopped")
    name = "mine.accuracy_only.0"
    for wish in (lambda: service.resume(name), lambda: service.add_trials(name, 1)):
        with pytest.raises(RunStateError, match="belongs to the study 'mine'"):
            wish()
    with pytest.raises(RunStateError, match="resume the study"):
        service.enqueue_trial(name, {}, "copy of trial 0")
