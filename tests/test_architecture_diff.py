"""Aligning two networks layer by layer."""

from __future__ import annotations

from core.architecture import Architecture, LayerRecord
from core.architecture_diff import Layer, align, compare_networks
from core.model_config import CnnConfig, LstmConfig


def layer(
    name: str, kind: str = "Dense", shape: tuple[int | None, ...] = (8,), parameters: int = 0, **settings: object
) -> LayerRecord:
    return LayerRecord(
        name=name,
        type=kind,
        inputs=(),
        output_shape=shape,
        parameters=parameters,
        trainable=parameters,
        settings=dict(settings),
    )


def network(*layers: LayerRecord) -> Architecture:
    return Architecture(kind="cnn", classes=10, layers=layers)


def test_what_is_in_both_is_compared_and_what_is_in_one_keeps_its_place() -> None:
    a = network(layer("image"), layer("conv_1", filters=8, parameters=80), layer("flatten"), layer("output"))
    b = network(layer("image"), layer("conv_1", filters=16, parameters=160), layer("conv_2"), layer("output"))
    rows = compare_networks(a, b)
    assert [(row.name, row.difference) for row in rows] == [
        ("image", "same"),
        ("conv_1", "changed"),
        ("flatten", "only in A"),
        ("conv_2", "only in B"),
        ("output", "same"),
    ]
    assert rows[1].changes == ("filters 8 → 16", "parameters 80 → 160")
    assert (rows[2].b, rows[3].a) == (None, None)


def test_a_layer_whose_input_grew_is_changed_though_its_settings_are_not() -> None:
    a = network(layer("dense_1", units=4, parameters=20, shape=(None, 4)))
    b = network(layer("dense_1", units=4, parameters=1200, shape=(None, 4)))
    (row,) = compare_networks(a, b)
    assert (row.difference, row.changes) == ("changed", ("parameters 20 → 1,200",))
    assert row.a is not None
    assert row.a.words == "Dense, units 4, output –×4, parameters 20"


def test_a_setting_that_only_one_has_and_another_type_are_changes() -> None:
    (row,) = align((Layer(name="x", type="LSTM", facts={"both": True}),), (Layer(name="x", type="GRU"),))
    assert row.changes == ("type LSTM → GRU", "both yes → –")


def test_networks_without_files_are_compared_by_their_settings() -> None:
    rows = compare_networks(CnnConfig(filters=(8,), dense_units=(16, 16)), CnnConfig(filters=(8, 8), dense_units=(16,)))
    differences = {row.name: row.difference for row in rows}
    assert differences == {
        "conv_1": "same",
        "conv_2": "only in B",
        "pooling": "same",
        "dense_1": "same",
        "dense_2": "only in A",
        "output": "same",
    }
    rows = compare_networks(LstmConfig(bidirectional=True), LstmConfig(embedding_size=8))
    changes = {row.name: row.changes for row in rows if row.changes}
    assert changes == {"embedding": ("size 32 → 8",), "lstm_1": ("both directions yes → no",)}


def test_a_network_is_the_same_as_itself() -> None:
    config = CnnConfig()
    assert {row.difference for row in compare_networks(config, config)} == {"same"}
