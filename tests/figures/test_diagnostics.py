"""The diagnostics of a trial: their data by hand-worked cases, their drawing only rendered."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from core.diagnostics import Diagnostics, Histogram, Influence, Mistake, WordEffect
from core.figures.diagnostics import (
    DIAGNOSTICS,
    GROUPS,
    NOT_STORED,
    activation_maps,
    calibration,
    confidence,
    confusion_matrix,
    dormant_units,
    gradient_flow,
    group_accuracy,
    in_group,
    learning_rate,
    loss_windows,
    misclassified,
    network_kind,
    per_class,
    pictures,
    prediction_churn,
    saliency,
    spread,
    training_curves,
    word_effects,
    word_influence,
)
from core.trial import TrialResult
from tests.health.traces import make_epochs, make_groups, make_layer, make_trace

NAMES = ("cat", "<b>dog</b>")
HISTOGRAM = Histogram(edges=(-1.0, 0.0, 1.0), counts=(3, 1), mean=-0.25, deviation=0.5, zeros=0, not_finite=0)


def answers(pairs: list[tuple[int, float]]) -> dict[str, Any]:
    """Labels and probabilities of two classes from (true class, probability of class 1)."""
    return {
        "labels": np.array([label for label, _ in pairs], np.int64),
        "probabilities": np.array([[1 - p, p] for _, p in pairs], np.float32),
    }


def stored(kind: Any = "image", arrays: dict[str, Any] | None = None, **changes: Any) -> Diagnostics:
    """Four rows: two cats of which one is taken for a dog, two dogs that are found."""
    base = answers([(0, 0.25), (0, 0.75), (1, 0.875), (1, 0.625)])
    parts: dict[str, Any] = {
        "trial": 0,
        "kind": kind,
        "class_names": NAMES,
        "weights": {"conv_1/kernel": HISTOGRAM},
        "gradients": {"conv_1/kernel": HISTOGRAM},
        "mistakes": (),
        "influences": (),
        "word_effects": (),
        "forward": None,
        "scale": 16.0,
        "notes": {},
        "arrays": base | (arrays or {}),
    }
    return Diagnostics(**(parts | changes))


def image() -> Diagnostics:
    """Everything that is stored of a network that looks at pictures."""
    rng = np.random.default_rng(0)
    maps = rng.random((2, 4, 4, 10)).astype(np.float16)
    maps[..., 3] = 0
    return stored(
        arrays={
            "mistake_images": rng.integers(0, 17, (1, 8, 8, 1), dtype=np.uint8),
            "sample_images": rng.integers(0, 17, (2, 8, 8, 1), dtype=np.uint8),
            "sample_labels": np.array([0, 1]),
            "sample_probabilities": np.array([[0.75, 0.25], [0.75, 0.25]], np.float32),
            "saliency": np.stack([np.full((8, 8), 0.25), np.full((8, 8), -0.5)]).astype(np.float32),
            "activation_conv_2": maps[:, :2, :2],
            "activation_conv_10": maps[:, :2, :2],
            "activation_conv_1": maps,
        },
        mistakes=(Mistake(row=1, truth=0, predicted=1, confidence=0.75, truth_probability=0.25, picture=0),),
    )


def text() -> Diagnostics:
    """Everything that is stored of a network that reads."""
    words = ("a", "[?]", "good", "film", "<br>")
    return stored(
        "text",
        mistakes=(Mistake(row=1, truth=0, predicted=1, confidence=0.75, truth_probability=0.25, text="a <br> film"),),
        influences=(
            Influence(row=0, truth=1, predicted=1, confidence=0.9, words=words, drops=(0.0, 0.9, 0.5, -0.25, 0.125)),
            Influence(row=1, truth=0, predicted=1, confidence=0.8, words=words, drops=(0.0, 0.9, 0.5, -0.25, 0.125)),
        ),
        word_effects=(
            WordEffect(predicted=1, word="awful", drop=-0.25, texts=4),
            WordEffect(predicted=1, word="good", drop=0.125, texts=3),
            WordEffect(predicted=0, word="bad", drop=0.5, texts=2),
        ),
    )


def result(**changes: Any) -> TrialResult:
    return TrialResult(number=0, status="completed", seconds=1.0, trace=make_trace(**changes))


class TestRegistry:
    """What holds for every diagnostic, those of the future included."""

    def test_the_promised_ones_are_there_and_each_group_is_numbered(self) -> None:
        assert len(DIAGNOSTICS) >= 14
        for group in GROUPS:
            orders = [diagnostic.order for diagnostic in in_group(group)]
            assert orders == list(range(1, len(orders) + 1))
        assert sum(len(in_group(group)) for group in GROUPS) == len(DIAGNOSTICS)

    @pytest.mark.parametrize("name", list(DIAGNOSTICS))
    def test_it_says_how_to_read_it_in_a_few_sentences(self, name: str) -> None:
        sentences = DIAGNOSTICS[name].how_to_read.count(". ") + 1
        assert 2 <= sentences <= 6
        assert DIAGNOSTICS[name].how_to_read.endswith(".")

    @pytest.mark.parametrize("name", list(DIAGNOSTICS))
    def test_every_variant_is_drawn_without_touching_the_theme(self, name: str) -> None:
        diagnostic = DIAGNOSTICS[name]
        made = image() if "image" in diagnostic.kinds else text()
        many = answers([(n % 2, (n % 10) / 10) for n in range(100)])
        if name == "calibration":
            made = replace(made, arrays=made.arrays | many)
        data = diagnostic.compute(result(), made)
        assert not isinstance(data, str), data
        assert diagnostic.finding(data).endswith(".")
        for place, _ in enumerate(diagnostic.variants(data)):
            figure = diagnostic.draw(data, place)
            drawn = figure.to_plotly_json()["layout"]
            assert not {"paper_bgcolor", "plot_bgcolor", "font"} & set(drawn)
            assert "<b>dog" not in figure.to_json().replace("\\u003c", "<")

    @pytest.mark.parametrize("name", list(DIAGNOSTICS))
    def test_what_it_needs_is_all_it_needs(self, name: str) -> None:
        diagnostic = DIAGNOSTICS[name]
        alone = diagnostic.compute(result(layers=(make_layer("dense_1", [1.0, 0.0]),)), None)
        if diagnostic.needs == "stored":
            assert alone == NOT_STORED
        else:
            assert not isinstance(alone, str), alone
        lost = TrialResult(number=0, status="failed", seconds=1.0)
        assert isinstance(diagnostic.compute(lost, None), str)

    def test_a_network_that_reads_is_offered_no_pictures(self) -> None:
        assert "pictures" in DIAGNOSTICS["saliency"].compute(result(), text())
        assert "read" in DIAGNOSTICS["word_effects"].compute(result(), image())
        names = {diagnostic.name for group in GROUPS for diagnostic in in_group(group, "text")}
        assert {"word_influence", "word_effects"} <= names
        assert not {"saliency", "activation_maps"} & names

    def test_the_kind_is_known_from_the_layers_when_nothing_is_stored(self) -> None:
        assert network_kind(result(layers=(make_layer("lstm_1", [1.0], kind="lstm"),)), None) == "text"
        assert network_kind(result(layers=(make_layer("conv_1", [1.0], kind="conv"),)), None) == "image"
        assert network_kind(result(), None) is None

    def test_notes_of_the_worker_are_the_reason(self) -> None:
        without = stored(notes={"saliency": "the pictures are too small"})
        assert DIAGNOSTICS["saliency"].compute(result(), without) == "the pictures are too small"


class TestTraining:
    """What the trace alone tells."""

    def test_curves_mark_the_epoch_of_the_lowest_validation_loss(self) -> None:
        curves = training_curves.compute(make_trace(epochs=make_epochs([1.0, None, 0.5, 0.75])))
        assert not isinstance(curves, str)
        assert (curves.kept, curves.val_loss, curves.gap) == (3, (1.0, None, 0.5, 0.75), 0.0)
        assert training_curves.compute(make_trace(epochs=())) == "no epoch was completed"

    def test_windows_end_at_quarters_of_epochs_and_start_before_training(self) -> None:
        windows = loss_windows.compute(make_trace(initial_loss=3.0, window_losses=(2.0, 2.5, None, 1.0)))
        assert not isinstance(windows, str)
        assert windows.epochs == (0.0, 0.25, 0.5, 0.75, 1.0)
        assert (windows.losses, windows.rises, windows.broken) == ((3.0, 2.0, 2.5, None, 1.0), 1, 1)

    def test_a_rate_of_zero_does_not_get_a_logarithmic_axis(self) -> None:
        data = learning_rate.LearningRate(epochs=(1, 2), rates=(0.01, 0.0))
        assert learning_rate.draw(data).layout.yaxis.type != "log"
        assert learning_rate.draw(replace(data, rates=(0.01, 0.001))).layout.yaxis.type == "log"

    def test_gradients_vanish_explode_and_lag(self) -> None:
        epochs = make_epochs([1.0], gradients=[{"a": 1e-8, "b": 2.0, "c": None, "d": 2e-3}])
        flow = gradient_flow.compute(make_trace(epochs=epochs))
        assert not isinstance(flow, str)
        assert (flow.vanished, flow.exploded) == (("a",), ("b", "c"))
        assert flow.decades == pytest.approx(math.log10(2.0 / 1e-8))
        lines = [trace for trace in gradient_flow.draw(flow).data if isinstance(trace, go.Scatter)]
        assert lines[2].y[0] == gradient_flow.CEILING
        assert lines[2].marker.symbol[0].endswith("-open")

    def test_a_matrix_that_one_epoch_did_not_measure_keeps_its_place(self) -> None:
        epochs = make_epochs([1.0, 0.5], gradients=[{"a": 1.0}, {"a": 0.5, "b": 0.25}])
        flow = gradient_flow.compute(make_trace(epochs=epochs))
        assert not isinstance(flow, str)
        assert flow.layers == {"a": (1.0, 0.5), "b": (None, 0.25)}

    def test_churn_needs_two_epochs(self) -> None:
        assert isinstance(prediction_churn.compute(make_trace(epochs=make_epochs([1.0]))), str)
        churn = prediction_churn.compute(make_trace(epochs=make_epochs([1.0] * 3, kappas=[None, 0.5, 0.75])))
        assert not isinstance(churn, str)
        assert (churn.epochs, churn.kappas) == ((2, 3), (0.5, 0.75))
        assert "0.625" in prediction_churn.finding(churn)

    def test_dormant_units_by_layer(self) -> None:
        layers = (make_layer("conv_1", [1.0, 0.0, 1.0, 0.001], zero_fraction=0.25), make_layer("empty", []))
        data = dormant_units.compute(make_trace(layers=layers))
        assert not isinstance(data, str)
        assert [(layer.name, layer.dormant, layer.units, layer.zeros) for layer in data] == [("conv_1", 2, 4, 0.25)]
        assert "conv_1: 2 of 4" in dormant_units.finding(data)

    def test_a_group_is_weak_only_beyond_what_many_comparisons_explain(self) -> None:
        groups = make_groups([(100, 95)] * 8 + [(100, 87), (100, 60)])
        data = group_accuracy.compute(make_trace(groups=groups, val_n=1000, val_correct=907))
        assert not isinstance(data, str)
        assert [(group.name, group.accuracy) for group in data.weak] == [("class 9", 0.6)]
        assert (data.groups[9].low, data.groups[9].high) == pytest.approx((0.502, 0.691), abs=1e-3)


class TestMistakes:
    """What the answers on the validation rows tell."""

    def test_confusion_counts_truth_by_row(self) -> None:
        data = confusion_matrix.compute(stored())
        assert not isinstance(data, str)
        assert data.counts == ((1, 1), (0, 2))
        assert data.shares == ((0.5, 0.5), (0.0, 1.0))
        assert data.mixed_up() == ((0, 1, 1),)
        assert "3 of 4" in confusion_matrix.finding(data)

    def test_precision_recall_and_f1(self) -> None:
        cat, dog = per_class.compute(stored())
        assert (cat.precision.value, cat.recall.value, cat.f1) == (1.0, 0.5, pytest.approx(2 / 3))
        assert (dog.precision.hits, dog.precision.n, dog.recall.value, dog.f1) == (2, 3, 1.0, pytest.approx(0.8))
        assert cat.recall.interval == pytest.approx((0.0945, 0.9055), abs=1e-4)

    def test_a_class_that_is_never_named_has_no_precision(self) -> None:
        cat, dog = per_class.compute(stored(arrays=answers([(0, 0.75), (1, 0.75)])))
        assert (cat.precision.value, cat.recall.value, cat.f1) == (None, 0.0, 0.0)
        assert dog.precision.value == 0.5
        per_class.draw((cat, dog)).to_json()

    def test_calibration_error_by_hand(self) -> None:
        # 20 rows with confidence 0.75 of which 10 are right, 20 with 1.0 of which all are: (20 · 0.25 + 0) / 40
        pairs = [(1, 0.75)] * 10 + [(0, 0.75)] * 10 + [(1, 1.0)] * 20
        data = calibration.compute(stored(arrays=answers(pairs)))
        assert not isinstance(data, str)
        assert [(part.n, part.correct, part.confidence) for part in data.bins] == [(20, 10, 0.75), (20, 20, 1.0)]
        assert (data.error, data.overconfidence) == (0.125, 0.125)
        assert "12.5 %: 2 parts of 20 rows" in calibration.finding(data)

    def test_calibration_needs_rows_and_leaves_out_what_is_not_finite(self) -> None:
        assert "there are 4" in str(calibration.compute(stored()))
        broken = answers([(1, float("nan"))] * 30)
        assert "there are 0" in str(calibration.compute(stored(arrays=broken)))

    def test_confidence_of_right_and_wrong(self) -> None:
        data = confidence.compute(stored(arrays=answers([(1, 0.97), (0, 0.97), (0, 0.27), (1, 0.62)])))
        assert not isinstance(data, str)
        assert (sum(data.right), sum(data.wrong), data.sure_right, data.sure_wrong) == (3, 1, 1, 1)
        assert [place for place, count in enumerate(data.right) if count] == [12, 14, 19]

    def test_worst_mistakes_of_pictures_and_of_texts(self) -> None:
        shown = misclassified.compute(image())
        assert not isinstance(shown, str)
        assert (shown.mistakes, shown.rows, shown.answers[0].truth) == (1, 4, "cat")
        assert shown.answers[0].picture is not None and shown.answers[0].picture.shape == (8, 8, 3)
        assert len(misclassified.draw(shown).layout.images) == 1
        read = misclassified.compute(text())
        assert not isinstance(read, str)
        assert "&lt;br&gt; film" in misclassified.draw(read).to_json().replace("\\u0026", "&")

    def test_no_mistakes_is_good_news(self) -> None:
        assert "all 1 validation rows are right" in misclassified.compute(stored(arrays=answers([(1, 0.9)])))

    def test_words_that_the_network_does_not_know_have_no_influence(self) -> None:
        first, second = word_influence.compute(text())
        assert [(drop.place, drop.word, drop.drop) for drop in first.top][:2] == [(0, "a", 0.0), (2, "good", 0.5)]
        assert all(drop.word != "[?]" for drop in first.top)
        assert (first.right, second.right) == (True, False)
        assert first.marked.startswith("«a» [?] «good»")

    def test_word_effects_are_sorted_within_their_class(self) -> None:
        cat, dog = word_effects.compute(text())
        assert (cat.name, [each.word for each in cat.effects]) == ("cat", ["bad"])
        assert [(each.word, each.drop, each.texts) for each in dog.effects] == [("good", 0.125, 3), ("awful", -0.25, 4)]


class TestInside:
    """What the weights, gradients and activations tell."""

    def test_spread_names_what_is_broken_and_leaves_out_what_is_too_much(self) -> None:
        dead = replace(HISTOGRAM, zeros=4)
        nan = replace(HISTOGRAM, not_finite=2)
        data = spread.spread({"a": HISTOGRAM, "b": dead, "c": nan}, "none")
        assert not isinstance(data, str)
        assert (data.n, data.all_zero, data.not_finite, data.left_out) == (12, ("b",), ("c",), 0)
        many = spread.spread({f"v{n}": HISTOGRAM for n in range(30)}, "none")
        assert not isinstance(many, str)
        assert (len(many.histograms), many.left_out) == (24, 6)
        assert "6 more variables" in spread.spread_finding(many, "weights")
        assert spread.spread({}, "no weights were stored") == "no weights were stored"

    def test_activation_maps_follow_the_depth_and_count_the_silent(self) -> None:
        data = activation_maps.compute(image())
        assert not isinstance(data, str)
        assert list(data.layers) == ["conv_1", "conv_2", "conv_10"]
        assert data.silent("conv_1") == 1
        assert activation_maps.variants(data) == (
            "Sample 1: cat, right (75 %)",
            "Sample 2: <b>dog</b>, said cat (75 %)",
        )

    def test_a_montage_keeps_every_map_in_its_place(self) -> None:
        maps = np.zeros((32, 32, 9), np.float32)
        maps[..., 8] = 1.0  # the ninth starts the second row
        canvas = activation_maps.montage(maps, 0.0, 1.0)
        assert canvas.shape == (66, 8 * 34 - 2, 3)
        assert canvas[40, 10].tolist() == [255, 255, 255]
        assert canvas[10, 10].tolist() == [0, 0, 0]
        assert canvas[33, 33].tolist() == [128, 128, 128]

    def test_saliency_keeps_the_sign_of_the_strongest(self) -> None:
        first, second = saliency.compute(image())
        assert (first.strongest, second.strongest) == (0.25, -0.5)
        black = np.zeros((1, 2, 3), np.uint8)
        orange, plain = saliency.overlay(black, np.array([[0.5, 0.0]], np.float32))[0].tolist()
        assert orange == [round(0.75 * shade) for shade in saliency.FOR]
        assert plain == [0, 0, 0]
        assert saliency.overlay(black, np.zeros((1, 2), np.float32)).max() == 0

    def test_a_png_holds_the_pixels(self) -> None:
        image_module = pytest.importorskip("PIL.Image")
        pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
        with image_module.open(io.BytesIO(pictures.png(pixels))) as read:
            assert np.array_equal(np.asarray(read), pixels)
