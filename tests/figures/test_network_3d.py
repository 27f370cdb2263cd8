"""The network in space and the forward pass: the data is asserted, the drawing only rendered."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.figures import activation_picture, forward_pass, layer_histogram, network_3d
from core.layer_colouring import colour_layers
from core.network_graph import network_graph
from tests.networks import chain, cnn, cnn_diagnostics, cnn_trace, deep, histogram, layer, lstm, lstm_diagnostics


def scene_of(architecture, folded=False):  # type: ignore[no-untyped-def]
    graph = network_graph(architecture, cnn_trace(), folded=folded)
    return graph, network_3d.compute(graph, colour_layers(graph, "type"))


class TestBoxes:
    """Where they stand and how large they are."""

    @pytest.mark.parametrize("architecture", [cnn(), lstm(), deep()], ids=["cnn", "lstm", "deep"])
    def test_they_follow_each_other_along_x_without_touching(self, architecture) -> None:  # type: ignore[no-untyped-def]
        _, scene = scene_of(architecture)
        ends = [(box.centre[0] - box.size[0] / 2, box.centre[0] + box.size[0] / 2) for box in scene.boxes]
        assert all(end < start for (_, end), (start, _) in itertools.pairwise(ends))

    def test_tiny_and_large_shapes_are_both_visible(self) -> None:
        shapes = [(1, 1, 10), (28, 28, 64), (224, 224, 3), (10,), (2048,), (150, 32), (None, 32), ()]
        sizes = [network_3d._size(shape) for shape in shapes]
        assert all(0.4 < side < 13 for size in sizes for side in size)
        assert network_3d._size((28, 28, 64)) > network_3d._size((14, 14, 32))

    def test_pooling_makes_a_box_smaller_and_filters_make_it_longer(self) -> None:
        _, scene = scene_of(cnn())
        before, after, deeper = (scene.box(name) for name in ("conv_1", "conv_1_pooling", "conv_2"))
        assert before and after and deeper
        assert after.size[2] < before.size[2] and after.size[0] == before.size[0] < deeper.size[0]

    def test_hover_tells_and_escapes(self) -> None:
        _, scene = scene_of(cnn())
        box = scene.box("conv_1")
        assert box is not None and "8 × 8 × 4" in box.hover and "2 of 4 units dormant" in box.hover
        evil = replace(cnn(), layers=(layer("<img src=x>", "Dense", (2,), None, 3),))
        _, scene = scene_of(evil)
        assert "<img" not in scene.boxes[0].hover

    def test_a_box_is_closed(self) -> None:
        _, scene = scene_of(cnn())
        mesh = network_3d.mesh(scene.boxes[:2], colour="#000000")
        assert len(mesh.x) == 16 and len(mesh.i) == 24
        edges: dict[tuple[int, int], int] = {}
        for a, b, c in zip(mesh.i, mesh.j, mesh.k, strict=True):
            for pair in ((a, b), (b, c), (c, a)):
                edges[pair] = edges.get(pair, 0) + 1
        assert all(edges.get((b, a)) == count == 1 for (a, b), count in edges.items())  # all triangles face outwards

    def test_sixty_layers_are_few_traces_and_little_data(self) -> None:
        _, scene = scene_of(deep())
        figure = network_3d.draw(scene, chosen="conv_3")
        assert len(figure.data) <= 10 and len(figure.to_json()) < 300_000
        assert "conv_3" in figure.data[-1].text


class TestForwardPass:
    """What is shown at which step."""

    def test_steps_are_the_stored_layers_in_order_with_their_real_values(self) -> None:
        graph, _ = scene_of(cnn())
        stored = cnn_diagnostics(cnn())
        passage = forward_pass.compute(graph, stored)
        assert passage is not None
        assert [step.name for step in passage.steps] == [record.name for record in cnn().layers]
        image = passage.steps[0]
        assert np.array_equal(image.picture, stored.arrays["forward_image"][..., 0].astype(np.float32))
        assert (image.low, image.high) == (stored.arrays["forward_image"].min(), stored.arrays["forward_image"].max())
        maps = next(step for step in passage.steps if step.name == "conv_1")
        assert maps.kind == "maps" and maps.picture.shape == (17, 17) and np.isnan(maps.picture[8]).all()
        assert np.allclose(maps.picture[9:, 9:], stored.arrays["forward_conv_1"][..., 3])
        assert (passage.truth, passage.predicted, passage.correct) == ("dog", "dog", True)
        assert [name for name, _ in passage.likeliest] == ["dog", "owl", "cat"]

    def test_a_text_has_words_and_steps_over_time(self) -> None:
        graph, _ = scene_of(lstm())
        passage = forward_pass.compute(graph, lstm_diagnostics(lstm()))
        assert passage is not None and passage.correct is False and passage.words[2] == "<b>good</b>"
        step = passage.steps[0]
        assert (step.name, step.kind, step.picture.shape, step.channels) == ("embedding", "steps", (8, 20), 64)

    def test_a_fixed_place_for_every_picture(self) -> None:
        for shape in ((8, 8), (1, 10), (67, 67), (30, 3)):
            place = activation_picture.place(np.zeros(shape, dtype=np.float32))
            left, top = place["x0"] - place["dx"] / 2, place["y0"] - place["dy"] / 2
            assert left >= -1e-9 and top >= -1e-9
            assert left + shape[1] * place["dx"] <= activation_picture.ASPECT + 1e-9
            assert top + shape[0] * place["dy"] <= 1 + 1e-9
            assert min(abs(left), abs(top)) < 1e-9  # as large as possible

    @pytest.mark.parametrize("folded", [True, False])
    def test_a_frame_per_step_and_the_slider_reaches_each(self, folded: bool) -> None:
        for architecture, stored in ((cnn(), cnn_diagnostics(cnn())), (lstm(), lstm_diagnostics(lstm()))):
            graph, scene = scene_of(architecture, folded)
            passage = forward_pass.compute(graph, stored)
            assert passage is not None
            figure = forward_pass.draw(passage, scene)
            frames = [frame.name for frame in figure.frames]
            assert len(frames) == len(passage.steps)
            assert [step.args[0][0] for step in figure.layout.sliders[0].steps] == frames
            bars = [frame.data[3] for frame in figure.frames]
            assert not any(bars[0].x) and list(bars[-1].x) == [value for _, value in passage.likeliest]
            scales = [frame.data[2].reversescale for frame in figure.frames]
            assert None not in scales  # a frame keeps what the one before had set

    def test_large_layers_stay_small_on_the_wire(self) -> None:
        rows = [("image", "InputLayer", (224, 224, 3), 0, {})]
        rows += [(f"conv_{n}", "Conv2D", (224, 224, 32), 9, {}) for n in range(1, 24)]
        rows += [("output", "Dense", (3,), 9, {"activation": "softmax"})]
        architecture = chain("cnn", rows, 3)
        graph, scene = scene_of(architecture)
        passage = forward_pass.compute(graph, cnn_diagnostics(architecture))
        assert passage is not None
        assert len(forward_pass.draw(passage, scene).to_json()) < 1_500_000

    def test_nothing_stored_is_no_passage_and_numbers_that_are_none_are_holes(self) -> None:
        graph, scene = scene_of(cnn())
        stored = cnn_diagnostics(cnn())
        assert forward_pass.compute(graph, replace(stored, forward=None)) is None
        broken = stored.arrays | {"forward_dense_1": np.full(16, np.nan, dtype=np.float16)}
        broken["forward_conv_1"] = np.full((8, 8, 4), np.inf, dtype=np.float16)
        passage = forward_pass.compute(graph, replace(stored, arrays=broken))
        assert passage is not None
        step = next(step for step in passage.steps if step.name == "conv_1")
        assert np.isnan(step.picture).all() and (step.low, step.high) == (0.0, 0.0)
        assert forward_pass.draw(passage, scene).frames

    def test_without_the_output_no_answer_is_claimed(self) -> None:
        graph, scene = scene_of(cnn())
        stored = cnn_diagnostics(cnn())
        arrays = {name: array for name, array in stored.arrays.items() if name != "forward_output"}
        passage = forward_pass.compute(graph, replace(stored, arrays=arrays))
        assert passage is not None and passage.predicted is None and passage.correct is None
        assert forward_pass.draw(passage, scene).frames


class TestHistogram:
    """Bars of a variable."""

    def test_bars_stand_between_their_edges_and_words_add_what_they_hide(self) -> None:
        bars = layer_histogram.compute(histogram(), "weights")
        assert bars.centres == (-0.5, 0.25, 0.75) and bars.widths == (1.0, 0.5, 0.5) and bars.counts == (3, 5, 2)
        assert list(layer_histogram.draw(bars).data[0].y) == [3, 5, 2]
        text = layer_histogram.summary(replace(histogram(), not_finite=4))
        assert text == "10 values, mean 0.1, spread 0.4, 1 exactly 0; 4 more are not finite."
