"""Calibration: are probabilities what they say they are? Pure functions of probabilities and right answers.

Proper scores (log loss, Brier) judge the probabilities as such; the calibration error judges only whether confidence
is accuracy, and is above 0 even for a perfect model, since accuracies of finite bins scatter: see `error_floor`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int64]

MASS_BINS, WIDTH_BINS = 15, 10
DRAWS = 500  # simulated answers of a perfectly calibrated model
COLDEST, HOTTEST = 0.05, 20.0  # temperatures looked at
_SMALLEST = float(np.finfo(np.float32).tiny)  # a softmax in float32 rounds smaller probabilities to 0
_HALVINGS = 40
_BLOCK = 4_000_000  # simulated answers held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Rows of about one confidence: how many, how many of them right, and their mean confidence."""

    n: int
    correct: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return self.correct / self.n


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFloor:
    """The calibration error that a perfectly calibrated model of these confidences would show.

    `bands`: between which accuracies 95 % of its bins lie, in the order of the bins.
    """

    mean: float
    high: float  # 95 % of such models show less
    bands: tuple[tuple[float, float], ...]


def row_losses(probabilities: Probabilities, labels: Labels) -> Floats:
    """Return -ln p of the true class per row (n,); the mean is the negative log-likelihood, NLL.

    A probability below the smallest normal float32 (1.2e-38) counts as that: the loss of a row is at most 87.3.

    >>> row_losses(np.array([[0.25, 0.75], [1.0, 0.0]]), np.array([1, 1])).round(2).tolist()
    [0.29, 87.34]
    """
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return np.asarray(-np.log(np.clip(chosen, _SMALLEST, 1.0)))


def row_brier(probabilities: Probabilities, labels: Labels) -> Floats:
    """Return Σ_k (p_k - [k is true])² per row (n,), between 0 and 2 (Brier 1950, over all classes).

    >>> row_brier(np.array([[0.25, 0.75]]), np.array([1])).tolist()
    [0.125]
    """
    apart = probabilities.astype(np.float64)
    apart[np.arange(len(labels)), labels] -= 1.0
    return np.asarray((apart**2).sum(axis=1))


def mass_bins(confidence: Floats, bins: int = MASS_BINS) -> Labels:
    """Return the bin of each row (n,): bins of equal mass, rows of equal confidence in one bin.

    >>> mass_bins(np.array([0.1, 0.4, 0.2, 0.3]), 2).tolist()
    [0, 1, 0, 1]
    """
    _, inverse, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2  # rank of a value, its ties halved
    return np.floor(middle * bins / max(len(confidence), 1)).astype(np.int64)[inverse.reshape(-1)]


def width_bins(confidence: Floats, bins: int = WIDTH_BINS) -> Labels:
    """Return the bin of each row (n,): bins [i/b, (i+1)/b) of equal width, the last one with its upper end.

    >>> width_bins(np.array([0.0, 0.1, 0.95, 1.0])).tolist()
    [0, 1, 9, 9]
    """
    edges = np.arange(1, bins) / bins
    return np.searchsorted(edges, confidence, side="right").astype(np.int64)


def reliability(confidence: Floats, right: Flags, members: Labels) -> tuple[ReliabilityBin, ...]:
    """Return the bins that have rows, in their order; `members` holds the bin of each row."""
    counts = np.bincount(members)
    correct, confidences = np.bincount(members, right), np.bincount(members, confidence)
    return tuple(
        ReliabilityBin(n=int(n), correct=round(correct[place]), confidence=float(confidences[place] / n))
        for place, n in enumerate(counts)
        if n
    )


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return Σ_b n_b/n |accuracy_b - confidence_b|, the expected calibration error, ECE (Naeini et al. 2015).

    >>> sure = np.ones(4)
    >>> calibration_error(reliability(sure, np.array([True, False, True, False]), width_bins(sure)))
    0.5
    """
    n = sum(part.n for part in bins)
    return sum(part.n * abs(part.accuracy - part.confidence) for part in bins) / n


def error_floor(confidence: Floats, members: Labels, *, seed: int, draws: int = DRAWS) -> ErrorFloor:
    """Simulate right answers from the confidences themselves and return what a perfectly calibrated model shows."""
    order = np.argsort(members, kind="stable")
    sure = confidence[order]
    _, starts, counts = np.unique(members[order], return_index=True, return_counts=True)
    expected = np.add.reduceat(sure, starts)
    rng = np.random.default_rng(seed)
    step = max(_BLOCK // len(sure), 1)
    sizes = [min(step, draws - first) for first in range(0, draws, step)]
    correct = np.concatenate(
        [np.add.reduceat(rng.random((size, len(sure))) < sure, starts, axis=1, dtype=np.int64) for size in sizes]
    )
    errors = np.abs(correct - expected).sum(axis=1) / len(sure)
    low, high = np.quantile(correct / counts, [0.025, 0.975], axis=0)
    return ErrorFloor(
        mean=float(errors.mean()),
        high=float(np.quantile(errors, 0.95)),
        bands=tuple((float(one), float(other)) for one, other in zip(low, high, strict=True)),
    )


def separation(confidence: Floats, right: Flags) -> float | None:
    """Return the AUROC of confidence for correctness: how often a right answer is surer than a wrong one.

    Ties count half. None when all answers are right, or all wrong.

    >>> separation(np.array([0.9, 0.8, 0.6, 0.6]), np.array([True, True, True, False]))
    0.8333333333333334
    """
    hits, misses = int(right.sum()), int((~right).sum())
    if not hits or not misses:
        return None
    _, inverse, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse.reshape(-1)]
    return float((ranks[right].sum() - hits * (hits + 1) / 2) / (hits * misses))


def fit_temperature(probabilities: Probabilities, labels: Labels) -> float | None:
    """Return the T that minimises the log loss of softmax(ln p / T) (Guo et al. 2017); above 1: too sure.

    The loss is convex in 1/T, so its slope is halved towards 0. None when the best T lies beyond 0.05 to 20: where
    every answer is right there is no best one, since ever more confidence is ever better.

    >>> fit_temperature(np.array([[0.9, 0.1]] * 4), np.array([0, 0, 0, 1])).__round__(3)
    2.0
    """
    logits = _logits(probabilities)
    true = logits[np.arange(len(labels)), labels]

    def slope(inverse: float) -> float:
        """Of the mean loss by 1/T."""
        return float(((_softmax(logits * inverse) * logits).sum(axis=1) - true).mean())

    low, high = np.log(1 / HOTTEST), np.log(1 / COLDEST)
    if not len(labels) or slope(np.exp(low)) >= 0 or slope(np.exp(high)) <= 0:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(np.exp(middle)) < 0 else (low, middle)
    return float(np.exp(-(low + high) / 2))


def at_temperature(probabilities: Probabilities, temperature: float) -> Floats:
    """Return softmax(ln p / T) per row. The answers stay the same.

    >>> at_temperature(np.array([[0.9, 0.1]]), 2.0).round(2).tolist()
    [[0.75, 0.25]]
    """
    return _softmax(_logits(probabilities) / temperature)


def _logits(probabilities: Probabilities) -> Floats:
    return np.asarray(np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def measure(probabilities: Probabilities, labels: Labels) -> dict[str, float | None]:
    """Return all measures of one network's answers to rows of known classes."""
    sure, right = sureness(probabilities, labels)
    return {
        "nll": float(row_losses(probabilities, labels).mean()),
        "brier": float(row_brier(probabilities, labels).mean()),
        "ece": calibration_error(reliability(sure, right, mass_bins(sure))),
        "ece_width": calibration_error(reliability(sure, right, width_bins(sure))),
        "separation": separation(sure, right),
        "accuracy": float(right.mean()),
        "confidence": float(sure.mean()),
        "overconfidence": float(sure.mean() - right.mean()),
        "confidence_right": float(sure[right].mean()) if right.any() else None,
        "confidence_wrong": float(sure[~right].mean()) if not right.all() else None,
    }


def sureness(probabilities: Probabilities, labels: Labels) -> tuple[Floats, Flags]:
    """Return how sure each answer is, and whether it is right."""
    # Rounding may leave a probability just above 1.
    sure = np.clip(probabilities.max(axis=1).astype(np.float64), 0.0, 1.0)
    return sure, np.asarray(probabilities.argmax(axis=1) == labels)
