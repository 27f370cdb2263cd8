"""The wire format between the program and its workers: plain, versioned, JSON both ways.

A worker returns the raw `Trace` of a training. Health metrics and scores are pure functions applied to it
afterwards, so that moving a weight re-ranks finished trials without training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import InvalidInputError
from core.model_config import CnnConfig, LstmConfig
from core.records import STRICT_KEYS

WIRE_VERSION = 1
WINDOWS_PER_EPOCH = 4
# Files of a trial's folder that both the worker and the program know by name
SPEC_FILE = "spec.json"
MODEL_FILE = "model.keras"
RESULT_FILE = "result.json"  # written last: it marks a complete folder
PLOTS = "plots"  # diagnostics, until the program moves them away
TrialStatus = Literal["completed", "over_budget", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientNorm:
    """One kernel at one checkpoint: Euclidean norms, averaged over the fixed training minibatches."""

    gradient: float | None  # None: not finite
    weight: float | None
    relative: float | None  # mean over minibatches of gradient / weight

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """What one epoch left behind. Losses in nats, accuracies in [0, 1]; None where a value was not finite."""

    epoch: int  # counted from 1
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float  # at the end of the epoch
    seconds: float  # training and validation, probe included
    probe_seconds: float
    churn_kappa: float | None  # Cohen's kappa with the previous epoch's validation predictions; None for epoch 1
    gradients: dict[str, GradientNorm]

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerActivity:
    """Activations of one hidden layer on the validation probe.

    `deviations` holds one number per unit: the mean absolute deviation of its activation from the unit's own
    mean, over rows, positions and time steps.
    """

    name: str
    kind: Literal["conv", "dense", "lstm"]
    activation: str
    deviations: tuple[float | None, ...]
    zero_fraction: float  # share of exact zeros
    saturation: float | None  # share beyond 95 % of the range; None for unbounded activations

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCount:
    """Validation rows of one structured split and how many the saved model got right."""

    kind: Literal["class", "length"]
    name: str
    n: int
    correct: int

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterCount:
    """Parameters of the net, and of the smallest and largest net of the search space (None outside a search)."""

    total: int
    trainable: int
    embedding: int
    smallest: int | None = None
    largest: int | None = None

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that the six health metrics are computed from."""

    classes: int
    majority_rate: float  # share of the most frequent class among the validation rows
    chance_loss: float  # entropy of the validation classes, nats
    initial_loss: float | None  # on the training probe, before the first step
    window_losses: tuple[float | None, ...]  # mean training loss, WINDOWS_PER_EPOCH per epoch; None: not finite
    epochs: tuple[EpochRecord, ...]
    layers: tuple[LayerActivity, ...]
    groups: tuple[GroupCount, ...]
    parameters: ParameterCount
    val_n: int
    val_correct: int  # of the saved model
    probe_hash: str  # of the probe rows' content
    diverged: str | None = None  # why the training is called diverged
    windows_per_epoch: int = WINDOWS_PER_EPOCH
    version: int = WIRE_VERSION

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that a trial wrote, relative to the trial's folder."""

    path: str
    sha256: str
    size: int

    __pydantic_config__ = STRICT_KEYS

    def __post_init__(self) -> None:
        parts = self.path.split("/")
        if "\\" in self.path or ":" in self.path or any(part in ("", ".", "..") for part in parts):
            raise InvalidInputError(
                f"a trial's file is named {self.path!r:.100}; it must be a relative path without '..', train it again"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMetrics:
    """Accuracies and losses of the saved model; None where not measured (over budget, failed)."""

    train_accuracy: float | None
    val_accuracy: float | None
    val_loss: float | None
    test_accuracy: float | None
    test_loss: float | None
    train_n: int
    val_n: int
    test_n: int

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSpec:
    """All that a worker needs to train one trial, wherever it runs."""

    run: str
    number: int
    dataset: str
    split_hash: str
    seed: int  # weights, shuffling and dropout
    model: CnnConfig | LstmConfig
    epochs: int
    patience: int
    store_plots: bool
    gpus: int = 1
    max_parameters: int | None = None
    max_seconds: float | None = None
    smallest_parameters: int | None = None
    largest_parameters: int | None = None
    version: int = WIRE_VERSION

    __pydantic_config__ = STRICT_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """How a trial ended. `seconds` covers building, training, evaluation and saving."""

    number: int
    status: TrialStatus
    seconds: float
    metrics: TrialMetrics | None = None
    trace: Trace | None = None
    artifacts: tuple[Artifact, ...] = ()
    parameters: int | None = None
    device: str = "cpu"
    error: str | None = None  # one line
    traceback: str | None = None
    version: int = WIRE_VERSION

    __pydantic_config__ = STRICT_KEYS
