"""What a network is, as plain data: against Keras's own numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.architecture import ARCHITECTURE_FILE, Architecture, load_architecture
from core.model_config import CnnConfig, LstmConfig, ModelConfig
from core.records import from_json, to_json
from core.training.architecture import describe
from core.training.model_builder import build_model

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("keras")]


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (CnnConfig(filters=(4, 6), dense_units=(5,), global_pooling="average"), (12, 10, 3)),
        (CnnConfig(filters=(4,), dense_units=(), batch_normalization=False, dropout=0.0), (8, 8, 1)),
        (LstmConfig(vocabulary=50, sequence_length=7, lstm_units=(3, 4), bidirectional=True), ()),
        (LstmConfig(vocabulary=50, sequence_length=7, spatial_dropout=0.0), ()),
    ],
)
def test_it_agrees_with_keras_and_survives_the_disk(
    config: ModelConfig, shape: tuple[int, ...], tmp_path: Path
) -> None:
    model = build_model(config, shape, 3)
    architecture = describe(model)
    assert architecture.kind == config.kind and architecture.classes == 3
    assert architecture.parameters == model.count_params()
    assert [layer.name for layer in architecture.layers] == [layer.name for layer in model.layers]
    for record, before in zip(architecture.layers[1:], architecture.layers, strict=False):
        assert record.inputs == (before.name,)  # these networks are chains, and a mask is no layer
        assert record.output_shape == model.get_layer(record.name).output.shape[1:]
    assert from_json(Architecture, to_json(architecture)) == architecture
    assert load_architecture(tmp_path) is None
    (tmp_path / ARCHITECTURE_FILE).write_text(to_json(architecture))
    assert load_architecture(tmp_path) == architecture


def test_settings_say_what_the_layer_does() -> None:
    config = CnnConfig(filters=(4,), kernel_size=5, activation="swish", dropout=0.3)
    layers = {layer.name: layer for layer in describe(build_model(config, (8, 8, 1), 10, 16.0)).layers}
    conv = layers["conv_1"].settings
    assert (conv["filters"], conv["kernel_size"], conv["padding"], conv["use_bias"]) == (4, [5, 5], "same", False)
    assert layers["conv_1_units"].settings == {"activation": "swish"}
    assert layers["conv_1_dropout"].settings == {"rate": 0.3} and layers["rescale"].settings == {"scale": 1 / 16}
    normalization = layers["conv_1_normalization"]
    assert (normalization.parameters, normalization.trainable) == (16, 8)
    assert normalization.settings == {"momentum": 0.9}


def test_a_bidirectional_layer_tells_of_the_one_inside() -> None:
    config = LstmConfig(vocabulary=50, sequence_length=7, lstm_units=(3,), bidirectional=True, recurrent_dropout=0.1)
    layer = describe(build_model(config, (), 2)).layer("lstm_1_units")
    assert layer is not None and layer.type == "Bidirectional" and layer.output_shape == (6,)
    expected = {"bidirectional": True, "layer": "LSTM", "units": 3, "recurrent_dropout": 0.1, "activation": "tanh"}
    assert expected.items() <= layer.settings.items()
