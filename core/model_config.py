"""What a network is made of. The defaults are a sensible small network; they work alone, without Optuna."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import InvalidInputError
from core.records import STRICT_KEYS

Activation = Literal["relu", "leaky_relu", "swish", "elu", "tanh", "sigmoid"]
Initializer = Literal["he_normal", "glorot_uniform", "orthogonal"]
Pooling = Literal["none", "average", "max"]
Optimizer = Literal["adam", "adamw", "rmsprop", "sgd"]
Schedule = Literal["constant", "cosine", "exponential"]


def _require(ok: bool, message: str) -> None:
    if not ok:
        raise InvalidInputError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Training:
    """The part that both kinds share: the dense head and how the net is trained."""

    dense_units: tuple[int, ...] = (64,)
    activation: Activation = "relu"
    kernel_initializer: Initializer = "he_normal"
    dropout: float = 0.2
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    schedule: Schedule = "constant"
    batch_size: int = 64

    def __post_init__(self) -> None:
        _require(len(self.dense_units) <= 4, f"dense_units has {len(self.dense_units)} layers; use 0 to 4")
        _require(all(u >= 1 for u in self.dense_units), f"dense_units must be 1 or more, got {self.dense_units}")
        _require(0 <= self.dropout < 1, f"dropout must be at least 0 and below 1, got {self.dropout}")
        _require(self.learning_rate > 0, f"learning_rate must be above 0, got {self.learning_rate}")
        _require(self.batch_size >= 1, f"batch_size must be 1 or more, got {self.batch_size}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CnnConfig(_Training):
    """A convolutional image classifier: conv blocks, optional global pooling, dense head."""

    kind: Literal["cnn"] = "cnn"
    learning_rate: float = 2e-3  # with batch normalization; 1e-3 leaves small data unfinished after five epochs
    filters: tuple[int, ...] = (32, 64)  # one entry per conv layer
    kernel_size: int = 3
    batch_normalization: bool = True
    global_pooling: Pooling = "none"

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        _Training.__post_init__(self)
        _require(1 <= len(self.filters) <= 4, f"filters has {len(self.filters)} layers; use 1 to 4")
        _require(all(f >= 1 for f in self.filters), f"filters must be 1 or more, got {self.filters}")
        _require(self.kernel_size >= 1, f"kernel_size must be 1 or more, got {self.kernel_size}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmConfig(_Training):
    """A recurrent text classifier: embedding, LSTM layers, dense head."""

    kind: Literal["lstm"] = "lstm"
    kernel_initializer: Initializer = "glorot_uniform"
    vocabulary: int = 10_000
    sequence_length: int = 150
    embedding_size: int = 32
    lstm_units: tuple[int, ...] = (32,)  # one entry per LSTM layer
    bidirectional: bool = False
    recurrent_dropout: float = 0.0
    spatial_dropout: float = 0.2

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        _Training.__post_init__(self)
        _require(1 <= len(self.lstm_units) <= 4, f"lstm_units has {len(self.lstm_units)} layers; use 1 to 4")
        _require(self.vocabulary >= 10, f"vocabulary must be 10 or more words, got {self.vocabulary}")
        _require(self.sequence_length >= 1, f"sequence_length must be 1 or more, got {self.sequence_length}")
        for name in ("recurrent_dropout", "spatial_dropout"):
            value = getattr(self, name)
            _require(0 <= value < 1, f"{name} must be at least 0 and below 1, got {value}")


ModelConfig = CnnConfig | LstmConfig
