"""The diagnostics view without a browser: what it shows, says and offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.artifacts import RunFolder
from core.config import OptimizationConfig
from core.diagnosis_queue import Request
from core.diagnostics import save_diagnostics
from core.figures.diagnostics import in_group
from core.records import to_json
from core.service import RunService
from core.trial import MODEL_FILE, RESULT_FILE, SPEC_FILE
from tests.app.conftest import add_run
from tests.figures.test_diagnostics import image, result, text
from tests.health.traces import make_layer


def page() -> AppTest:
    def script() -> None:
        from app.components.diagnostics_view import diagnostics_view
        from app.state import run_service

        diagnostics_view(run_service(), run_service().view("first"))

    return AppTest.from_function(script, default_timeout=30)


@pytest.fixture
def folder(service: RunService) -> RunFolder:
    add_run(service.store, "first")
    return RunFolder(service.settings, "first")


def write(folder: RunFolder, *, kind: str = "image", diagnostics: bool = True) -> Path:
    path = folder.trial(0)
    path.mkdir(parents=True, exist_ok=True)
    layers = (
        make_layer("conv_1" if kind == "image" else "lstm_1", [1.0, 0.0], kind="conv" if kind == "image" else "lstm"),
    )
    (path / RESULT_FILE).write_text(to_json(result(layers=layers)), encoding="utf-8")
    if diagnostics:
        save_diagnostics(folder.trial_plots(0), image() if kind == "image" else text())
    return path


def said(at: AppTest) -> str:
    assert not at.exception, at.exception
    return "\n".join(str(each.value) for each in (*at.markdown, *at.caption, *at.info, *at.error))


def titles(at: AppTest) -> list[str]:
    return [each.value.removeprefix("#### ") for each in at.markdown if each.value.startswith("#### ")]


class TestFigures:
    """What is drawn."""

    @pytest.mark.parametrize("kind", ["image", "text"])
    def test_each_group_shows_its_diagnostics_with_a_download_each(self, folder: RunFolder, kind: str) -> None:
        write(folder, kind=kind)
        at = page().run()
        for group in ("Training", "Mistakes", "Inside the network"):
            at.segmented_control(key="diagnostics_group").set_value(group).run()
            expected = in_group(group, kind)
            assert titles(at) == [diagnostic.label for diagnostic in expected]
            assert len(at.get("plotly_chart")) == len(expected) - ("it takes 20 validation rows" in said(at))
            assert len(at.get("download_button")) == len(at.get("plotly_chart")) + 1

    def test_another_sample_can_be_chosen(self, folder: RunFolder) -> None:
        write(folder)
        at = page().run()
        at.segmented_control(key="diagnostics_group").set_value("Inside the network").run()
        box = at.selectbox(key="variant_activation_maps_0")
        assert box.options == ["Sample 1: cat, right (75 %)", "Sample 2: <b>dog</b>, said cat (75 %)"]
        box.set_value(1).run()
        assert not at.exception

    def test_a_text_is_shown_with_its_words_marked_and_nothing_of_it_is_read_as_markup(self, folder: RunFolder) -> None:
        write(folder, kind="text")
        at = page().run()
        at.segmented_control(key="diagnostics_group").set_value("Mistakes").run()
        quote = next(each.value for each in at.markdown if each.value.startswith("> "))
        assert "**good**" in quote
        assert r"\<br>" in quote


class TestNothingStored:
    """Why there is nothing, and what to do."""

    def test_before_anything_is_trained(self, service: RunService) -> None:
        service.store.create_run("first", OptimizationConfig(run_name="first"))
        assert "appear here when the first trial has been completed" in said(page().run())

    def test_files_that_are_gone(self, folder: RunFolder) -> None:
        assert "gone or damaged" in said(page().run())
        path = write(folder)
        (path / RESULT_FILE).write_text("{broken")
        assert "gone or damaged" in said(page().run())

    def test_a_pruned_trial(self, folder: RunFolder) -> None:
        at = page()
        at.query_params["trial"] = "1"
        assert "was pruned, so its files were not kept" in said(at.run())

    @pytest.mark.parametrize(
        ("stored", "why"),
        [
            ("none", "was told to store no diagnostics"),
            ("best", "of its best trial only"),
            ("all", "could not be stored, or were removed"),
        ],
    )
    def test_the_setting_is_the_reason_and_the_trace_is_drawn_all_the_same(
        self, service: RunService, stored: str, why: str
    ) -> None:
        add_run(service.store, "first", plot_generation=stored)
        write(RunFolder(service.settings, "first"), diagnostics=False)
        at = page().run()
        assert why in said(at)
        assert len(at.get("plotly_chart")) == len(in_group("Training"))
        at.segmented_control(key="diagnostics_group").set_value("Mistakes").run()
        assert "Needs stored diagnostics" in said(at)

    def test_a_saved_network_can_be_measured_now(
        self, service: RunService, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write(folder, diagnostics=False)
        at = page().run()
        assert not at.button
        for name in (MODEL_FILE, SPEC_FILE):
            (path / name).write_bytes(b"")
        asked: list[tuple[str, int]] = []
        monkeypatch.setattr(service.diagnoses, "ask", lambda run, number: asked.append((run.name, number)))
        at = page().run()
        at.button(key="measure_0").click().run()
        assert asked == [("first", 0)]
        monkeypatch.setattr(service.diagnoses, "state", lambda run, number: Request(done=False))
        assert "being measured in the background" in said(page().run())
        failed = Request(done=True, error="the model is damaged")
        monkeypatch.setattr(service.diagnoses, "state", lambda run, number: failed)
        assert "the model is damaged." in said(page().run())

    def test_new_diagnostics_are_read_when_they_appear(self, folder: RunFolder) -> None:
        write(folder, diagnostics=False)
        at = page().run()
        at.segmented_control(key="diagnostics_group").set_value("Mistakes").run()
        assert "Needs stored diagnostics" in said(at)
        save_diagnostics(folder.trial_plots(0), image())
        assert "Needs stored diagnostics" not in said(at.run())
