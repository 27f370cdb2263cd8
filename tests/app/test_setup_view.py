"""The form for a new run: cards, presets, the shared address, the search space and the weights."""

from __future__ import annotations

import doctest
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.components import parameter_controls, setup_address
from app.components.dataset_cards import strip
from app.components.presets import PRESETS
from app.components.search_space_editor import space_summary
from app.components.setup_address import KEYS, read_address, write_address
from app.components.space_overrides import space_of
from core.config import OptimizationConfig, ScoringWeights
from core.datasets import DATASETS
from core.datasets.cache import prepare
from core.datasets.samples import Sample, place_of, preview
from core.errors import LabError
from core.records import to_dict
from core.service import RunService
from tests.app.conftest import ACCESS, add_run


def texts(form: AppTest, *kinds: str) -> str:
    """What is written in elements of these kinds."""
    return "\n".join(str(element.value) for kind in kinds for element in getattr(form, kind))


def address(form: AppTest) -> dict[str, str]:
    """The query parameters."""
    return {key: value if isinstance(value, str) else value[0] for key, value in form.query_params.items()}


def start(form: AppTest) -> None:
    """Press Start."""
    form.button(key="start").click().run()
    assert not form.exception


@pytest.mark.parametrize("module", [parameter_controls, setup_address])
def test_examples_in_the_docstrings_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


class TestCards:
    """What each data set holds, before it is chosen."""

    def test_every_data_set_has_a_card_that_says_what_it_is_and_whether_it_is_here(self, form: AppTest) -> None:
        form.run()
        assert not form.exception
        words = texts(form, "caption", "markdown")
        for entry in DATASETS.values():
            assert f"##### {entry.label}" in words
            assert f"{entry.classes} classes" in words
        assert "Images 8×8 grey · 10 classes · 1,797 rows  \n✔ ships with the program" in words
        assert "Texts · 2 classes  \n⇣ downloaded at the first start" in words
        assert words.count("Examples appear here once it is on this computer") == sum(
            1 for e in DATASETS.values() if e.files
        )

    def test_looking_at_the_cards_fetches_and_writes_nothing(self, form: AppTest, service: RunService) -> None:
        form.run()
        assert not service.settings.data_dir.exists()

    def test_a_press_chooses_and_the_chosen_card_says_so(self, form: AppTest) -> None:
        form.run()
        assert form.button(key="choose_digits").label == "✔ Chosen"
        form.button(key="choose_imdb").click().run()
        assert form.selectbox(key="dataset").value == "imdb"
        assert form.button(key="choose_imdb").label == "✔ Chosen"
        assert form.button(key="choose_digits").label == "Choose"

    def test_a_data_set_on_this_computer_shows_its_size(self, form: AppTest, service: RunService) -> None:
        prepare("digits", service.settings)
        assert "1,797 rows · 0.1 MB  \n✔ on this computer" in texts(form.run(), "caption")

    def test_the_examples_are_real_rows_of_different_classes(self, service: RunService) -> None:
        entry = DATASETS["digits"]
        assert place_of(entry, service.settings) == "embedded"
        shown = preview(entry, service.settings)
        assert [sample.class_name for sample in shown.samples] == list("0123456789")
        rows = entry.read({})
        assert rows.x is not None
        for sample in shown.samples:
            same = [i for i in range(len(rows)) if np.array_equal(rows.x[i], sample.image)]
            assert str(rows.y[same[0]]) == sample.class_name

    def test_the_strip_shows_each_image_in_its_brightness(self) -> None:
        shown = [Sample(class_name=str(value), image=np.full((8, 8, 1), value, np.uint8)) for value in (16, 8)]
        image = np.asarray(Image.open(io.BytesIO(strip(shown, scale=16.0))))
        assert image.shape == (56, 56 * 2 + 6, 4)
        assert image[10, 10].tolist() == [255, 255, 255, 255]
        assert image[10, 59].tolist() == [0, 0, 0, 0]  # the gap is clear
        assert image[10, 100].tolist() == [127, 127, 127, 255]


class TestPresets:
    """Ready-made numbers."""

    def test_a_preset_sets_the_numbers_and_is_marked(self, form: AppTest, started: list[OptimizationConfig]) -> None:
        form.run()
        assert form.button(key="preset_usual").label == "✔ Usual"
        form.button(key="preset_thorough").click().run()
        assert form.button(key="preset_thorough").label == "✔ Thorough"
        assert form.button(key="preset_usual").label == "Usual"
        start(form)
        (config,) = started
        assert (config.trials, config.max_epochs_per_trial) == (60, 20)

    def test_a_first_look_is_the_least_and_thorough_the_most_work(self) -> None:
        work = {name: p.values["trials"] * p.values["epochs"] for name, p in PRESETS.items()}
        assert work["first"] < work["usual"] < work["thorough"]
        assert len({frozenset(preset.values) for preset in PRESETS.values()}) == 1


class TestAddress:
    """A set-up that can be shared."""

    EVERYTHING = OptimizationConfig(
        dataset_name="mnist",
        optimization_mode="simple",
        trials=33,
        max_epochs_per_trial=7,
        concurrent_workers=5,
        random_seed=0,
        plot_generation="none",
        pruning=False,
        max_parameters=9000,
        max_seconds_per_trial=1.5,
        max_run_seconds=600.0,
        run_name="shared",
        weights=ScoringWeights(accuracy=0.4, neuron_utilization=0.3, parameter_efficiency=0.1),
        search_space={"dropout": 0.0, "optimizer": ["adam", "sgd"], "learning_rate": {"low": 0.001, "high": 0.01}},
        use_runpod_service=True,
        when_runpod_fails="wait",
        target_gpus_per_worker=2,
        gpu_price_per_hour=0.4,
        max_run_cost=1.5,
        remote_time_limit=5400.0,
        remote_queue_limit=100.0,
    )

    def test_the_defaults_leave_the_address_empty(self, form: AppTest) -> None:
        assert write_address(to_dict(OptimizationConfig()) | {"weights": ScoringWeights()}) == {}
        assert dict(form.run().query_params) == {}

    def test_what_is_written_is_read_back_whole(self) -> None:
        fields = {name: getattr(self.EVERYTHING, name) for name in OptimizationConfig.__dataclass_fields__}
        address = write_address(fields)
        assert read_address(address) == (self.EVERYTHING, [])
        assert set(address) == KEYS
        assert not KEYS & {"run", "view", "trial", "trials"}

    def test_an_opened_address_fills_the_form(
        self, form: AppTest, started: list[OptimizationConfig], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in ACCESS.items():
            monkeypatch.setenv(name, value)
        fields = {name: getattr(self.EVERYTHING, name) for name in OptimizationConfig.__dataclass_fields__}
        for key, value in write_address(fields).items():
            form.query_params[key] = value
        form.run()
        assert not form.warning
        start(form)
        assert started == [self.EVERYTHING]

    def test_a_change_is_written_and_other_parameters_stay(self, form: AppTest) -> None:
        form.query_params["view"] = "setup"
        form.run().number_input(key="trials").set_value(12).run()
        assert address(form) == {"view": "setup", "n": "12"}
        form.number_input(key="trials").set_value(OptimizationConfig().trials).run()
        assert "n" not in form.query_params

    @pytest.mark.parametrize(
        ("key", "value", "message"),
        [
            ("n", "99999", "trials must be a whole number from 1 to 10000"),
            ("n", "many", "invalid literal"),
            ("data", "mnits", "mnist"),
            ("mode", "evil", "optimization_mode"),
            ("prune", "perhaps", "0 or 1"),
            ("run_s", "nan", "seconds above 0"),
            ("w", "70,50,50", "seven whole numbers"),
            ("w", "170,100,0,0,0,0,0", "between 0 and 1"),
            ("name", "../evil", "is not allowed"),
            ("runpod", "yes", "0 or 1"),
            ("rp_fails", "fall_bakc", "fall_back"),
            ("gpus", "0", "from 1 to 16"),
            ("gpu_usd", "-1", "above 0"),
            ("gpu_usd", "free", "could not convert"),
            ("max_usd", "inf", "above 0"),
            ("job_s", "1", "5 seconds to 3 days"),
            ("queue_s", "nan", "5 seconds to 3 days"),
            ("space", "[1]", "must be an object"),
            ("space", '{"dropuot":0.1}', "no hyperparameter dropuot"),
            ("space", '{"learning_rate":{"low":5,"high":1}}', "learning_rate"),
            ("space", '{"dropout":NaN}', "not a number"),
            ("space", '{"conv_layers":9}', "has no filters_4; use fewer"),
            ("space", "[" * 100_000, ""),
        ],
    )
    def test_what_is_wrong_in_an_address_is_ignored_and_said(
        self, form: AppTest, key: str, value: str, message: str
    ) -> None:
        config, problems = read_address({key: value, "seed": "7"})
        assert config == OptimizationConfig(random_seed=7)
        assert len(problems) == 1
        assert message in problems[0]
        form.query_params[key] = value
        form.run()
        assert not form.exception
        assert "Not everything in this address could be used" in form.warning[0].value
        assert key not in form.query_params


class TestSearchSpace:
    """What may be tried."""

    @pytest.fixture
    def editor(self, form: AppTest) -> AppTest:
        form.session_state["space_open"] = True
        return form.run()

    def how(self, editor: AppTest, name: str, way: str, dataset: str = "digits") -> None:
        editor.segmented_control(key=f"space_p_how_{dataset}_{name}").set_value(way).run()
        assert not editor.exception

    def group(self, editor: AppTest, name: str) -> None:
        editor.segmented_control(key="space_group").set_value(name).run()

    def test_every_shown_parameter_has_a_lesson_and_nothing_is_changed_by_looking(
        self, editor: AppTest, started: list[OptimizationConfig]
    ) -> None:
        words = texts(editor, "markdown")
        assert "How many layers look for patterns" in words
        for name in ("Against learning by heart", "Training"):
            self.group(editor, name)
            assert not editor.exception
        assert "How far the weights move at each step" in texts(editor, "markdown")
        start(editor)
        assert started[0].search_space == {}

    @pytest.mark.parametrize("dataset", sorted(DATASETS))
    def test_opening_all_groups_of_any_data_set_works(self, editor: AppTest, dataset: str) -> None:
        editor.selectbox(key="dataset").set_value(dataset).run()
        for name in ("Layers", "Against learning by heart", "Training"):
            self.group(editor, name)
            assert not editor.exception
        assert f"All {len(space_of(dataset))} hyperparameters are searched" in texts(editor, "caption")

    def test_fix_switch_off_choose_and_limit(self, editor: AppTest, started: list[OptimizationConfig]) -> None:
        self.how(editor, "conv_layers", "fix")
        editor.number_input(key="space_p_value_digits_conv_layers").set_value(1).run()
        self.how(editor, "batch_normalization", "off")
        editor.number_input(key="space_p_high_digits_filters_1").set_value(32).run()
        self.group(editor, "Training")
        self.how(editor, "optimizer", "fix")
        editor.number_input(key="space_p_low_digits_learning_rate").set_value(0.001).run()
        self.group(editor, "Layers")
        assert editor.number_input(key="space_p_value_digits_conv_layers").value == 1  # kept while it was away
        assert editor.segmented_control(key="space_p_how_digits_batch_normalization").value == "off"
        wanted = {
            "conv_layers": 1,
            "batch_normalization": False,
            "filters_1": {"low": 8, "high": 32},
            "optimizer": "adam",
            "learning_rate": {"low": 0.001, "high": 0.01},
        }
        assert json.loads(address(editor)["space"]) == wanted
        assert f"5 of {len(space_of('digits'))} hyperparameters changed" in texts(editor, "caption")
        start(editor)
        assert started[0].search_space == wanted

    def test_the_usual_range_typed_again_is_no_change(self, editor: AppTest) -> None:
        field = "space_p_high_digits_filters_1"
        editor.number_input(key=field).set_value(32).run()
        assert "space" in editor.query_params
        editor.number_input(key=field).set_value(64).run()
        assert "space" not in editor.query_params

    def test_a_wrong_range_is_answered_at_its_parameter_and_not_started(
        self, editor: AppTest, service: RunService
    ) -> None:
        editor.number_input(key="space_p_low_digits_filters_1").set_value(100).run()
        assert not editor.exception
        assert "filters" in editor.error[0].value
        editor.button(key="start").click().run()
        assert "The run was not started" in texts(editor, "error")
        assert service.store.runs() == []

    def test_a_depth_without_widths_is_answered_with_the_remedy(self, editor: AppTest) -> None:
        self.how(editor, "conv_layers", "fix")
        editor.number_input(key="space_p_value_digits_conv_layers").set_value(9).run()
        assert "use fewer" in editor.error[0].value.replace("\\", "")

    def test_reset_takes_everything_back(self, editor: AppTest) -> None:
        self.how(editor, "conv_layers", "fix")
        editor.button(key="space_reset").click().run()
        assert not editor.exception
        assert editor.segmented_control(key="space_p_how_digits_conv_layers").value == "search"
        assert "space" not in editor.query_params
        assert editor.button(key="space_reset").disabled

    def test_another_data_set_shows_its_own_ranges_and_keeps_what_it_shares(self, editor: AppTest) -> None:
        self.how(editor, "batch_normalization", "off")
        editor.selectbox(key="dataset").set_value("mnist").run()
        assert editor.number_input(key="space_p_high_mnist_conv_layers").value == 4
        assert json.loads(address(editor)["space"]) == {"batch_normalization": False}
        editor.selectbox(key="dataset").set_value("imdb").run()
        assert "space" not in editor.query_params

    def test_the_summary_names_the_changes(self) -> None:
        space = space_of("digits")
        text = space_summary(space, {"dropout": 0.0, "kernel_size": [3, 5], "filters_1": {"low": 8, "high": 9}})
        assert "3 of" in text
        for part in ("Dropout (0)", "(3 or 5)", "Filters of convolution layer 1 (8 to 9)"):
            assert part in text


class TestWeights:
    """The weights of a new run."""

    @pytest.fixture
    def sliders(self, form: AppTest) -> AppTest:
        form.session_state["weights_open"] = True
        return form.run()

    def test_start_with_the_defaults_and_total_100(self, sliders: AppTest) -> None:
        assert [slider.value for slider in sliders.slider] == [70, 25, 15, 20, 15, 15, 10]
        assert "= 100 % of health, which is 30 % of the total score" in texts(sliders, "caption")

    def test_moving_one_scales_the_others_and_is_started(
        self, sliders: AppTest, started: list[OptimizationConfig]
    ) -> None:
        sliders.toggle(key="setup_training_stability_lock").set_value(True).run()
        assert sliders.slider(key="setup_training_stability").disabled
        sliders.slider(key="setup_neuron_utilization").set_value(50).run()
        sliders.slider(key="setup_accuracy").set_value(40).run()
        assert [slider.value for slider in sliders.slider] == [40, 50, 8, 20, 8, 8, 6]
        assert address(sliders)["w"] == "40,50,8,20,8,8,6"
        start(sliders)
        weights = started[0].weights
        assert (weights.accuracy, weights.neuron_utilization, weights.accuracy_consistency) == (0.4, 0.5, 0.06)

    def test_a_move_beyond_the_locked_ones_is_limited_and_says_why(self, sliders: AppTest) -> None:
        sliders.toggle(key="setup_training_stability_lock").set_value(True).run()
        sliders.slider(key="setup_neuron_utilization").set_value(100).run()
        assert sliders.slider(key="setup_neuron_utilization").value == 80
        assert "80 % at most" in sliders.info[0].value

    def test_accuracy_only_locks_accuracy_and_gives_the_weights_back(
        self, sliders: AppTest, started: list[OptimizationConfig]
    ) -> None:
        sliders.slider(key="setup_accuracy").set_value(40).run()
        sliders.radio(key="mode").set_value("simple").run()
        locked = sliders.slider(key="setup_accuracy_locked")
        assert (locked.value, locked.disabled) == (100, True)
        assert "Accuracy counts 100 %, health 0 %" in texts(sliders, "caption")
        sliders.radio(key="mode").set_value("health_aware").run()
        assert sliders.slider(key="setup_accuracy").value == 40
        start(sliders)
        assert started[0].weights.accuracy == 0.4

    def test_reset_returns_to_the_defaults_and_opens_the_locks(self, sliders: AppTest) -> None:
        sliders.toggle(key="setup_training_stability_lock").set_value(True).run()
        sliders.slider(key="setup_neuron_utilization").set_value(0).run()
        sliders.button(key="setup_reset").click().run()
        assert [slider.value for slider in sliders.slider] == [70, 25, 15, 20, 15, 15, 10]
        assert not sliders.toggle(key="setup_training_stability_lock").value
        assert "w" not in sliders.query_params


class TestStart:
    """From the form to the run."""

    def test_budgets_are_passed_on(self, form: AppTest, started: list[OptimizationConfig]) -> None:
        form.run().number_input(key="trial_seconds").set_value(2.5)
        form.number_input(key="run_minutes").set_value(3.0)
        start(form)
        assert (started[0].max_seconds_per_trial, started[0].max_run_seconds) == (2.5, 180.0)

    def test_a_second_press_before_the_page_followed_is_a_double_click(
        self, form: AppTest, started: list[OptimizationConfig]
    ) -> None:
        drawn = form.run().button(key="start")
        drawn.click().run()
        drawn.click().run()  # a browser that still shows the page of before
        assert not form.exception
        assert len(started) == 1
        form.button(key="start_1").click().run()
        assert len(started) == 2

    def test_a_press_that_started_nothing_can_be_repeated(
        self,
        form: AppTest,
        service: RunService,
        started: list[OptimizationConfig],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refuse(config: OptimizationConfig) -> str:
            raise LabError("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(service, "start", refuse)
            start(form.run())
        assert "the disk is full" in form.error[0].value
        start(form)
        assert len(started) == 1

    def test_the_started_run_is_shown_and_its_name_is_not_offered_again(
        self, form: AppTest, service: RunService, started: list[OptimizationConfig]
    ) -> None:
        add_run(service.store, "started")
        form.run().text_input(key="run_name").set_value("mine").run()
        assert address(form)["name"] == "mine"
        start(form)
        assert address(form) == {"run": "started", "view": "progress"}

    def test_what_start_will_do_stands_above_it(self, form: AppTest) -> None:
        words = texts(form.run(), "markdown")
        assert "**10 networks** for Digits (8×8), up to **6 epochs** each" in words
        assert "accuracy 70 % and health 30 %" in words
