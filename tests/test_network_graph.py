"""The graph of a network: nodes, levels, health by layer, folding, colours, lessons and the JSON document."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import pytest

from core.architecture import Architecture
from core.errors import InvalidInputError
from core.figures.style import BLUE, GREY, ORANGE, PINK, SKY, VERMILION
from core.layer_colouring import COLOURINGS, FAMILY_COLOURS, MEANINGS, colour_layers
from core.layer_lessons import LESSONS, lesson
from core.network_document import architecture_json, read_architecture
from core.network_graph import network_graph
from tests.figures.records import record
from tests.health.traces import make_layer
from tests.networks import GRADIENTS, chain, cnn, cnn_trace, deep, layer, lstm, lstm_trace


class TestGraph:
    """What the nodes and edges are."""

    def test_a_chain_is_joined_in_order_one_level_each(self) -> None:
        graph = network_graph(cnn())
        names = [one.name for one in cnn().layers]
        assert [node.name for node in graph.nodes] == names
        assert graph.edges == tuple(itertools.pairwise(names))
        assert [node.level for node in graph.nodes] == list(range(len(names)))
        assert math.fsum(node.share for node in graph.nodes) == pytest.approx(1.0)

    def test_a_branch_is_as_deep_as_its_longest_way(self) -> None:
        last = replace(layer("sum", "Add", (4,), None), inputs=("a", "c"))
        layers = (
            layer("a", "InputLayer", (4,), None),
            layer("b", "Dense", (4,), "a", 20),
            layer("c", "Dense", (4,), "b", 20),
            last,
        )
        graph = network_graph(Architecture(kind="cnn", classes=4, layers=layers))
        assert {node.name: node.level for node in graph.nodes} == {"a": 0, "b": 1, "c": 2, "sum": 3}
        assert ("a", "sum") in graph.edges and ("c", "sum") in graph.edges

    def test_blocks_hold_all_layers_and_only_large_networks_start_folded(self) -> None:
        graph = network_graph(cnn(), folded=True)
        assert [node.name for node in graph.nodes] == [
            "image", "rescale", "conv_1", "conv_2", "flatten", "dense_1", "output",
        ]  # fmt: skip
        block = graph.node("conv_1_pooling")
        assert block is not None and block.name == "conv_1"
        assert (block.family, block.activation, block.output_shape) == ("Convolution", "relu", (4, 4, 4))
        assert block.parameters == 36 + 16
        assert [member.name for node in graph.nodes for member in node.members] == [r.name for r in cnn().layers]
        assert not network_graph(cnn()).folded and network_graph(deep()).folded
        assert [len(network_graph(deep(), folded=folded).nodes) for folded in (True, False)] == [22, 60]
        assert [node.name for node in network_graph(lstm(), folded=True).nodes] == [
            "tokens", "embedding", "lstm_1", "lstm_2", "output",
        ]  # fmt: skip

    def test_a_network_without_parameters_divides_nothing_by_zero(self) -> None:
        architecture = chain("cnn", [("image", "InputLayer", (2, 2, 1), 0, {})], 2)
        assert network_graph(architecture).nodes[0].share == 0.0


class TestHealth:
    """Which measurement belongs to which layer."""

    def test_units_are_those_after_the_activation_and_gradients_those_of_the_last_epoch(self) -> None:
        graph = network_graph(cnn(), cnn_trace())
        conv, units, pooling, output = (graph.node(n) for n in ("conv_1", "conv_1_units", "conv_1_pooling", "output"))
        assert conv and units and pooling and output
        assert conv.health.dormant == units.health.dormant == 0.5
        assert (conv.health.units, conv.health.gradient) == (4, GRADIENTS["conv_1"])
        assert (units.health.gradients, pooling.health.dormant) == ((), None)
        assert (output.health.dormant, output.health.gradient) == (None, GRADIENTS["output"])

    def test_names_that_start_alike_are_not_mixed_up(self) -> None:
        trace = cnn_trace(layers=(make_layer("conv_10", [0.0, 0.0]),))
        node = network_graph(cnn(), trace).node("conv_1")
        assert node is not None and node.health.dormant is None

    def test_an_lstm_counts_by_its_slowest_kernel_and_a_broken_one_is_no_number(self) -> None:
        graph = network_graph(lstm(), lstm_trace())
        first, second = graph.node("lstm_1"), graph.node("lstm_2_units")
        assert first is None or first.name == "lstm_1_units"
        broken = graph.node("lstm_1_units")
        assert broken is not None and broken.health.broken_gradient and broken.health.gradient is None
        assert len(broken.health.gradients) == 2
        assert second is not None and second.health.gradient == 0.5

    def test_without_a_trace_nothing_is_measured(self) -> None:
        graph = network_graph(cnn())
        assert all(node.health.dormant is None and not node.health.gradients for node in graph.nodes)
        assert all(colour_layers(graph, by).unmeasured == 16 for by in ("dormant", "gradient"))


class TestColours:
    """What the colours say."""

    def test_the_legend_holds_only_what_is_there(self) -> None:
        families = [entry.label for entry in colour_layers(network_graph(lstm()), "type").legend]
        assert families == ["Input", "Embedding", "Dropout", "Recurrent", "Output"]

    @pytest.mark.parametrize("by", list(COLOURINGS))
    @pytest.mark.parametrize("folded", [True, False])
    def test_every_node_has_a_colour_of_the_legend_and_words(self, by: str, folded: bool) -> None:
        for architecture, trace in ((cnn(), cnn_trace()), (lstm(), lstm_trace()), (deep(), None)):
            graph = network_graph(architecture, trace, folded=folded)
            colours = colour_layers(graph, by)  # type: ignore[arg-type]
            assert set(colours.colours) == set(colours.words) == {node.name for node in graph.nodes}
            assert set(colours.colours.values()) == {entry.colour for entry in colours.legend}
            assert all(colours.words.values()) and MEANINGS[by]  # type: ignore[index]

    def test_dormant_units(self) -> None:
        colours = colour_layers(network_graph(cnn(), cnn_trace()), "dormant")
        assert colours.colours["conv_1_units"] == ORANGE and colours.words["conv_1"] == "2 of 4 units dormant"
        assert colours.colours["conv_2"] == BLUE
        assert (colours.colours["flatten"], colours.words["flatten"]) == (GREY, "not measured")

    def test_gradients_are_compared_with_the_fastest(self) -> None:
        colours = colour_layers(network_graph(cnn(), cnn_trace()), "gradient").colours
        wanted = {"conv_1": BLUE, "conv_2": SKY, "dense_1": BLUE, "output": VERMILION, "flatten": GREY}
        assert {name: colours[name] for name in wanted} == wanted

    def test_a_gradient_that_is_too_large_or_no_number_is_called_so(self) -> None:
        colours = colour_layers(network_graph(lstm(), lstm_trace()), "gradient")
        assert colours.colours["lstm_1_units"] == colours.colours["lstm_2_units"] == PINK
        assert colours.words["lstm_1_units"] == "gradient is not a finite number"

    def test_a_network_that_has_stopped_learning_is_not_called_even(self) -> None:
        trace = cnn_trace(epochs=())
        silent = dict.fromkeys(GRADIENTS, 0.0)
        epochs = cnn_trace().epochs[-1]
        zero = {name: replace(epochs.gradients[name], relative=value) for name, value in silent.items()}
        graph = network_graph(cnn(), replace(trace, epochs=(replace(epochs, gradients=zero),)))
        assert colour_layers(graph, "gradient").colours["conv_1"] == VERMILION


class TestLessons:
    """Every type of layer that the model builder makes is explained."""

    def test_every_layer_has_a_family_with_a_colour(self) -> None:
        for architecture in (cnn(), lstm(), deep()):
            for one in architecture.layers:
                assert one.type in LESSONS and lesson(one).family in FAMILY_COLOURS

    def test_softmax_makes_an_output_and_the_unknown_is_said_to_be_unknown(self) -> None:
        assert lesson(cnn().layers[-1]).family == "Output"
        assert lesson(layer("x", "Conv7D", (1,), None)).family == "Other"

    @pytest.mark.training
    def test_the_model_builder_makes_no_layer_without_a_lesson(self) -> None:
        from core.model_config import CnnConfig, LstmConfig
        from core.training.architecture import describe
        from core.training.model_builder import build_model

        for config, shape in ((CnnConfig(global_pooling="max"), (8, 8, 1)), (LstmConfig(bidirectional=True), (10,))):
            graph = network_graph(describe(build_model(config, shape, 3)))
            assert "Other" not in graph.families


class TestDocument:
    """The JSON file."""

    def test_it_can_be_read_again(self) -> None:
        for architecture in (cnn(), lstm(), deep()):
            content = architecture_json(architecture, None, "run", record(1))
            assert read_architecture(content) == architecture

    def test_it_says_place_size_parameters_performance_and_health(self) -> None:
        document = json.loads(architecture_json(cnn(), cnn_trace(), "run", record(4, total=0.75)))
        assert (document["run"], document["trial"], document["performance"]["accuracy"]) == ("run", 4, 0.75)
        conv = next(layer for layer in document["layers"] if layer["name"] == "conv_1")
        assert (conv["parameters"], conv["output_shape"]) == (36, [8, 8, 4])
        assert conv["health"]["dormant_share"] == 0.5
        assert conv["health"]["relative_gradients"] == {"conv_1": 0.01}
        assert all(conv["size"][axis] > 0 for axis in "xyz")
        places = [layer["position"]["x"] for layer in document["layers"]]
        assert places == sorted(places) and len(set(places)) == len(places)
        assert document["layers"][0]["health"]["dormant_share"] is None

    @pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": "other", "version": 1}'])
    def test_anything_else_is_refused(self, content: bytes) -> None:
        with pytest.raises(InvalidInputError):
            read_architecture(content)
