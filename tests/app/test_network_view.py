"""The network view without a browser: what it says, offers and links, and the data that goes to the graph."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.architecture_graph import graph_data, graph_options, layer_rows
from app.components.layer_panel import health_lines, variables_of
from app.components.network_3d import sample_image
from core.architecture import ARCHITECTURE_FILE, Architecture
from core.artifacts import RunFolder
from core.diagnostics import save_diagnostics
from core.layer_colouring import colour_layers
from core.network_graph import NodeHealth, network_graph
from core.records import to_json
from core.service import RunService
from core.trial import RESULT_FILE, TrialResult
from tests.app.conftest import add_run
from tests.networks import cnn, cnn_diagnostics, cnn_trace, deep, histogram, lstm, lstm_diagnostics


def page() -> AppTest:
    def script() -> None:
        from app.components.network_view import network_view
        from app.state import run_service

        network_view(run_service(), run_service().view("first"))

    return AppTest.from_function(script, default_timeout=30)


@pytest.fixture
def folder(service: RunService) -> RunFolder:
    add_run(service.store, "first")
    return RunFolder(service.settings, "first")


def write(folder: RunFolder, architecture: Architecture, *, result: bool = True, diagnostics: bool = True) -> Path:
    path = folder.trial(0)
    path.mkdir(parents=True, exist_ok=True)
    (path / ARCHITECTURE_FILE).write_text(to_json(architecture), encoding="utf-8")
    if result:
        trained = TrialResult(number=0, status="completed", seconds=1.0, trace=cnn_trace())
        (path / RESULT_FILE).write_text(to_json(trained), encoding="utf-8")
    if diagnostics:
        made = cnn_diagnostics(architecture) if architecture.kind == "cnn" else lstm_diagnostics(architecture)
        save_diagnostics(folder.trial_plots(0), made)
    return path


def said(at: AppTest) -> str:
    assert not at.exception, at.exception
    return "\n".join(str(element.value) for element in (*at.markdown, *at.caption, *at.info))


class TestView:
    """What the page says and offers."""

    def test_before_anything_is_trained_it_says_what_will_be_here(self, service: RunService) -> None:
        from core.config import OptimizationConfig

        service.store.create_run("first", OptimizationConfig(run_name="first"))
        assert "appears here when a trial has been completed" in said(page().run())

    def test_a_trial_without_a_description_is_a_message(self, folder: RunFolder) -> None:
        assert "hold no description of its network" in said(page().run())
        folder.trial(0).mkdir(parents=True)
        (folder.trial(0) / ARCHITECTURE_FILE).write_text("{broken")
        assert "hold no description of its network" in said(page().run())

    def test_a_pruned_trial_is_told_why_it_has_none(self, folder: RunFolder) -> None:
        at = page()
        at.query_params["trial"] = "1"
        assert "pruned: its network was not kept" in said(at.run())

    def test_the_panel_tells_shape_parameters_health_and_histograms_of_the_layer(self, folder: RunFolder) -> None:
        write(folder, cnn())
        at = page().run()
        assert at.selectbox(key="network_layer").value == "conv_1"  # the first that learns
        words = said(at)
        assert "Slides small windows" in words and "2 of 4 (50 %)" in words and "0.01 of the weights" in words
        assert "conv_1/kernel: gradients: 10 values" in words
        assert [metric.value for metric in at.metric][:2] == ["8 × 8 × 4", "36"]

    def test_another_layer_and_another_colour(self, folder: RunFolder) -> None:
        write(folder, cnn())
        at = page().run()
        at.selectbox(key="network_layer").set_value("conv_1_pooling").run()
        assert "Keeps one number out of every small square" in said(at) and "nothing was measured here" in said(at)
        at.segmented_control(key="network_colour").set_value("dormant").run()
        assert "hardly varies with the input" in said(at) and "grey boxes were not measured" in said(at)
        assert at.selectbox(key="network_layer").value == "conv_1_pooling"

    def test_folding_keeps_the_choice_at_its_block_and_large_networks_start_folded(self, folder: RunFolder) -> None:
        write(folder, cnn())
        at = page().run()
        at.selectbox(key="network_layer").set_value("conv_2_units").run()
        at.toggle(key="network_fold_0").set_value(True).run()
        assert at.selectbox(key="network_layer").value == "conv_2" and "Bends every value" in said(at)
        write(folder, deep())
        at = page().run()
        assert at.toggle(key="network_fold_0").value is True
        assert len(at.selectbox(key="network_layer").options) == 22

    def test_missing_diagnostics_and_records_are_said_not_raised(self, folder: RunFolder) -> None:
        write(folder, cnn(), result=False, diagnostics=False)
        at = page().run()
        assert "keeps the diagnostics of its best trial only" in said(at) and "so no health is shown" in said(at)
        at.segmented_control(key="network_part").set_value("passage").run()
        assert "There is no forward pass to show" in said(at)

    @pytest.mark.parametrize("architecture", [cnn(), lstm()], ids=["cnn", "lstm"])
    @pytest.mark.parametrize("part", ["graph", "space", "passage"])
    def test_every_view_of_both_kinds(self, folder: RunFolder, architecture: Architecture, part: str) -> None:
        write(folder, architecture)
        at = page().run()
        at.segmented_control(key="network_part").set_value(part).run()
        words = said(at)
        if part == "passage":
            assert ("✔ right" in words) == (architecture.kind == "cnn")
            assert ("rather \\<b>good" in words) == (architecture.kind == "lstm")

    def test_the_files_are_offered_and_the_table_says_what_the_graph_shows(self, folder: RunFolder) -> None:
        write(folder, cnn())
        at = page().run()
        labels = [button.label for button in at.get("download_button")]
        assert labels == ["Architecture (JSON)", "Diagram (SVG)", "Diagram (PDF)", "Diagram (PNG)"]
        table = at.dataframe[0].value
        assert list(table["Layer"]) == [layer.name for layer in cnn().layers]

    def test_another_trial_is_remembered_in_the_address(self, folder: RunFolder) -> None:
        write(folder, cnn())
        at = page()
        at.query_params["trial"] = "2"
        at.run()
        at.selectbox(key="network_trial").set_value(0).run()
        assert at.query_params["trial"] in ("0", ["0"])
        assert "Slides small windows" in said(at)


class TestGraphData:
    """What the browser gets."""

    def test_nodes_are_placed_by_level_and_the_choice_stands_out(self) -> None:
        graph = network_graph(cnn(), cnn_trace())
        data = graph_data(graph, colour_layers(graph, "gradient"), "conv_2", turn=1)
        nodes = {node["id"]: node for node in data["nodes"]}
        assert [node["y"] for node in data["nodes"]] == sorted(node["y"] for node in data["nodes"])
        assert len({node["y"] for node in data["nodes"]}) == 16
        assert nodes["conv_2|1"]["borderWidth"] > nodes["conv_1|1"]["borderWidth"]
        assert nodes["conv_2|1"]["label"] == "conv_2\ngradient 5.0e-04 of the weights"
        assert all(node["title"] == "" and node["fixed"] for node in data["nodes"])
        ids = set(nodes)
        assert all(edge["from"] in ids and edge["to"] in ids for edge in data["edges"])

    def test_sixty_nodes_stay_legible_and_small(self) -> None:
        graph = network_graph(deep(), folded=False)
        assert len(graph.nodes) == 60
        data = graph_data(graph, colour_layers(graph, "type"), "conv_1", turn=0)
        options = graph_options(graph)
        extent = data["nodes"][-1]["y"] - data["nodes"][0]["y"]
        assert int(options["height"].removesuffix("px")) >= 1.1 * extent  # else the browser would shrink the text
        assert len(json.dumps(data)) < 40_000
        assert options["interaction"]["zoomView"] is False and options["physics"] == {"enabled": False}

    def test_the_table_names_who_feeds_whom(self) -> None:
        rows = layer_rows(network_graph(cnn(), cnn_trace()))
        assert (rows[0]["Fed by"], rows[1]["Fed by"]) == ("–", "image")
        assert rows[2]["Dormant %"] == 50.0 and rows[0]["Dormant %"] is None

    def test_histograms_go_to_their_layer_alone(self) -> None:
        stored = {
            name: histogram() for name in ("conv_1/kernel", "conv_1_normalization/gamma", "lstm_1/cell/kernel", "x/y")
        }
        folded, single = network_graph(cnn(), folded=True), network_graph(cnn())
        block, conv = folded.node("conv_1"), single.node("conv_1")
        text = network_graph(lstm()).node("lstm_1_units")
        assert block and conv and text
        assert list(variables_of(block, stored)) == ["conv_1/kernel", "conv_1_normalization/gamma"]
        assert list(variables_of(conv, stored)) == ["conv_1/kernel"]
        assert list(variables_of(text, stored)) == ["lstm_1/cell/kernel"]

    def test_health_is_put_into_sentences_and_the_unmeasured_is_not(self) -> None:
        assert health_lines(NodeHealth()) == []
        lines = health_lines(NodeHealth(saturation=0.25, gradients=(("output", None),)))
        assert "25 %" in lines[0] and "not a finite number" in lines[1]

    def test_the_sample_is_shown_in_its_own_greys(self) -> None:
        image = sample_image(cnn_diagnostics(cnn()))
        assert image is not None and image.shape == (160, 160) and image.dtype == np.uint8
        assert sample_image(lstm_diagnostics(lstm())) is None
